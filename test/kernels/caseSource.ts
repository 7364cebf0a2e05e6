// SPDX-License-Identifier: Apache-2.0
// Kernel cases as C: parameters, and one function that makes the call of a given number.
import { constArray, constArrays, structText } from '../../src/emit/cText.js';
import { headerOf } from '../../src/emit/model.js';
import type { ConstArray } from '../../src/ops/op.js';
import type { KernelCase } from './kernelCase.js';

/** Most inputs that a kernel has. */
export const maxInputs = 8;

function parameters(c: KernelCase, i: number): string {
  const symbols = new Map<ConstArray, string>();
  for (const array of constArrays(c.call.params)) symbols.set(array, `case_${i}_${array.name}`);
  const arrays = [...symbols].map(([array, symbol]) => constArray(symbol, array)).join('');
  return `${arrays}static ${structText(`case_${i}`, c.call.params, (array) => symbols.get(array) as string)}`;
}

function callOf(c: KernelCase, i: number): string {
  const inputs = c.call.inputs.map((_, k) => `in[${k}]`);
  const more = c.more.map((_, k) => `more[${k}]`);
  const scratch = c.call.scratchBytes > 0 ? ['scratch'] : [];
  return `    case ${i}: ${c.kernel}(${[`&case_${i}`, ...inputs, 'out', ...more, ...scratch].join(', ')}); break;`;
}

/** Most outputs after the first. */
export const maxMore = 4;

/** Defines `void mote_case(int index, const void *const *in, void *out, void *const *more, void *scratch)`. */
export function caseSource(cases: readonly KernelCase[]): string {
  const headers = [...new Set(cases.map((c) => headerOf(c.kernel)))].sort().map((h) => `#include "${h}"`);
  return `#include <stdint.h>
${headers.join('\n')}

${cases.map(parameters).join('\n')}
void mote_case(int index, const void *const *in, void *out, void *const *more, void *scratch);

void mote_case(int index, const void *const *in, void *out, void *const *more, void *scratch)
{
    (void)more;
    (void)scratch;
    switch (index) {
${cases.map(callOf).join('\n')}
    default: break;
    }
}
`;
}
