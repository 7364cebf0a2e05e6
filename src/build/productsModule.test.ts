// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
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
    const fast = await openProducts(await openWasmCache());
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
