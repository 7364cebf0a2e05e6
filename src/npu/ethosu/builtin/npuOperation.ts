// SPDX-License-Identifier: Apache-2.0
// What a graph becomes before it is registers: operations of the NPU on views of storages, whose addresses are not yet known.
import type { ElementwiseMode, PoolMode } from '../registers.js';
import type { ChannelScale, NpuRounding, Scale } from '../scaling.js';

/** A stretch of memory that the plan gives a place, or (`data`) a constant. */
export interface Storage {
  name: string;
  bytes: number;
  /** In region 0. */
  data?: Uint8Array;
  /** An input or output of the whole: a region of its own. */
  port?: number;
}

/** A feature map as an operation sees it: element (y, x, c) by strides, in bytes, from `offset` in a storage. */
export interface MapView {
  storage: number;
  offset: number;
  height: number;
  width: number;
  depth: number;
  elementBytes: 1 | 2 | 4;
  /** NHCWB16: bricks of sixteen channels. */
  bricks: boolean;
  zeroPoint: number;
  strideY: number;
  strideX: number;
  strideC: number;
  /** The storage holds only so many rows; `first` is where the view's first row lies, and the others follow round it. */
  rolling?: { rows: number; first: number };
}

export interface Kernel {
  height: number;
  width: number;
  strideY: number;
  strideX: number;
  dilationY: number;
  dilationX: number;
  padTop: number;
  padLeft: number;
  padBottom: number;
  padRight: number;
}

export const pointKernel: Kernel = {
  height: 1,
  width: 1,
  strideY: 1,
  strideX: 1,
  dilationY: 1,
  dilationX: 1,
  padTop: 0,
  padLeft: 0,
  padBottom: 0,
  padRight: 0,
};

/** OHWI (I = 1 for depthwise), zero points already subtracted, and a record per output channel. */
export interface Parameters {
  weights: Int16Array;
  scales: readonly ChannelScale[];
}

/** How ADD and SUB bring their operands to one scale: see scaledOperands of arithmetic.ts. */
export interface OperandScales {
  which: 0 | 1 | 2;
  a: Scale;
  b: Scale;
}

/** Behind the accumulators. */
export interface Output {
  rounding: NpuRounding;
  /** For the whole output; without it, convolutions have one per channel. */
  scale?: Scale;
  min: number;
  max: number;
  /** Lookup table that follows the clamp, for -128 first: 256 bytes, or as many words where the output is words. */
  table?: Uint8Array;
}

interface Common {
  /** Name of the node that it comes from. */
  name: string;
  input: MapView;
  output: MapView;
  stage: Output;
}

export interface ConvOperation extends Common {
  kind: 'conv' | 'depthwise';
  kernel: Kernel;
  parameters: Parameters;
}

export interface PoolOperation extends Common {
  kind: 'pool';
  mode: PoolMode;
  kernel: Kernel;
}

export interface ElementwiseOperation extends Common {
  kind: 'elementwise';
  mode: ElementwiseMode;
  /** A view, or one number (with its zero point) for all; CLZ has none. */
  second?: MapView | { scalar: number; zeroPoint: number };
  /** The second operand is the left one. */
  reversed: boolean;
  scales?: OperandScales;
}

export type NpuOperation = ConvOperation | PoolOperation | ElementwiseOperation;

/** Operations in order, and what they work on. */
export interface Lowered {
  storages: Storage[];
  operations: NpuOperation[];
  inputs: MapView[];
  outputs: MapView[];
}

export const isView = (second: ElementwiseOperation['second']): second is MapView =>
  second !== undefined && 'storage' in second;

/** Every view that an operation reads. */
export function inputViews(operation: NpuOperation): MapView[] {
  const second = operation.kind === 'elementwise' && isView(operation.second) ? [operation.second] : [];
  return [operation.input, ...second];
}
