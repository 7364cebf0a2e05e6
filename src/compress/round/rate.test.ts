// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { xorshift32 } from '../../xorshift.js';
import { entropyBits, layerError, type RateRequest, roundForRate } from './rate.js';

const [rows, columns] = [24, 30];

/** Weights and correlated inputs, the same every time. */
function layer(): { request: RateRequest; moment: Float64Array } {
  const next = xorshift32(7);
  const unit = (): number => (next() % 2001) / 1000 - 1;
  const weights = Float64Array.from({ length: rows * columns }, () => unit() * unit());
  const moment = new Float64Array(columns * columns);
  for (let s = 0; s < 200; s++) {
    const shared = unit();
    const x = Float64Array.from({ length: columns }, () => unit() + shared);
    for (let i = 0; i < columns; i++) for (let j = 0; j < columns; j++) moment[i * columns + j] += (x[i] * x[j]) / 200;
  }
  const leastScales = new Float64Array(rows).fill(1e-6);
  return {
    request: { rows, columns, weights, leastScales, encoding: { kind: 'int', bits: 8, group: 0 }, rate: 3 },
    moment,
  };
}

describe('rounding for a rate', () => {
  it.each([4, 3, 2, 1])('comes out near %d bits a weight', (rate) => {
    const { request, moment } = layer();
    const { values } = roundForRate({ ...request, rate }, () => moment);
    expect(Math.abs(entropyBits(values) - rate)).toBeLessThan(0.15);
  });

  it('moves the output less than rounding each weight by itself at as many bits', () => {
    const { request, moment } = layer();
    const momentOf = (): Float64Array => moment;
    const rounded = roundForRate(request, momentOf);
    // The plain grid of the same bits, found by trying steps.
    let plain = Number.POSITIVE_INFINITY;
    for (let step = 0.02; step < 0.6; step *= 1.02) {
      const values = Int8Array.from(request.weights, (w) => Math.round(w / step));
      if (entropyBits(values) > entropyBits(rounded.values)) continue;
      const scales = new Float64Array(rows).fill(step);
      plain = Math.min(plain, layerError(request, momentOf, { values, scales, bitsPerWeight: 0 }));
    }
    expect(layerError(request, momentOf, rounded)).toBeLessThan(0.7 * plain);
  });

  it('gives cheap rows coarse steps, equal rows one step, and keeps to the bounds of scales', () => {
    const { request, moment } = layer();
    const momentOf = (): Float64Array => moment;
    expect(new Set(roundForRate(request, momentOf).scales).size).toBe(1);
    const rowCost = Float64Array.from({ length: rows }, (_, r) => (r % 2 ? 16 : 1));
    const { scales } = roundForRate({ ...request, rowCost }, momentOf);
    expect(scales[0] / scales[1]).toBeCloseTo(4, 5);
    const bounded = roundForRate({ ...request, rowCost, mostScale: 0.05 }, momentOf);
    expect(Math.max(...bounded.scales)).toBeLessThanOrEqual(Math.fround(0.05));
  });

  it('takes a layer of zeros', () => {
    const { request, moment } = layer();
    const { values } = roundForRate({ ...request, weights: new Float64Array(rows * columns) }, () => moment);
    expect(values.every((v) => v === 0)).toBe(true);
  });
});
