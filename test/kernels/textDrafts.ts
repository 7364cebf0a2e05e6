// SPDX-License-Identifier: Apache-2.0
// Random nodes of language models.
import type { KernelRow } from '../../src/ops/kernels.js';
import { addConstant, addInput, addOutput, type Draft, draft, setAttrs } from './draft.js';
import type { Random } from './random.js';

export function position(row: KernelRow, random: Random): Draft {
  const d = draft(row.op, random);
  addInput(d, 'int32', [1]);
  setAttrs(d, { limit: random.pick([1, random.int(1, 2000), 2 ** 24, 2 ** 24]) });
  addOutput(d, 'int32');
  addOutput(d, 'int32');
  return d;
}

export function rotary(row: KernelRow, random: Random): Draft {
  const d = draft(row.op, random);
  const [rows, heads, half] = [random.int(1, 3), random.int(1, 4), random.int(1, 5)];
  const headSize = 2 * half + random.pick([0, 0, 1, 4]);
  setAttrs(d, { headSize, interleaved: random.chance(0.5) });
  addInput(d, 'float32', [rows, heads * headSize]);
  addInput(d, 'float32', [rows, half]);
  addInput(d, 'float32', [rows, half]);
  addOutput(d, 'float32');
  return d;
}

export function cachedAttention(row: KernelRow, random: Random): Draft {
  const d = draft(row.op, random);
  const [kvHeads, shared, headSize] = [random.int(1, 3), random.int(1, 3), random.int(1, 9)];
  const heads = kvHeads * shared;
  setAttrs(d, { heads, kvHeads, scale: random.real(0.05, 1) });
  addInput(d, 'float32', [1, heads * headSize]);
  for (let i = 0; i < 2; i++) addInput(d, 'float32', [1, kvHeads * headSize]);
  addInput(d, 'int32', [1]);
  const context = random.int(1, 12);
  for (let i = 0; i < 2; i++) addInput(d, 'float32', [context, kvHeads * headSize]);
  for (let i = 0; i < 3; i++) addOutput(d, 'float32');
  return d;
}

export function compactAttention(row: KernelRow, random: Random): Draft {
  const d = draft(row.op, random);
  const [kvHeads, shared, headSize] = [random.int(1, 3), random.int(1, 3), random.int(1, 13)];
  const heads = kvHeads * shared;
  setAttrs(d, { heads, kvHeads, scale: random.real(0.05, 1) });
  addInput(d, 'float32', [1, heads * headSize]);
  for (let i = 0; i < 2; i++) addInput(d, 'float32', [1, kvHeads * headSize]);
  addInput(d, 'int32', [1]);
  const context = random.int(1, 15);
  for (let i = 0; i < 2; i++) {
    addInput(d, 'int8', [context, kvHeads * headSize], undefined);
    delete d.graph.tensors[d.node.inputs[4 + i]].quant;
  }
  for (let i = 0; i < 2; i++) addInput(d, 'float32', [context, kvHeads]);
  addOutput(d, 'float32');
  for (let i = 0; i < 2; i++) addOutput(d, 'int8', undefined);
  for (let i = 0; i < 2; i++) addOutput(d, 'float32');
  return d;
}

export function dynamicQuantize(row: KernelRow, random: Random): Draft {
  const d = draft(row.op, random);
  addInput(d, 'float32', [random.int(1, 3), random.int(1, 20)]);
  addOutput(d, 'int8', undefined);
  addOutput(d, 'float32');
  return d;
}

/** Whole groups of columns and a part of one; at times enough rows and columns for what unrolls. */
export function dynamicFullyConnected(row: KernelRow, random: Random): Draft {
  const d = draft(row.op, random);
  const [rows, outC] = [random.pick([1, 1, 2]), random.int(1, 9)];
  const inC = random.chance(0.4) ? 4 * random.int(1, 30) : random.int(1, 120);
  addInput(d, 'int8', [rows, inC], undefined);
  delete d.graph.tensors[d.node.inputs[0]].quant;
  addInput(d, 'float32', [rows]);
  const scales = Float64Array.from({ length: outC }, () => Math.fround(random.real(0.001, 0.1)));
  const quant = { scales, zeroPoints: new Int32Array(outC), axis: 0 };
  if (row.weight === 's8') addConstant(d, 'int8', [outC, inC], quant);
  else {
    const groups = Math.ceil(inC / 32);
    const zeros = Uint8Array.from({ length: outC * groups }, () => random.int(0, 15));
    const zeroAt = (i: number): number => zeros[Math.floor(i / inC) * groups + Math.floor((i % inC) / 32)];
    const values = Int8Array.from({ length: outC * inC }, (_, i) => random.int(0, 15) - zeroAt(i));
    const groupScales = Uint8Array.from({ length: outC * groups }, () => random.pick([1, 255, random.int(1, 255)]));
    addConstant(d, 'int8', [outC, inC], quant, values);
    addConstant(d, 'uint8', [outC, groups], undefined, groupScales);
    addConstant(d, 'uint8', [outC, groups], undefined, zeros);
  }
  addOutput(d, 'float32');
  return d;
}

export function embedding(row: KernelRow, random: Random): Draft {
  const d = draft(row.op, random);
  const [depth, inner] = [random.int(1, 9), random.int(1, 9)];
  addInput(d, 'int32', [random.int(1, 3)]);
  const scales = Float64Array.from({ length: depth }, () => Math.fround(random.real(0.001, 0.1)));
  addConstant(d, 'int8', [depth, inner], { scales, zeroPoints: new Int32Array(depth), axis: 0 });
  addOutput(d, 'float32');
  return d;
}
