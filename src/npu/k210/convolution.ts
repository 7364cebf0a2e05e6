// SPDX-License-Identifier: Apache-2.0
// The KPU's convolution in its own arithmetic: uint8 x uint8 with zero-point terms, a multiply-shift-add per channel
// ("batch norm"), then a piecewise linear activation of sixteen segments. Bit for bit as Canaan's simulator
// (nncase v0.2, k210_kernels.h and runtime_op_utility.h) computes it; silicon has not been asked.
import type { MapShape } from './kpuMemory.js';

export interface BatchNormRow {
  /** 24 bits signed. */
  multiplier: number;
  /** 4 bits. */
  shift: number;
  /** 32 bits signed. */
  addend: number;
}

export interface Segment {
  /** 36 bits signed: the segment holds for what is greater. */
  start: number;
  /** 16 bits signed. */
  multiplier: number;
  shift: number;
  /** uint8. */
  bias: number;
}

export interface KpuConv {
  input: MapShape;
  outputChannels: number;
  /** 1 or 3; padding keeps the size. */
  kernel: 1 | 3;
  depthwise: boolean;
  padValue: number;
  argX: number;
  shiftX: number;
  argW: number;
  shiftW: number;
  argAdd: number;
  /** [outputChannels, inputChannels or 1, kernel, kernel]. */
  weights: Uint8Array;
  batchNorm: readonly BatchNormRow[];
  /** Sixteen, by rising start. */
  segments: readonly Segment[];
}

/** Numbers up to here times one of 24 bits are exact in a double. */
const exactFactor = 2 ** 29;

/** floor(value * factor / 2^shift) of integers, exact at any size. */
export function multiplyShift(value: number, factor: number, shift: number): number {
  if (Math.abs(value) <= exactFactor) return Math.floor((value * factor) / 2 ** shift);
  return Number((BigInt(value) * BigInt(factor)) >> BigInt(shift));
}

/** value * factor / 2^shift as the simulator rounds: ties to even, and away from zero a second time below zero,
 *  since it adds the sign to a quotient that is rounded down already (-1.25 gives -3). */
export function multiplyCarry(value: number, factor: number, shift: number): number {
  const quick = value * factor;
  if (shift < 32 && Math.abs(quick) <= Number.MAX_SAFE_INTEGER) {
    const unit = 2 ** shift;
    const quotient = Math.floor(quick / unit);
    const rest = (quick - quotient * unit) * 2;
    const up = shift > 0 && (rest > unit || (rest === unit && quotient % 2 !== 0));
    return up ? quotient + Math.sign(quick) : quotient;
  }
  return carryBig(value, factor, shift);
}

function carryBig(value: number, factor: number, shift: number): number {
  const product = BigInt(value) * BigInt(factor);
  if (shift === 0) return Number(product);
  const integral = product >> BigInt(shift);
  const fraction = product - (integral << BigInt(shift));
  const half = 1n << BigInt(shift - 1);
  const up = fraction > half || (fraction === half && (integral & 1n) === 1n);
  return Number(up ? integral + (product < 0n ? -1n : 1n) : integral);
}

/** The activation of one value. What is not greater than any start takes the first segment. */
export function activate(value: number, segments: readonly Segment[]): number {
  let i = segments.length - 1;
  while (i > 0 && value <= segments[i].start) i--;
  const { start, multiplier, shift, bias } = segments[i];
  return Math.min(255, Math.max(0, multiplyCarry(value - start, multiplier, shift) + bias));
}

/** Pads dense planes by one on each side with the pad value. */
function padded(input: Uint8Array, { channels, height, width }: MapShape, padValue: number): Uint8Array {
  const out = new Uint8Array(channels * (height + 2) * (width + 2)).fill(padValue);
  for (let c = 0; c < channels; c++)
    for (let y = 0; y < height; y++) {
      const from = (c * height + y) * width;
      out.set(input.subarray(from, from + width), (c * (height + 2) + y + 1) * (width + 2) + 1);
    }
  return out;
}

interface Sums {
  products: Float64Array;
  inputs: Float64Array;
}

/** Adds one input channel's products and inputs to the sums of one output channel. */
function addChannel(sums: Sums, plane: Uint8Array, weights: Uint8Array, conv: KpuConv): void {
  const { height, width } = conv.input;
  const lineElements = width + conv.kernel - 1;
  for (let ky = 0; ky < conv.kernel; ky++)
    for (let kx = 0; kx < conv.kernel; kx++) {
      const weight = weights[ky * conv.kernel + kx];
      for (let y = 0; y < height; y++) {
        const line = (y + ky) * lineElements + kx;
        for (let x = 0; x < width; x++) {
          const value = plane[line + x];
          sums.products[y * width + x] += value * weight;
          sums.inputs[y * width + x] += value;
        }
      }
    }
}

/** Dense [C, H, W] bytes to dense [outputChannels, H, W] bytes, before pooling. */
export function convolve(input: Uint8Array, conv: KpuConv): Uint8Array {
  const { height, width, channels } = conv.input;
  const source = conv.kernel === 3 ? padded(input, conv.input, conv.padValue) : input;
  const planeElements = (height + conv.kernel - 1) * (width + conv.kernel - 1);
  const taps = conv.kernel * conv.kernel;
  const channelsPerOutput = conv.depthwise ? 1 : channels;
  const output = new Uint8Array(conv.outputChannels * height * width);
  for (let oc = 0; oc < conv.outputChannels; oc++) {
    const sums = { products: new Float64Array(height * width), inputs: new Float64Array(height * width) };
    let weightSum = 0;
    for (let i = 0; i < channelsPerOutput; i++) {
      const at = (oc * channelsPerOutput + i) * taps;
      const weights = conv.weights.subarray(at, at + taps);
      for (const weight of weights) weightSum += weight;
      const ic = conv.depthwise ? oc : i;
      addChannel(sums, source.subarray(ic * planeElements, (ic + 1) * planeElements), weights, conv);
    }
    const constant = multiplyShift(conv.argW, weightSum, conv.shiftW) + conv.argAdd * channelsPerOutput;
    finishChannel(output.subarray(oc * height * width, (oc + 1) * height * width), sums, constant, conv, oc);
  }
  return output;
}

function finishChannel(output: Uint8Array, sums: Sums, constant: number, conv: KpuConv, channel: number): void {
  const { multiplier, shift, addend } = conv.batchNorm[channel];
  for (let i = 0; i < output.length; i++) {
    const accumulator = sums.products[i] + multiplyShift(conv.argX, sums.inputs[i], conv.shiftX) + constant;
    output[i] = activate(multiplyShift(accumulator, multiplier, shift) + addend, conv.segments);
  }
}
