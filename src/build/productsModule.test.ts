// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { covariances, type Gather, type GroupCovariances } from '../compress/covariances.js';
import { products } from '../compress/products.js';
import { randomValues } from '../passes/testing/graphBuilder.js';
import { openProducts } from './productsModule.js';
import { openWasmCache } from './wasmCache.js';

describe('products of rows as WebAssembly', () => {
  it.each([
    [1, 4],
    [2, 8],
    [5, 12],
    [7, 260],
    [36, 1024],
  ])('of %i rows of %i equal the plain ones to float precision', async (n, count) => {
    const { products: fast } = await openProducts(await openWasmCache());
    const [a, b] = [randomValues(n, n * count), randomValues(n + 1, n * count)];
    for (const second of [a, b]) {
      const [got, want] = [new Float64Array(n * n).fill(0.25), new Float64Array(n * n).fill(0.25)];
      fast(a, second, n, count, got);
      products(a, second, n, count, want);
      // Sums of `count` products of numbers below 1, in floats.
      got.forEach((v, i) => {
        expect(Math.abs(v - want[i])).toBeLessThan(count * 1e-6);
      });
    }
  });
});

/** Runs anywhere in inputs of 40, some of them outside of the image. */
function gatherOf(taps: number, depth: number, groups: number, perSample: number, samples: number): Gather {
  const starts = Int32Array.from(randomValues(taps + depth, taps * perSample * samples), (v) =>
    v > 0.8 ? -1 : Math.floor(Math.abs(v) * (40 - groups * depth)),
  );
  return { taps, depth, groups, perSample, starts };
}

describe('covariances of windows as WebAssembly', () => {
  it.each([
    [1, 8, 1, 16, 3],
    [9, 1, 7, 5, 3],
    [4, 3, 2, 9, 5],
    [2, 2, 5, 700, 2],
    [1, 1, 1, 1, 1],
  ])('%i taps of %i inputs, %i groups, %i windows of %i samples', async (taps, depth, groups, perSample, samples) => {
    const { covariances: fast } = await openProducts(await openWasmCache());
    const gather = gatherOf(taps, depth, groups, perSample, samples);
    const inputs = (seed: number): Float32Array[] =>
      Array.from({ length: samples }, (_, s) => randomValues(seed + s, 40));
    const [x, y] = [inputs(1), inputs(100)];
    for (const clean of [x, y]) {
      const [got, want] = [fast(gather, clean, y), covariances(gather, clean, y)];
      expect(got.length).toBe(groups);
      for (const key of ['meanX', 'meanY', 'yy', 'dy'] satisfies (keyof GroupCovariances)[])
        got.forEach((of, g) => {
          expect(of[key].length).toBe(want[g][key].length);
          of[key].forEach((v, i) => {
            expect(Math.abs(v - want[g][key][i])).toBeLessThan(1e-5);
          });
        });
    }
  });
});
