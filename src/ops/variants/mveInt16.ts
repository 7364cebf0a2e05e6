// SPDX-License-Identifier: Apache-2.0
// Layers with int16 activations and int8 weights on Helium.

import type { Node } from '../../model/graph.js';
import { roundUp } from '../../roundUp.js';
import type { CStruct, LowerContext } from '../op.js';
import { overlapLagBytes } from '../overlap.js';
import { clampFields, constant } from '../weighted.js';
import { windowFields } from '../window.js';
import { type Int16Layer, int16Layer } from './int16Lanes.js';
import { type IntegerLayer, workOf } from './integerLayer.js';
import { ByteStream, mveFactors } from './mveStream.js';
import type { Lowered, Variant } from './variant.js';

/** Lanes of a vector of int16. */
const lanes = 8;
/** Output channels of a block of constants. */
const block = 4;
const int16Bytes = 2;
const pointerBytes = 4;
/** The emitter passes scratch where there is some: the C function takes it always. */
const unusedScratch = 4;

/** Low and high word of an integer below 2^53. */
const words = (value: number): [low: number, high: number] => [
  Number(BigInt.asIntN(32, BigInt(value))),
  Number(BigInt(value) >> 32n),
];

/** Weights of four channels of one group in blocks of eight taps; a channel's taps are contiguous in the model. */
function weightBlock(bytes: ByteStream, layer: IntegerLayer, channels: readonly (number | undefined)[]): void {
  const each = layer.weights.length / layer.outC;
  for (let k = 0; k < each; k += lanes) {
    for (const c of channels) {
      const there = c === undefined ? 0 : Math.min(lanes, each - k);
      if (c !== undefined) bytes.int8(layer.weights.subarray(c * each + k, c * each + k + there));
      bytes.int8(new Int8Array(lanes - there));
    }
  }
}

/** All constants, in the order in which the kernel reads them. */
function dotStream(read: Int16Layer, factors: IntegerLayer['multipliers'] | undefined): ByteStream {
  const { layer, bias, multipliers } = read;
  const groupOut = layer.outC / layer.groups;
  const bytes = new ByteStream();
  for (let group = 0; group < layer.outC; group += groupOut) {
    for (let first = 0; first < groupOut; first += block) {
      const channels = Array.from({ length: block }, (_, i) => (first + i < groupOut ? group + first + i : undefined));
      const of = (value: (c: number) => number, none: number): number[] =>
        channels.map((c) => (c === undefined ? none : value(c)));
      weightBlock(bytes, layer, channels);
      if (factors) {
        bytes.int32(of((c) => layer.bias[c], 0));
        bytes.int32(of((c) => factors[c].multiplier, 0));
        bytes.int32(of((c) => factors[c].shift, -1));
      } else {
        bytes.int32(of((c) => words(bias[c])[0], 0));
        bytes.int32(of((c) => words(bias[c])[1], 0));
        bytes.int32(of((c) => multipliers[c].multiplier, 0));
        bytes.int32(of((c) => multipliers[c].shift, 0));
      }
    }
  }
  return bytes;
}

/** A patch is one pixel, and whole vectors: nothing to gather. */
const isDirect = (l: IntegerLayer): boolean =>
  l.kernelH * l.kernelW === 1 &&
  l.padTop + l.padLeft === 0 &&
  l.depth % lanes === 0 &&
  (l.outH - 1) * l.strideH < l.inH &&
  (l.outW - 1) * l.strideW < l.inW;

function lowerDot(node: Node, { graph, rounding }: LowerContext): Lowered | undefined {
  const read = int16Layer(node, graph, rounding);
  if (!read) return undefined;
  const { layer } = read;
  const factors = read.narrow ? mveFactors(layer) : undefined;
  const depth = roundUp(layer.kernelH * layer.kernelW * layer.depth, lanes);
  const direct = isDirect(layer);
  const fields: CStruct['fields'] = [
    ...windowFields(layer, layer.outC),
    ['group_depth', layer.depth],
    ['group_out', layer.outC / layer.groups],
    ['stream', dotStream(read, factors).constant()],
    ['depth', depth],
    ['direct', direct ? 1 : 0],
    ['wide', factors ? 0 : 1],
    ['accumulator_bits', read.accumulatorBits],
    ...clampFields({ min: layer.outputMin, max: layer.outputMax }, layer.rounding),
  ];
  const call = {
    kernel: dotKernel,
    params: { type: 'mote_conv2d_s16s8_stream', fields },
    inputs: [0],
    outputs: [0],
    overlap: { input: 0, lagBytes: overlapLagBytes(layer, layer.outC, { heldPixels: 2 }, int16Bytes) },
    scratchBytes: direct ? unusedScratch : 2 * depth * int16Bytes,
  };
  return { call, work: workOf(layer) };
}

/** Where VMULLB and VMULLT leave the channels. */
const halves = [
  [0, 2, 4, 6],
  [1, 3, 5, 7],
];

/** Constants of depthwise kernels with eight outputs in the lanes. */
export function depthwiseStream(layer: IntegerLayer, factors: IntegerLayer['multipliers']): ByteStream {
  const bytes = new ByteStream();
  const { outC, weights, bias } = layer;
  for (let first = 0; first < outC; first += lanes) {
    for (let t = 0; t < layer.kernelH * layer.kernelW; t++)
      bytes.int8(Array.from({ length: lanes }, (_, i) => (first + i < outC ? weights[t * outC + first + i] : 0)));
    for (const half of halves) {
      bytes.int32(half.map((i) => bias[first + i] ?? 0));
      bytes.int32(half.map((i) => factors[first + i]?.multiplier ?? 0));
      bytes.int32(half.map((i) => factors[first + i]?.shift ?? -1));
    }
  }
  return bytes;
}

/** Which input channels `step` outputs read; left out, unless `always`, where each channel has one filter. */
export function indexFields(
  { outC, channelMultiplier }: IntegerLayer,
  step: number,
  always = false,
): CStruct['fields'] {
  if (channelMultiplier === 1 && !always)
    return [
      ['first', null],
      ['index', null],
    ];
  const inputAt = (c: number): number => Math.floor(Math.min(c, outC - 1) / channelMultiplier);
  const first = Int16Array.from({ length: Math.ceil(outC / step) }, (_, i) => inputAt(i * step));
  const index = Int16Array.from({ length: roundUp(outC, step) }, (_, c) => inputAt(c) - first[Math.floor(c / step)]);
  return [
    ['first', constant('first', 'int16', first, [first.length])],
    ['index', constant('index', 'int16', index, [index.length])],
  ];
}

function lowerDepthwise(node: Node, { graph, rounding }: LowerContext): Lowered | undefined {
  const read = int16Layer(node, graph, rounding);
  const factors = read?.narrow ? mveFactors(read.layer) : undefined;
  if (!read || !factors || read.layer.inC > 32_767) return undefined;
  const { layer } = read;
  const call = {
    kernel: depthwiseKernel,
    params: {
      type: 'mote_depthwiseconv2d_s16s8_stream',
      fields: [
        ...windowFields(layer, layer.outC),
        ...indexFields(layer, lanes),
        ['stream', depthwiseStream(layer, factors).constant()],
        ...clampFields({ min: layer.outputMin, max: layer.outputMax }, layer.rounding),
      ] satisfies CStruct['fields'],
    },
    inputs: [0],
    outputs: [0],
    overlap: { input: 0, lagBytes: overlapLagBytes(layer, layer.outC, 'pixel', int16Bytes) },
    scratchBytes: roundUp(layer.inC, lanes) * int16Bytes + layer.kernelH * layer.kernelW * pointerBytes,
  };
  return { call, work: workOf(layer) };
}

const dotKernel = 'mote_conv2d_s16s8_stream__mve';
const depthwiseKernel = 'mote_depthwiseconv2d_s16s8_stream__mve';

export const mveInt16Variants: readonly Variant[] = [
  { kernel: dotKernel, op: 'conv2d', isa: 'mve', lower: lowerDot },
  { kernel: dotKernel, op: 'fullyConnected', isa: 'mve', lower: lowerDot },
  { kernel: depthwiseKernel, op: 'depthwiseConv2d', isa: 'mve', lower: lowerDepthwise },
];
