// SPDX-License-Identifier: Apache-2.0
// Products of all rows of two matrices, and the plain way to compute them; src/build/productsModule.ts has a faster one.

/** out[i][j] += sum over k of a[i][k] b[j][k]; n rows of `count` values, a multiple of 4. With a === b, out is symmetric. */
export type Products = (a: Float32Array, b: Float32Array, n: number, count: number, out: Float64Array) => void;

export const products: Products = (a, b, n, count, out) => {
  for (let i = 0; i < n; i++)
    for (let j = 0; j < (a === b ? i + 1 : n); j++) {
      let sum = 0;
      for (let k = 0; k < count; k++) sum += a[i * count + k] * b[j * count + k];
      out[i * n + j] += sum;
      if (a === b && i !== j) out[j * n + i] += sum;
    }
};
