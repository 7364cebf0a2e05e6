// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { randomValues } from '../../passes/testing/graphBuilder.js';
import { rowError } from './descend.js';
import { eigenvectors } from './eigen.js';
import { damped, dampedInverse } from './linearAlgebra.js';
import { sweepBlocks, sweepOfEach } from './maskSweep.js';
import { keepBlocks, keepOfEach, type MaskRequest } from './masks.js';

/** Moments of correlated inputs, with the damping that masks use, so that both sides see the same loss. */
function moment(n: number, seed: number): Float64Array {
  const x = Array.from({ length: 3 * n }, (_, s) => {
    const grain = randomValues(seed + s, n);
    return grain.map((v, i) => v + 0.8 * grain[(i + 1) % n] + 0.6);
  });
  return Float64Array.from({ length: n * n }, (_, i) => x.reduce((sum, v) => sum + v[Math.floor(i / n)] * v[i % n], 0));
}

/** Least loss of a row when only `kept` columns may differ from zero: by solving for them. */
function best(h: Float64Array, w: Float64Array, kept: readonly number[]): { loss: number; weights: Float64Array } {
  const [n, k] = [w.length, kept.length];
  const inner = Float64Array.from({ length: k * k }, (_, i) => h[kept[Math.floor(i / k)] * n + kept[i % k]]);
  const inverse = dampedInverse(inner, k, 0);
  const right = kept.map((c) => w.reduce((sum, v, i) => sum + v * h[i * n + c], 0));
  const weights = new Float64Array(n);
  kept.forEach((c, i) => {
    weights[c] = right.reduce((sum, v, j) => sum + v * inverse[i * k + j], 0);
  });
  return {
    loss: rowError(
      h,
      w.map((v, i) => v - weights[i]),
    ),
    weights,
  };
}

const request = (rows: number, n: number, seed: number, h: Float64Array): MaskRequest => ({
  rows,
  columns: n,
  weights: Float64Array.from(randomValues(seed, rows * n)),
  momentOf: () => h,
});

const columnsKept = (kept: Uint8Array, n: number, row = 0): number[] =>
  Array.from({ length: n }, (_, c) => c).filter((c) => kept[row * n + c]);

describe('masks', () => {
  it.each([1, 2, 3, 4, 5])('what stays makes up for what goes as well as can be (%i)', (seed) => {
    const raw = moment(8, seed);
    const r = request(1, 8, seed + 100, raw);
    const { kept, weights } = keepOfEach(r, 2, 4);
    const wanted = best(damped(raw, 8, 0.01), r.weights, columnsKept(kept, 8));
    weights.forEach((w, i) => {
      expect(w).toBeCloseTo(wanted.weights[i], 8);
    });
    for (const from of [0, 4]) expect(columnsKept(kept, 8).filter((c) => c >= from && c < from + 4)).toHaveLength(2);
  });

  it('are not far from the best that there are, and beat masks by magnitude', () => {
    let [found, optimum, magnitude] = [0, 0, 0];
    for (let seed = 0; seed < 20; seed++) {
      const raw = moment(8, 50 * seed);
      const h = damped(raw, 8, 0.01);
      const r = request(1, 8, seed, raw);
      const lossOf = (columns: number[]): number => best(h, r.weights, columns).loss;
      found += lossOf(columnsKept(keepOfEach(r, 2, 4).kept, 8));
      const pairs = (from: number): number[][] =>
        [0, 1, 2, 3].flatMap((a) => [0, 1, 2, 3].filter((b) => b > a).map((b) => [from + a, from + b]));
      optimum += Math.min(...pairs(0).flatMap((a) => pairs(4).map((b) => lossOf([...a, ...b]))));
      const largest = (from: number): number[] =>
        [0, 1, 2, 3]
          .map((i) => from + i)
          .sort((a, b) => r.weights[b] ** 2 * h[b * 9] - r.weights[a] ** 2 * h[a * 9])
          .slice(0, 2);
      magnitude += lossOf([...largest(0), ...largest(4)]);
    }
    expect(found).toBeLessThan(1.6 * optimum);
    expect(found).toBeLessThan(0.9 * magnitude);
  });

  it('take the cheapest blocks of all rows, as many as they should', () => {
    const h = moment(12, 3);
    const r = request(4, 12, 9, h);
    // A row that is nearly nothing goes first.
    r.weights.fill(1e-6, 12, 24);
    const { kept, weights } = keepBlocks(r, 4, 0.5);
    expect(kept.reduce((a, b) => a + b, 0)).toBe(4 * 6);
    expect(columnsKept(kept, 12, 1)).toEqual([]);
    weights.forEach((w, i) => {
      if (!kept[i]) expect(w).toBe(0);
    });
  });

  it.each(['zero', 'constant'])('survive %s inputs', (kind) => {
    const h = new Float64Array(64).fill(kind === 'zero' ? 0 : 4);
    for (const { weights } of [
      keepOfEach(request(2, 8, 1, h), 1, 4),
      keepBlocks(request(2, 8, 1, h), 4, 0.5),
      keepOfEach({ ...request(2, 8, 1, h), weights: new Float64Array(16) }, 1, 4),
    ])
      expect(weights.every(Number.isFinite)).toBe(true);
  });
});

describe('masks in one sweep', () => {
  const n = 24;
  const lossOf = (r: MaskRequest, h: Float64Array, weights: Float64Array): number => {
    let sum = 0;
    for (let row = 0; row < r.rows; row++) {
      const part = (v: Float64Array): Float64Array => v.subarray(row * n, (row + 1) * n);
      sum += rowError(
        h,
        part(r.weights).map((w, i) => w - part(weights)[i]),
      );
    }
    return sum;
  };
  /** The masks of the sweep without anything made up for. */
  const cut = ({ weights }: MaskRequest, kept: Uint8Array): Float64Array => weights.map((w, i) => (kept[i] ? w : 0));

  it.each([
    ['2 of 4', (r: MaskRequest) => sweepOfEach(r, 2, 4), (r: MaskRequest) => keepOfEach(r, 2, 4)],
    ['blocks of 4', (r: MaskRequest) => sweepBlocks(r, 4, 0.5), (r: MaskRequest) => keepBlocks(r, 4, 0.5)],
  ])('%s: near exact removal, and far better than nothing made up for', (_, swept, exact) => {
    let [sweep, best, plain] = [0, 0, 0];
    for (let seed = 0; seed < 10; seed++) {
      const h = moment(n, 50 * seed);
      const r = request(6, n, seed, h);
      const masked = swept(r);
      expect(masked.kept.reduce((a, b) => a + b, 0)).toBe(3 * n);
      masked.weights.forEach((w, i) => {
        if (!masked.kept[i]) expect(w).toBe(0);
      });
      sweep += lossOf(r, h, masked.weights);
      best += lossOf(r, h, exact(r).weights);
      plain += lossOf(r, h, cut(r, masked.kept));
    }
    expect(sweep).toBeLessThan(0.75 * plain);
    expect(sweep).toBeLessThan(2.2 * best);
  });

  it('keep no more than they may of what is left at the end of a row', () => {
    const h = moment(10, 3);
    const { kept } = sweepOfEach(request(2, 10, 1, h), 1, 4);
    expect([0, 4, 8].map((from) => columnsKept(kept, 10).filter((c) => c >= from && c < from + 4).length)).toEqual([
      1, 1, 1,
    ]);
  });

  it.each(['zero', 'constant'])('survive %s inputs', (kind) => {
    const h = new Float64Array(64).fill(kind === 'zero' ? 0 : 4);
    const masks = [sweepOfEach(request(2, 8, 1, h), 1, 4), sweepBlocks(request(2, 8, 1, h), 4, 0.5)];
    for (const { weights } of masks) expect(weights.every(Number.isFinite)).toBe(true);
  });
});

describe('eigenvectors', () => {
  it('turn the matrix diagonal, largest first', () => {
    const n = 9;
    const a = moment(n, 4);
    const { values, vectors } = eigenvectors(a, n);
    for (let k = 0; k < n; k++) {
      if (k > 0) expect(values[k]).toBeLessThanOrEqual(values[k - 1]);
      for (let i = 0; i < n; i++) {
        let sum = 0;
        for (let j = 0; j < n; j++) sum += a[i * n + j] * vectors[k * n + j];
        expect(sum).toBeCloseTo(values[k] * vectors[k * n + i], 8);
      }
    }
    expect(eigenvectors(new Float64Array(4), 2).values).toEqual(new Float64Array(2));
  });
});
