// SPDX-License-Identifier: Apache-2.0
// Rows of integer softmax add up to about one, whatever their length and scale: how far they are off at most is stated.
import { describe, expect, it } from 'vitest';
import { quantOf } from '../../src/model/graph.js';
import { opSpec } from '../../src/ops/index.js';
import { addInput, addOutput, draft, setAttrs } from './draft.js';
import { randomOf, runSeed } from './random.js';

const seed = runSeed();
const rows = 400;

const outputs = { int8: quantOf(1 / 256, -128), int16: quantOf(1 / 32_768, 0) } as const;

/** The sum of a row of random logits, as real numbers. */
function rowSum(type: keyof typeof outputs, k: number, depth: number): number {
  const random = randomOf(seed * 1000 + k);
  const d = draft('softmax', random);
  addInput(d, type, [1, depth], quantOf(2 ** random.real(-6, 0) / (type === 'int16' ? 256 : 1), 0));
  addOutput(d, type, outputs[type]);
  setAttrs(d, { axis: -1, beta: 1 });
  const limit = type === 'int8' ? 127 : 32_767;
  const spread = random.pick([1, 0.3, 0.05]);
  const x = Array.from({ length: depth }, () => Math.round(random.real(-limit, limit) * spread));
  d.graph.tensors[d.node.outputs[0]].shape = [1, depth];
  const given = type === 'int8' ? Int8Array.from(x) : Int16Array.from(x);
  const [y] = opSpec('softmax')?.evaluate(d.node, [given], { graph: d.graph, rounding: 'single' }) ?? [];
  const { scales, zeroPoints } = outputs[type];
  return Array.from(y as Int8Array, (q) => scales[0] * (q - zeroPoints[0])).reduce((a, b) => a + b, 0);
}

const worst = (type: keyof typeof outputs, depth: number): number =>
  Array.from({ length: rows }, (_, k) => Math.abs(rowSum(type, k, depth) - 1)).reduce((a, b) => Math.max(a, b), 0);

describe(`sums of integer softmax rows (MOTE_SEED=${seed})`, () => {
  // Rows of n elements, each rounded to a step, may be off by n / 2 steps. Seen in 1200 rows each: 0.004, 0.012, 0.082; 0.0001,
  // 0.0001, 0.0014.
  it.each([
    ['int8', 2, 0.008],
    ['int8', 10, 0.016],
    ['int8', 100, 0.12],
    ['int16', 2, 0.0005],
    ['int16', 10, 0.001],
    ['int16', 100, 0.004],
  ] as const)('%s, %i elements: at most %f from one', (type, depth, most) => {
    const off = worst(type, depth);
    expect(off).toBeLessThan(most);
    expect(off).toBeGreaterThan(0);
  });
});
