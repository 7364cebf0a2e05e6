// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { randomValues } from '../../passes/testing/graphBuilder.js';
import { beamRow } from './beam.js';
import { sweepOf } from './sweep.js';

/** Second moments of inputs that are alike to some degree. */
function momentOf(n: number, seed: number): Float64Array {
  const x = randomValues(seed, 4 * n * n);
  return Float64Array.from({ length: n * n }, (_, at) => {
    const [i, j] = [Math.floor(at / n), at % n];
    let sum = i === j ? n : 0;
    for (let k = 0; k < 4 * n; k++) sum += x[k * n + i] * x[k * n + j] + 0.2 * x[k * n] ** 2;
    return sum;
  });
}

const bits = Float64Array.from({ length: 255 }, (_, i) => 1 + 0.7 * Math.abs(i - 127));

function costOf(real: Float64Array, q: ArrayLike<number>, moment: Float64Array, step: number, lambda: number): number {
  const n = real.length;
  let cost = 0;
  for (let i = 0; i < n; i++) {
    cost += lambda * bits[q[i] + 127];
    for (let j = 0; j < n; j++) cost += (real[i] - q[i] * step) * moment[i * n + j] * (real[j] - q[j] * step);
  }
  return cost;
}

/** The order's first weight first, each by itself. */
function onePath(real: Float64Array, moment: Float64Array, step: number, lambda: number): Int8Array {
  const n = real.length;
  const { order, factor } = sweepOf(moment, n);
  const w = real.slice();
  const out = new Int8Array(n);
  order.forEach((column, j) => {
    const u = factor[j * n + j];
    const near = Math.round(w[column] / step);
    const cost = (q: number): number => ((w[column] - q * step) / u) ** 2 + lambda * bits[q + 127];
    out[column] = [near, near - Math.sign(near), 0].sort((a, b) => cost(a) - cost(b))[0];
    for (let k = j + 1; k < n; k++) w[order[k]] -= ((w[column] - out[column] * step) / u) * factor[k * n + j];
  });
  return out;
}

describe('rounding on many paths', () => {
  it('finds the best integers where the paths hold all of them', () => {
    for (let seed = 1; seed < 40; seed++) {
      const [real, moment] = [Float64Array.from(randomValues(seed, 2)), momentOf(2, seed + 100)];
      const [step, lambda] = [0.2, 0.02];
      let least = Number.POSITIVE_INFINITY;
      for (let a = -8; a <= 8; a++)
        for (let b = -8; b <= 8; b++) least = Math.min(least, costOf(real, [a, b], moment, step, lambda));
      const found = beamRow(real, sweepOf(moment, 2), { step, bits, lambda });
      // What the sweep adds to the diagonal, for the inverse, changes the cost by about a hundredth.
      expect(costOf(real, found, moment, step, lambda)).toBeLessThan(1.03 * least);
    }
  });

  it('costs less than one path does', () => {
    const n = 24;
    const [step, lambda] = [0.25, 0.08 * 0.25 ** 2 * n];
    let [one, many] = [0, 0];
    for (let seed = 1; seed <= 20; seed++) {
      const [real, moment] = [Float64Array.from(randomValues(seed, n)), momentOf(n, seed + 100)];
      one += costOf(real, onePath(real, moment, step, lambda), moment, step, lambda);
      const found = beamRow(real, sweepOf(moment, n), { step, bits, lambda });
      many += costOf(real, found, moment, step, lambda);
    }
    expect(many).toBeLessThan(0.97 * one);
  });

  it('stays within int8 for weights far beyond it', () => {
    const found = beamRow(Float64Array.of(1e6, -1e6, 0), sweepOf(momentOf(3, 7), 3), { step: 1, bits, lambda: 0.1 });
    expect([...found].every((q) => q >= -127 && q <= 127)).toBe(true);
  });
});
