// SPDX-License-Identifier: Apache-2.0
// runtime-c/host/mote_products.c as WebAssembly: the products of rows that calibration is full of.
import type { Products } from '../compress/products.js';
import { openHostModule } from './hostModule.js';
import type { WasmCache } from './wasmCache.js';

/** As products() of src/compress/products.ts, some ten times as fast; its sums of one call have float precision. */
export async function openProducts(cache: WasmCache): Promise<Products> {
  const { base, memory, call } = await openHostModule(cache, 'mote_products.c', ['mote_products']);
  return (a, b, n, count, out) => {
    const [rowBytes, outBytes] = [4 * n * count, 8 * n * n];
    const buffer = memory(2 * rowBytes + outBytes);
    const [atA, atB] = [base + outBytes, base + outBytes + rowBytes];
    const sums = new Float64Array(buffer, base, n * n);
    sums.set(out);
    new Float32Array(buffer, atA, n * count).set(a);
    if (a !== b) new Float32Array(buffer, atB, n * count).set(b);
    call('mote_products', atA, a === b ? atA : atB, n, count, a === b ? 1 : 0, base);
    out.set(sums);
    // The half above the diagonal is the one below.
    if (a === b) for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) out[j * n + i] = out[i * n + j];
  };
}
