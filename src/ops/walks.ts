// SPDX-License-Identifier: Apache-2.0
// One walk over an output and any number of broadcast inputs, with dimensions merged wherever all of them run through
// them in one stride (broadcast.ts is the same for two).
import { broadcastStrides } from './broadcast.js';

export interface Walks {
  dims: number[];
  /** Per input, its step along each dimension; 0 repeats. */
  strides: number[][];
}

export function mergedWalks(shapes: readonly (readonly number[])[], out: readonly number[]): Walks {
  const steps = shapes.map((shape) => broadcastStrides(shape, out));
  const merged: Walks = { dims: [], strides: shapes.map(() => []) };
  for (let d = 0; d < out.length; d++) {
    if (out[d] === 1) continue;
    const last = merged.dims.length - 1;
    if (last >= 0 && merged.strides.every((s, i) => s[last] === steps[i][d] * out[d])) {
      merged.dims[last] *= out[d];
      merged.strides.forEach((s, i) => {
        s[last] = steps[i][d];
      });
    } else {
      merged.dims.push(out[d]);
      merged.strides.forEach((s, i) => {
        s.push(steps[i][d]);
      });
    }
  }
  return merged;
}

/** Calls back with the index into each input for every output element in order. */
export function forEachOf({ dims, strides }: Walks, visit: (at: readonly number[]) => void): void {
  const index = new Int32Array(dims.length);
  const at = strides.map(() => 0);
  const count = dims.reduce((x, y) => x * y, 1);
  for (let n = 0; n < count; n++) {
    visit(at);
    for (let d = dims.length - 1; d >= 0; d--) {
      const wraps = ++index[d] === dims[d];
      strides.forEach((s, i) => {
        at[i] += wraps ? s[d] - s[d] * dims[d] : s[d];
      });
      if (!wraps) break;
      index[d] = 0;
    }
  }
}
