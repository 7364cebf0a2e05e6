// SPDX-License-Identifier: Apache-2.0
// The KPU's pooling of uint8 maps, one table row per `poolType` (numbers and rules as in nncase's simulator,
// k210_kernels.h: means round down and repeat the border, "top" pools just take one element).
import type { MapShape } from './kpuMemory.js';

type PoolKind = 'take' | 'max' | 'mean';

export interface PoolSpec {
  name: string;
  kind: PoolKind;
  size: number;
  stride: number;
  /** `take` only: column inside the window. */
  column?: number;
}

/** By the number in the layer word. */
export const pools: readonly PoolSpec[] = [
  { name: 'none', kind: 'take', size: 1, stride: 1 },
  { name: 'max2s2', kind: 'max', size: 2, stride: 2 },
  { name: 'mean2s2', kind: 'mean', size: 2, stride: 2 },
  { name: 'max4s4', kind: 'max', size: 4, stride: 4 },
  { name: 'mean4s4', kind: 'mean', size: 4, stride: 4 },
  { name: 'lefttop2s2', kind: 'take', size: 2, stride: 2 },
  { name: 'righttop2s2', kind: 'take', size: 2, stride: 2, column: 1 },
  { name: 'lefttop4s4', kind: 'take', size: 4, stride: 4 },
  { name: 'mean2s1', kind: 'mean', size: 2, stride: 1 },
  { name: 'max2s1', kind: 'max', size: 2, stride: 1 },
];

/** What a pool leaves of a map: stride 1 keeps the size, else only whole windows count. */
export function pooledShape(shape: MapShape, pool: PoolSpec): MapShape {
  return {
    channels: shape.channels,
    height: Math.floor(shape.height / pool.stride),
    width: Math.floor(shape.width / pool.stride),
  };
}

/** Pools dense [C, H, W] bytes. */
export function poolMap(input: Uint8Array, shape: MapShape, pool: PoolSpec): Uint8Array {
  const out = pooledShape(shape, pool);
  const output = new Uint8Array(out.channels * out.height * out.width);
  let at = 0;
  for (let c = 0; c < out.channels; c++) {
    const plane = input.subarray(c * shape.height * shape.width, (c + 1) * shape.height * shape.width);
    for (let y = 0; y < out.height; y++)
      for (let x = 0; x < out.width; x++)
        output[at++] = reducers[pool.kind](plane, shape, y * pool.stride, x * pool.stride, pool);
  }
  return output;
}

type Reduce = (plane: Uint8Array, shape: MapShape, y: number, x: number, pool: PoolSpec) => number;

const reducers: Record<PoolKind, Reduce> = {
  take: (plane, { height, width }, y, x, pool) => {
    const column = x + (pool.column ?? 0);
    return y < height && column < width ? plane[y * width + column] : 0;
  },
  max: (plane, { height, width }, y, x, { size }) => {
    let best = 0;
    for (let row = y; row < Math.min(y + size, height); row++)
      for (let column = x; column < Math.min(x + size, width); column++)
        best = Math.max(best, plane[row * width + column]);
    return best;
  },
  mean: (plane, { height, width }, y, x, { size }) => {
    let sum = 0;
    for (let ky = 0; ky < size; ky++)
      for (let kx = 0; kx < size; kx++)
        sum += plane[Math.min(y + ky, height - 1) * width + Math.min(x + kx, width - 1)];
    return Math.floor(sum / (size * size));
  },
};
