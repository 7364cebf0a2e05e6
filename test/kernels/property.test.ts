// SPDX-License-Identifier: Apache-2.0
// Every kernel of the table against its TypeScript twin, bit for bit, on random shapes, attributes, scales and data, with
// both roundings. MOTE_SEED=n repeats a run.
import { beforeAll, describe, expect, it } from 'vitest';
import type { TensorData } from '../../src/model/graph.js';
import { kernelTable } from '../../src/ops/kernels.js';
import { type KernelCase, kernelCase } from './kernelCase.js';
import { runSeed } from './random.js';
import { buildCases, bytesOf, runCase } from './wasmCases.js';

const seed = runSeed();
const casesPerKernel = 40;
const rows = kernelTable().filter((r) => r.isa === 'ref');
const cases: KernelCase[] = rows.flatMap((row, r) =>
  Array.from({ length: casesPerKernel }, (_, i) => kernelCase(row, seed * 1000 + r * casesPerKernel + i)),
);

describe(`kernels equal their twins (MOTE_SEED=${seed})`, () => {
  let wasm: Awaited<ReturnType<typeof buildCases>>;
  beforeAll(async () => {
    wasm = await buildCases(rows, cases);
  });

  it.each(rows)('$name', ({ name }) => {
    cases.forEach((c, index) => {
      if (c.kernel !== name) return;
      const updating = c.more.some((m) => m.over !== undefined);
      for (const inPlace of [undefined, ...(updating ? ['state' as const] : []), ...c.inPlace]) {
        const result =
          inPlace === 'state' ? runCase(wasm, c, index, undefined, true) : runCase(wasm, c, index, inPlace);
        const where = `MOTE_SEED=${seed}, case ${index}${inPlace === undefined ? '' : `, in place of input ${inPlace}`}: ${c.text}`;
        expect(result.guardIntact, `bytes around the buffers: ${where}`).toBe(true);
        expect(result.inputsIntact, `inputs: ${where}`).toBe(true);
        expect(firstDifference(result.output, c.expected), where).toBeUndefined();
        c.more.forEach(({ expected }, i) => {
          expect(firstDifference(result.more[i], expected), `output ${i + 1}: ${where}`).toBeUndefined();
        });
      }
    });
  });

  it('draws cases that are not all alike', () => {
    for (const { name } of rows) {
      const outputs = new Set(cases.filter((c) => c.kernel === name).map((c) => bytesOf(c.expected).join(',')));
      // Comparisons of a few elements have few outputs to give.
      expect(outputs.size, name).toBeGreaterThan(casesPerKernel / 4);
    }
  });
});

/** First element that differs, as text. A NaN equals a NaN. */
function firstDifference(output: Uint8Array, data: TensorData): string | undefined {
  const expected = data as Float32Array;
  const Type = expected.constructor as Float32ArrayConstructor;
  const got = new Type(output.buffer, output.byteOffset, expected.length);
  for (let i = 0; i < expected.length; i++) {
    if (!Object.is(got[i], expected[i]))
      return `element ${i} of ${expected.length}: ${got[i]}, expected ${expected[i]}`;
  }
  return undefined;
}
