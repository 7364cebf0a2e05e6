// SPDX-License-Identifier: Apache-2.0
// Random nodes of language models.
import type { KernelRow } from '../../src/ops/kernels.js';
import { addInput, addOutput, type Draft, draft, setAttrs } from './draft.js';
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
