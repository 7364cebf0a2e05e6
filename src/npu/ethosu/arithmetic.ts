// SPDX-License-Identifier: Apache-2.0
// The arithmetic of Ethos-U's operations on dense numbers: inputs less their zero points in, scaled outputs out.
import type { KernelRegisters, MapRegisters, OutputStage } from './operation.js';
import type { ElementwiseMode, PoolMode } from './registers.js';
import { applyScale, type ChannelScale, type NpuRounding, type Scale, shiftProduct } from './scaling.js';

/** Turns an accumulator into an output: scale, zero point, clamp, table. `table` has what the hardware looks up. */
export function finish(
  value: number,
  scale: Scale | undefined,
  stage: OutputStage,
  zeroPoint: number,
  table: ((index: number) => number) | undefined,
): number {
  const scaled = scale ? applyScale(value, scale, stage.rounding) : value;
  const clamped = Math.min(stage.max, Math.max(stage.min, scaled + zeroPoint));
  return table ? table(clamped) : clamped;
}

export interface Windowed {
  input: Int32Array;
  inputMap: MapRegisters;
  output: MapRegisters;
  kernel: KernelRegisters;
}

/** Calls `visit(inputIndexOfChannel0, kernelElement)` for every input position that one output position sees. */
function forWindow(
  { inputMap, kernel }: Windowed,
  oy: number,
  ox: number,
  visit: (input: number, element: number) => void,
): void {
  const scale = kernel.upscale === 0 ? 1 : 2;
  for (let ky = 0; ky < kernel.height; ky++) {
    const y = oy * kernel.strideY - kernel.padTop + ky * kernel.dilationY;
    if (y < 0 || y >= inputMap.height * scale || (kernel.upscale === 2 && y & 1)) continue;
    for (let kx = 0; kx < kernel.width; kx++) {
      const x = ox * kernel.strideX - kernel.padLeft + kx * kernel.dilationX;
      if (x < 0 || x >= inputMap.width * scale || (kernel.upscale === 2 && x & 1)) continue;
      const at = Math.floor(y / scale) * inputMap.width + Math.floor(x / scale);
      visit(at * inputMap.depth, ky * kernel.width + kx);
    }
  }
}

/** Accumulators [y, x, c] of a convolution over OHWI weights (I = 1 for depthwise), biases included. */
export function convolve(
  w: Windowed,
  weights: Int16Array,
  scales: readonly ChannelScale[],
  depthwise: boolean,
): Float64Array {
  const { output, input, inputMap, kernel } = w;
  const taps = kernel.height * kernel.width;
  const inputs = depthwise ? 1 : inputMap.depth;
  const sums = new Float64Array(output.height * output.width * output.depth);
  for (let oy = 0; oy < output.height; oy++)
    for (let ox = 0; ox < output.width; ox++) {
      const at = (oy * output.width + ox) * output.depth;
      for (let c = 0; c < output.depth; c++) sums[at + c] = scales[c].bias;
      forWindow(w, oy, ox, (first, element) => {
        for (let c = 0; c < output.depth; c++) {
          const row = (c * taps + element) * inputs;
          if (depthwise) sums[at + c] += (input[first + c] - inputMap.zeroPoint) * weights[row];
          else {
            let sum = 0;
            for (let i = 0; i < inputs; i++) sum += (input[first + i] - inputMap.zeroPoint) * weights[row + i];
            sums[at + c] += sum;
          }
        }
      });
    }
  return sums;
}

interface Pooled {
  sums: Float64Array;
  /** Input positions that went into each output position. */
  counts: Int32Array;
}

/** Maxima, or sums of a window; `reduceSum` sums all channels of one position into one. */
export function pool(w: Windowed, mode: PoolMode): Pooled {
  const { output, input, inputMap } = w;
  const sums = new Float64Array(output.height * output.width * output.depth).fill(
    mode === 'max' ? Number.NEGATIVE_INFINITY : 0,
  );
  const counts = new Int32Array(output.height * output.width);
  for (let position = 0; position < counts.length; position++) {
    const at = position * output.depth;
    forWindow(w, Math.floor(position / output.width), position % output.width, (first) => {
      counts[position]++;
      const channels = mode === 'reduceSum' ? inputMap.depth : output.depth;
      for (let c = 0; c < channels; c++) {
        const value = input[first + c] - inputMap.zeroPoint;
        if (mode === 'max') sums[at + c] = Math.max(sums[at + c], value);
        else sums[at + (mode === 'reduceSum' ? 0 : c)] += value;
      }
    });
  }
  return { sums, counts };
}

/** The scale by which the hardware divides by a count when no scale is given (Vela's quantise_pooling_scale). */
export function averageScale(count: number): Scale {
  const bits = count <= 1 ? 0 : Math.floor(Math.log2(count - 1)) + 1;
  const one = 1n << BigInt(31 + bits);
  return { multiplier: Number((one + (1n << BigInt(bits))) / BigInt(count)), shift: 31 + bits };
}

export interface OperandScaling {
  /** Which operand has a scale of its own: 0 both, 1 the first, 2 the second. */
  which: number;
  a: Scale;
  b: Scale;
  /** Bits of headroom that the other operand is shifted by: 20 for 8 bits, 15 for 16. */
  headroom: number;
}

function scaledOperands(a: number, b: number, s: OperandScaling): readonly [number, number] {
  // The operand with the larger scale counts half, as in TensorFlow Lite's addition.
  const half = 2 ** (s.headroom - 1);
  if (s.which === 1) return [applyScale(a, s.a, 'tfl'), b * half];
  if (s.which === 2) return [a * half, applyScale(b, s.a, 'tfl')];
  return [a * s.a.multiplier, b * s.b.multiplier];
}

/** a * b and its scale. Products of 32-bit inputs are scaled by the shift alone: 2^31 makes of them gemmlowp's high
 *  multiply, which the softmax that Vela lowers rests on. */
export function multiply(a: number, b: number, wide: boolean, scale: Scale | undefined, rounding: NpuRounding): number {
  const product = BigInt(a) * BigInt(b);
  if (!scale) return Number(BigInt.asIntN(32, product));
  return wide ? shiftProduct(product, scale.shift, rounding) : applyScale(a * b, scale, rounding);
}

const clamp32 = (value: number): number => Math.min(2 ** 31 - 1, Math.max(-(2 ** 31), value));

/** value / 2^shift of SHR. */
function shiftRight(value: number, shift: number, rounding: NpuRounding): number {
  return applyScale(
    value,
    { multiplier: 1, shift: Math.min(63, Math.max(0, shift)) },
    rounding === 'tfl' ? 'tfl' : rounding,
  );
}

/** What an elementwise operation makes of two inputs before the output stage. */
export function elementwise(
  mode: Exclude<ElementwiseMode, 'mul'>,
  a: number,
  b: number,
  scaling: OperandScaling | undefined,
  rounding: NpuRounding,
): number {
  switch (mode) {
    case 'add':
    case 'sub': {
      const [x, y] = scaling ? scaledOperands(a, b, scaling) : [a, b];
      return mode === 'add' ? x + y : x - y;
    }
    case 'min':
      return Math.min(a, b);
    case 'max':
      return Math.max(a, b);
    case 'abs':
      return Math.abs(a);
    case 'clz':
      return Math.clz32(a);
    case 'shl':
      return clamp32(a * 2 ** Math.min(63, Math.max(0, b)));
    case 'shr':
      return shiftRight(a, b, rounding);
    case 'lrelu':
      return a;
  }
}
