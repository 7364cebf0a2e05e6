// SPDX-License-Identifier: Apache-2.0
// NAME_test.c: the test vectors and a main() for any C99 compiler, so that a pack proves itself without mote.
import type { TensorData } from '../model/graph.js';
import { dtypeBytes, elementCount } from '../model/graph.js';
import type { ConstArray } from '../ops/op.js';
import { decodesAtStart } from './coded.js';
import { constArray } from './cText.js';
import { type EmitContext, tensorCType } from './emitContext.js';
import { hasState } from './state.js';

export interface Vectors {
  /** inputs[k][i]: data of input i in sample k; outputs likewise. State goes on from one sample to the next. */
  inputs: TensorData[][];
  outputs: TensorData[][];
  from: 'calibration' | 'random';
}

const arrayOf = (context: EmitContext, id: number, data: TensorData): ConstArray => {
  const t = context.graph.tensors[id];
  return { name: '', dtype: (t.dtype === 'bool' ? 'uint8' : t.dtype) as ConstArray['dtype'], data, shape: t.shape };
};

/** Compiles with `cc -std=c99 -I. NAME.c NAME_test.c kernels/*.c`. */
export function testProgram(context: EmitContext, vectors: Vectors): string {
  const { graph, name } = context;
  const upper = name.toUpperCase();
  const count = vectors.inputs.length;
  const arrays: string[] = [];
  for (let k = 0; k < count; k++) {
    graph.inputs.forEach(
      (id, i) => void arrays.push(constArray(`input_${i}_${k}`, arrayOf(context, id, vectors.inputs[k][i]))),
    );
    graph.outputs.forEach(
      (id, i) => void arrays.push(constArray(`expected_${i}_${k}`, arrayOf(context, id, vectors.outputs[k][i]))),
    );
  }
  const outputs = graph.outputs.map(
    (id, i) => `static ${tensorCType(graph, id)} output_${i}[${elementCount(graph.tensors[id].shape)}];`,
  );
  const cases = Array.from({ length: count }, (_, k) => {
    const ins = graph.inputs.map((_, i) => `input_${i}_${k}`);
    const outs = graph.outputs.map((_, i) => `output_${i}`);
    const same = graph.outputs.map((id, i) => {
      const bytes = elementCount(graph.tensors[id].shape) * dtypeBytes(graph.tensors[id].dtype);
      return `memcmp(output_${i}, expected_${i}_${k}, ${bytes}) == 0`;
    });
    return `    equal += ${name}_run(arena, ${[...ins, ...outs].join(', ')}) == MOTE_OK && ${same.join(' && ')};`;
  });
  return `/* SPDX-License-Identifier: Apache-2.0
 * Made by mote pack: runs the ${count} test vectors (${vectors.from}) and compares every bit.
 * Any C99 compiler: cc -std=c99 -O2 -ffp-contract=off -I. ${name}.c ${name}_test.c kernels/ *.c && ./a.out */
#include <stdio.h>
#include <string.h>

#include "${name}.h"

static union { uint64_t align; uint8_t bytes[${upper}_ARENA_BYTES]; } memory;
${outputs.join('\n')}

${arrays.join('')}
int main(void)
{
    void *arena = &memory;
    int equal = 0;
${decodesAtStart(context.plan) ? `    if (${name}_init(arena) != MOTE_OK) return 1;\n` : ''}${hasState(context) ? `    if (${name}_reset(arena) != MOTE_OK) return 1;\n` : ''}${cases.join('\n')}
    printf("${name}: %d of ${count} vectors equal\\n", equal);
    return equal == ${count} ? 0 : 1;
}
`;
}
