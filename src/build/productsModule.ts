// SPDX-License-Identifier: Apache-2.0
// runtime-c/host/mote_products.c as WebAssembly: the products of rows that calibration is full of.
import { type Covariances, type Gather, type GroupCovariances, isSame, strideOf } from '../compress/covariances.js';
import type { Products } from '../compress/products.js';
import { type HostModule, openHostModule } from './hostModule.js';
import type { WasmCache } from './wasmCache.js';

const names = ['mote_products', 'mote_gather', 'mote_covariances'] as const;

/** As products() and covariances() of src/compress/, ten times as fast; sums of up to 1024 values have float precision. */
export async function openProducts(cache: WasmCache): Promise<{ products: Products; covariances: Covariances }> {
  const host = await openHostModule(cache, 'mote_products.c', names);
  return { products: productsOn(host), covariances: covariancesOn(host) };
}

const productsOn =
  ({ base, memory, call }: HostModule): Products =>
  (a, b, n, count, out) => {
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

/** Memory that the rows of as many groups as are worked on together may take. */
const mostRowBytes = 64 * 1024 * 1024;

/** Places of the parts in the module's memory. */
interface Layout {
  groupsAtOnce: number;
  groupBytes: number;
  out: number;
  outBytes: number;
  starts: number;
  input: number;
  y: number;
  x: number;
  bytes: number;
}

function layoutOf({ taps, depth, groups, starts }: Gather, windows: number, inputBytes: number, base: number): Layout {
  const n = taps * depth;
  const groupBytes = 4 * n * strideOf(windows);
  const outBytes = 8 * (2 * n + 2 * n * n);
  const groupsAtOnce = Math.max(1, Math.min(groups, Math.floor(mostRowBytes / (2 * groupBytes))));
  const atStarts = base + groupsAtOnce * outBytes;
  const input = atStarts + starts.byteLength;
  const y = input + inputBytes;
  const x = y + groupsAtOnce * groupBytes;
  const end = x + groupsAtOnce * groupBytes;
  return { groupsAtOnce, groupBytes, outBytes, out: base, starts: atStarts, input, y, x, bytes: end - base };
}

function covariancesOn({ base, memory, call }: HostModule): Covariances {
  return (gather, x, y) => {
    const { taps, depth, groups, perSample, starts } = gather;
    const n = taps * depth;
    const windows = perSample * y.length;
    const at = layoutOf(gather, windows, y[0].byteLength, base);
    const buffer = memory(at.bytes);
    new Int32Array(buffer, at.starts).set(starts);
    const fill = (inputs: readonly Float32Array[], first: number, count: number, rows: number): void =>
      inputs.forEach((values, s) => {
        new Float32Array(buffer, at.input).set(values);
        const from = 4 * s * perSample;
        const input = at.input + 4 * first * depth;
        const shape = [perSample, taps, depth, count] as const;
        call('mote_gather', input, at.starts + from, windows, ...shape, rows + from, strideOf(windows));
      });
    const all: GroupCovariances[] = [];
    for (let first = 0; first < groups; first += at.groupsAtOnce) {
      const count = Math.min(at.groupsAtOnce, groups - first);
      fill(y, first, count, at.y);
      if (!isSame(x, y)) fill(x, first, count, at.x);
      call('mote_covariances', isSame(x, y) ? at.y : at.x, at.y, count, n, windows, strideOf(windows), at.out);
      for (let g = 0; g < count; g++) all.push(readGroup(buffer, at.out + g * at.outBytes, n));
    }
    return all;
  };
}

function readGroup(buffer: ArrayBuffer, at: number, n: number): GroupCovariances {
  const part = (from: number, count: number): Float64Array => new Float64Array(buffer, at + 8 * from, count).slice();
  return { meanX: part(0, n), meanY: part(n, n), yy: part(2 * n, n * n), dy: part(2 * n + n * n, n * n) };
}
