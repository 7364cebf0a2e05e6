// SPDX-License-Identifier: Apache-2.0
// Row-major strides, and walks over a tensor with as few dimensions as possible.
import type { Tensor } from '../model/graph.js';
import { maxRank } from '../model/limits.js';
import type { KernelType } from './kernels.js';

/** Dimensions that the data movement kernels take. */
export const maxMoveRank = 5;
/** Dimensions that the copy for deep tensors takes: eight, each of them repeated. */
export const maxDeepRank = 2 * maxRank;

export function rowMajorStrides(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length);
  let step = 1;
  for (let d = shape.length - 1; d >= 0; d--) {
    strides[d] = step;
    step *= shape[d];
  }
  return strides;
}

export interface Walk {
  dims: number[];
  strides: number[];
}

/** The same order of elements, with dimensions merged where one stride runs through both and ones dropped. */
export function mergedWalk(dims: readonly number[], strides: readonly number[]): Walk {
  const merged: Walk = { dims: [], strides: [] };
  for (let d = 0; d < dims.length; d++) {
    if (dims[d] === 1) continue;
    const last = merged.dims.length - 1;
    if (last >= 0 && merged.strides[last] === strides[d] * dims[d]) {
      merged.dims[last] *= dims[d];
      merged.strides[last] = strides[d];
    } else {
      merged.dims.push(dims[d]);
      merged.strides.push(strides[d]);
    }
  }
  return merged;
}

/** `values` padded in front to `length`. */
export const padFront = (values: readonly number[], length: number, fill: number): number[] => [
  ...new Array<number>(length - values.length).fill(fill),
  ...values,
];

/** Calls back with the input index of every element in walk order. */
export function forEachIndex({ dims, strides }: Walk, start: number, visit: (index: number) => void): void {
  const index = new Int32Array(dims.length);
  const count = dims.reduce((a, b) => a * b, 1);
  let at = start;
  for (let i = 0; i < count; i++) {
    visit(at);
    for (let d = dims.length - 1; d >= 0; d--) {
      at += strides[d];
      if (++index[d] < dims[d]) break;
      at -= strides[d] * dims[d];
      index[d] = 0;
    }
  }
}

/** Kernel type of elements that are only moved; undefined for 64-bit ones. */
export function moveType(t: Tensor): KernelType | undefined {
  const types: Partial<Record<Tensor['dtype'], KernelType>> = {
    int8: 'x8',
    uint8: 'x8',
    bool: 'x8',
    int16: 'x16',
    uint16: 'x16',
    int32: 'x32',
    uint32: 'x32',
    float32: 'x32',
  };
  return types[t.dtype];
}
