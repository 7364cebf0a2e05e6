// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { xorshift32 } from '../../xorshift.js';
import { type GroupedWeights, roundGroups } from './roundGroups.js';

const columns = 40;

function randoms(count: number, seed: number): Float32Array {
  const next = xorshift32(seed);
  return Float32Array.from({ length: count }, () => next() / 2 ** 31 - 1);
}

/** E[x x^T] of inputs whose neighbours are alike. */
function momentOf(seed: number): Float64Array {
  const moment = new Float64Array(columns * columns);
  for (let t = 0; t < 200; t++) {
    const x = randoms(columns, seed * 1000 + t + 1);
    for (let i = 1; i < columns; i++) x[i] += 0.8 * x[i - 1];
    for (let i = 0; i < columns; i++) for (let j = 0; j < columns; j++) moment[i * columns + j] += (x[i] * x[j]) / 200;
  }
  return moment;
}

const groupOf = (i: number): number => 2 * Math.floor(i / columns) + Math.floor((i % columns) / 32);
const realOf = ({ values, groupScales, scales }: GroupedWeights): Float64Array =>
  Float64Array.from(values, (v, i) => v * groupScales[groupOf(i)] * scales[Math.floor(i / columns)]);

function outputError(weights: Float32Array, real: Float64Array, moment: Float64Array): number {
  let total = 0;
  for (let r = 0; r < weights.length / columns; r++) {
    for (let i = 0; i < columns; i++)
      for (let j = 0; j < columns; j++)
        total +=
          (real[r * columns + i] - weights[r * columns + i]) *
          moment[i * columns + j] *
          (real[r * columns + j] - weights[r * columns + j]);
  }
  return total;
}

describe('roundGroups', () => {
  it('gives codes of four bits, whatever the weights', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e6 }), fc.constantFrom(0, 1e-30, 1, 1e6), (seed, size) => {
        const weights = randoms(2 * columns, seed).map((w) => w * size);
        const { values, zeros, groupScales, scales } = roundGroups(weights, columns, momentOf(seed % 7));
        values.forEach((v, i) => {
          const code = v + zeros[groupOf(i)];
          expect(code >= 0 && code <= 15).toBe(true);
        });
        expect(groupScales.every((s) => s >= 1)).toBe(true);
        expect(scales.every((s) => s > 0 && s === Math.fround(s))).toBe(true);
      }),
      { numRuns: 30 },
    );
  });

  it('moves the outputs less than half as much as rounding each weight to the nearest', () => {
    const weights = randoms(16 * columns, 3);
    const moment = momentOf(3);
    const made = roundGroups(weights, columns, moment);
    const eye = new Float64Array(columns * columns).map((_, i) => (i % (columns + 1) === 0 ? 1 : 0));
    const nearest = roundGroups(weights, columns, eye);
    const error = (g: GroupedWeights): number => outputError(weights, realOf(g), moment);
    expect(error(made)).toBeLessThan(error(nearest) / 2);
    const own = weights.reduce((sum, w, i) => sum + (w - realOf(nearest)[i]) ** 2, 0);
    // Sixteen steps over twice the unit: a step's variance is (2 / 15)^2 / 12.
    expect(own / weights.length).toBeLessThan((2 / 15) ** 2 / 12);
  });
});
