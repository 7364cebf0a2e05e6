// SPDX-License-Identifier: Apache-2.0
// runtime-c/host/mote_products.c as WebAssembly: the products of rows that calibration is full of.
import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Products } from '../compress/products.js';
import { packageRoot } from '../packageRoot.js';
import { loadTarget } from './boards.js';
import { openToolchain, zigPath } from './toolchain.js';
import { cachedModule, type WasmCache } from './wasmCache.js';
import { withWorkFolder } from './workFolder.js';

const source = join(packageRoot, 'runtime-c', 'host', 'mote_products.c');
const linkArgs = ['-Wl,--no-entry', '-Wl,--export=__heap_base', '-Wl,--export=mote_products'];
const pageBytes = 65_536;

async function compile(): Promise<Uint8Array> {
  return withWorkFolder(async (workFolder) => {
    const output = join(workFolder, 'products.wasm');
    await openToolchain('zig').compileAndLink({
      target: loadTarget('wasm32'),
      sources: [source],
      includes: [join(packageRoot, 'runtime-c', 'firmware', 'libc')],
      defines: [],
      linkArgs,
      workFolder,
      output,
    });
    return readFile(output);
  });
}

async function hashOf(): Promise<string> {
  const { size, mtimeMs } = await stat(zigPath());
  const made = [zigPath(), size, mtimeMs, loadTarget('wasm32').zig, linkArgs, await readFile(source, 'utf8')];
  return createHash('sha256').update(JSON.stringify(made)).digest('hex');
}

type Call = (a: number, b: number, n: number, count: number, half: number, out: number) => void;

/** As products() of src/compress/products.ts, some ten times as fast; its sums of one call have float precision. */
export async function openProducts(cache: WasmCache): Promise<Products> {
  const { exports } = await WebAssembly.instantiate(await cachedModule(cache, await hashOf(), compile));
  const memory = exports.memory as WebAssembly.Memory;
  const base = Math.ceil((exports.__heap_base as WebAssembly.Global).value / 16) * 16;
  return (a, b, n, count, out) => {
    const [rowBytes, outBytes] = [4 * n * count, 8 * n * n];
    const need = base + 2 * rowBytes + outBytes - memory.buffer.byteLength;
    if (need > 0) memory.grow(Math.ceil(need / pageBytes));
    const [atA, atB] = [base + outBytes, base + outBytes + rowBytes];
    const sums = new Float64Array(memory.buffer, base, n * n);
    sums.set(out);
    new Float32Array(memory.buffer, atA, n * count).set(a);
    if (a !== b) new Float32Array(memory.buffer, atB, n * count).set(b);
    (exports.mote_products as Call)(atA, a === b ? atA : atB, n, count, a === b ? 1 : 0, base);
    out.set(sums);
    // The half above the diagonal is the one below.
    if (a === b) for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) out[j * n + i] = out[i * n + j];
  };
}
