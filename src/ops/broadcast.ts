// SPDX-License-Identifier: Apache-2.0
// numpy broadcasting, with dimensions merged wherever both inputs run through them in one stride.
import type { CStruct } from './op.js';

/** Dimensions, outermost first, and each input's step along them; 0 repeats. */
export interface Broadcast {
  dims: number[];
  a: number[];
  b: number[];
}

/** Dimensions that the kernels take. */
export const maxBroadcastRank = 5;

/** Shape of the result, or undefined where the shapes do not broadcast. */
export function broadcastShape(a: readonly number[], b: readonly number[]): number[] | undefined {
  const rank = Math.max(a.length, b.length);
  const shape: number[] = [];
  for (let d = 0; d < rank; d++) {
    const x = a[d - rank + a.length] ?? 1;
    const y = b[d - rank + b.length] ?? 1;
    if (x !== y && x !== 1 && y !== 1) return undefined;
    shape.push(x === 1 ? y : x);
  }
  return shape;
}

/** Step along each dimension of `out` for an input of this shape. */
export function broadcastStrides(shape: readonly number[], out: readonly number[]): number[] {
  const strides = new Array<number>(out.length).fill(0);
  let step = 1;
  for (let d = shape.length - 1; d >= 0; d--) {
    const size = shape[d];
    strides[d + out.length - shape.length] = size === 1 ? 0 : step;
    step *= size;
  }
  return strides;
}

/** The walk over two inputs with as few dimensions as possible. */
export function mergedBroadcast(a: readonly number[], b: readonly number[], out: readonly number[]): Broadcast {
  const sa = broadcastStrides(a, out);
  const sb = broadcastStrides(b, out);
  const merged: Broadcast = { dims: [], a: [], b: [] };
  for (let d = 0; d < out.length; d++) {
    if (out[d] === 1) continue;
    const last = merged.dims.length - 1;
    if (last >= 0 && merged.a[last] === sa[d] * out[d] && merged.b[last] === sb[d] * out[d]) {
      merged.dims[last] *= out[d];
      merged.a[last] = sa[d];
      merged.b[last] = sb[d];
    } else {
      merged.dims.push(out[d]);
      merged.a.push(sa[d]);
      merged.b.push(sb[d]);
    }
  }
  return merged;
}

const padded = (values: readonly number[], fill: number): number[] => [
  ...new Array<number>(maxBroadcastRank - values.length).fill(fill),
  ...values,
];

/** dims, a_strides and b_strides of a kernel (broadcast.h). */
export function broadcastFields(walk: Broadcast): CStruct['fields'] {
  return [
    ['dims', { values: padded(walk.dims, 1) }],
    ['a_strides', { values: padded(walk.a, 0) }],
    ['b_strides', { values: padded(walk.b, 0) }],
  ];
}

/** Calls back with (index of a, index of b) for every output element in order. */
export function forEachPair(walk: Broadcast, visit: (a: number, b: number) => void): void {
  const rank = walk.dims.length;
  const index = new Int32Array(rank);
  const count = walk.dims.reduce((x, y) => x * y, 1);
  let a = 0;
  let b = 0;
  for (let i = 0; i < count; i++) {
    visit(a, b);
    for (let d = rank - 1; d >= 0; d--) {
      a += walk.a[d];
      b += walk.b[d];
      if (++index[d] < walk.dims[d]) break;
      a -= walk.a[d] * walk.dims[d];
      b -= walk.b[d] * walk.dims[d];
      index[d] = 0;
    }
  }
}
