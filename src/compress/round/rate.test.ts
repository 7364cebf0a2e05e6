// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { xorshift32 } from '../../xorshift.js';
import { entropyBits, type RateRequest, type RateRounded, roundForRate } from './rate.js';

const [rows, columns] = [24, 30];

const diagonal = (values: readonly number[]): Float64Array =>
  Float64Array.from({ length: rows * rows }, (_, i) => (i % (rows + 1) ? 0 : values[i / (rows + 1)]));

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
  const between = diagonal(new Array<number>(rows).fill(1));
  return {
    request: { rows, columns, weights, leastScales, encoding: { kind: 'int', bits: 8, group: 0 }, rate: 3, between },
    moment,
  };
}

type Rounded = Pick<RateRounded, 'values' | 'scales'>;

/** tr(R E C E^T). */
function layerError({ weights, between }: RateRequest, moment: Float64Array, { values, scales }: Rounded): number {
  const errors = Float64Array.from(values, (q, i) => q * scales[Math.floor(i / columns)] - weights[i]);
  const row = (r: number): Float64Array => errors.slice(r * columns, (r + 1) * columns);
  let sum = 0;
  for (let r = 0; r < rows; r++) {
    const all = new Float64Array(columns);
    for (let k = 0; k < rows; k++) for (let c = 0; c < columns; c++) all[c] += between[r * rows + k] * row(k)[c];
    for (let i = 0; i < columns; i++)
      for (let j = 0; j < columns; j++) sum += row(r)[i] * moment[i * columns + j] * all[j];
  }
  return sum;
}

describe('rounding for a rate', () => {
  it.each([4, 3, 2, 1])('comes out near %d bits a weight', (rate) => {
    const { request, moment } = layer();
    const { values } = roundForRate({ ...request, rate }, () => moment);
    expect(Math.abs(entropyBits(values) - rate)).toBeLessThan(0.15);
  });

  it('moves the output less than rounding each weight by itself at as many bits', () => {
    const { request, moment } = layer();
    const rounded = roundForRate(request, () => moment);
    // The plain grid of the same bits, found by trying steps.
    let plain = Number.POSITIVE_INFINITY;
    for (let step = 0.02; step < 0.6; step *= 1.02) {
      const values = Int8Array.from(request.weights, (w) => Math.round(w / step));
      if (entropyBits(values) > entropyBits(rounded.values)) continue;
      const scales = new Float64Array(rows).fill(step);
      plain = Math.min(plain, layerError(request, moment, { values, scales }));
    }
    expect(layerError(request, moment, rounded)).toBeLessThan(0.7 * plain);
  });

  it('lets rows make up for each other', () => {
    const { request, moment } = layer();
    // All rows push the same output, by one half each alone.
    const between = Float64Array.from({ length: rows * rows }, (_, i) => (i % (rows + 1) ? 0.8 : 1));
    const [alone, together] = [
      roundForRate(request, () => moment),
      roundForRate({ ...request, between }, () => moment),
    ];
    expect(Math.abs(entropyBits(together.values) - entropyBits(alone.values))).toBeLessThan(0.05);
    const cost = (r: Rounded): number => layerError({ ...request, between }, moment, r);
    expect(cost(together)).toBeLessThan(0.5 * cost(alone));
  });

  it('gives cheap rows coarse steps, equal rows one step, and keeps to the bounds of scales', () => {
    const { request, moment } = layer();
    expect(new Set(roundForRate(request, () => moment).scales).size).toBe(1);
    const between = diagonal(Array.from({ length: rows }, (_, r) => (r % 2 ? 16 : 1)));
    const { scales } = roundForRate({ ...request, between }, () => moment);
    expect(scales[0] / scales[1]).toBeCloseTo(4, 5);
    const bounded = roundForRate({ ...request, between, mostScale: 0.05 }, () => moment);
    expect(Math.max(...bounded.scales)).toBeLessThanOrEqual(Math.fround(0.05));
  });

  it('takes a layer of zeros', () => {
    const { request, moment } = layer();
    const { values } = roundForRate({ ...request, weights: new Float64Array(rows * columns) }, () => moment);
    expect(values.every((v) => v === 0)).toBe(true);
  });
});
