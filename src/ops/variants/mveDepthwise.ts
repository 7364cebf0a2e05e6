// SPDX-License-Identifier: Apache-2.0
// Depthwise convolution on Helium.

import type { Node } from '../../model/graph.js';
import { roundUp } from '../../roundUp.js';
import type { ConstArray, LowerContext } from '../op.js';
import { overlapLagBytes } from '../overlap.js';
import type { Multiplier } from '../requantize.js';
import { clampFields } from '../weighted.js';
import { windowFields } from '../window.js';
import { foldedLayerBias, type IntegerLayer, integerLayer, workOf } from './integerLayer.js';
import { ByteStream, mveFactors, vectorBytes } from './mveStream.js';
import type { Lowered, Variant } from './variant.js';

/** Even halves of even halves first: where VMULLB/T and VMOVLB/T leave the channels. */
const laneOrder = [
  [0, 4, 8, 12],
  [2, 6, 10, 14],
  [1, 5, 9, 13],
  [3, 7, 11, 15],
];
export const pointerBytes = 4;

/** Whether the sum of two taps fits 16 bits in every channel: 128 * (128 + 127) does, 128 * (128 + 128) does not. */
function pairFits({ weights, outC }: IntegerLayer, first: number, second: number): boolean {
  for (let c = 0; c < outC; c++) if (weights[first * outC + c] + weights[second * outC + c] <= -256) return false;
  return true;
}

/** Neighbours in the order of taps. */
export function pairsFit(layer: IntegerLayer): boolean {
  for (let t = 0; t + 1 < layer.kernelH * layer.kernelW; t += 2) if (!pairFits(layer, t, t + 1)) return false;
  return true;
}

/** The pairs of the 3 x 3 kernel. */
export const threeFits = (layer: IntegerLayer): boolean =>
  [
    [0, 1],
    [2, 3],
    [4, 5],
    [7, 8],
  ].every(([a, b]) => pairFits(layer, a, b));

/** Bias, multiplier and shift of 16 channels. */
export function blockFactors(
  bytes: ByteStream,
  bias: Int32Array,
  factors: readonly Multiplier[],
  channels: readonly number[],
): void {
  for (const quad of laneOrder.map((lanes) => lanes.map((i) => channels[i]))) {
    bytes.int32(quad.map((c) => bias[c] ?? 0));
    bytes.int32(quad.map((c) => factors[c]?.multiplier ?? 0));
    bytes.int32(quad.map((c) => factors[c]?.shift ?? -1));
  }
}

/** Blocks of 16 channels up to `channels`; those past the layer's are what `channelAt` says, or zero. */
function stream(
  layer: IntegerLayer,
  factors: readonly Multiplier[],
  taps: number,
  channels: number,
  channelAt: (c: number) => number,
): { const: ConstArray } {
  const bytes = new ByteStream();
  const bias = foldedLayerBias(layer);
  const { weights, outC, kernelH, kernelW } = layer;
  const weightAt = (t: number, c: number): number => (c < outC && t < kernelH * kernelW ? weights[t * outC + c] : 0);
  for (let first = 0; first < channels; first += vectorBytes) {
    const lanes = Array.from({ length: vectorBytes }, (_, i) => channelAt(first + i));
    for (let t = 0; t < taps; t++) bytes.int8(lanes.map((c) => weightAt(t, c)));
    blockFactors(bytes, bias, factors, lanes);
  }
  return bytes.constant();
}

function callOf(
  layer: IntegerLayer,
  constants: { const: ConstArray },
  name: string,
  period: Lowered['call']['params']['fields'],
  scratchBytes: number,
): Lowered {
  const params = {
    type: name.replace(/__.*$/, ''),
    fields: [
      ...windowFields(layer, layer.outC),
      ['stream', constants],
      ...period,
      ['input_zero_point', layer.inputZeroPoint],
      ['output_zero_point', layer.outputZeroPoint],
      ...clampFields({ min: layer.outputMin, max: layer.outputMax }, layer.rounding),
    ] satisfies Lowered['call']['params']['fields'],
  };
  return { call: { kernel: name, params, inputs: [0], outputs: [0], scratchBytes }, work: workOf(layer) };
}

function lowerAny(node: Node, { graph, rounding }: LowerContext): Lowered | undefined {
  const layer = integerLayer(node, graph, rounding);
  const factors = layer && layer.channelMultiplier === 1 && mveFactors(layer);
  if (!factors || !pairsFit(layer)) return undefined;
  const taps = roundUp(layer.kernelH * layer.kernelW, 2);
  const channels = roundUp(layer.inC, vectorBytes);
  const constants = stream(layer, factors, taps, channels, (c) => c);
  const { call, work } = callOf(layer, constants, anyKernel, [], channels + taps * pointerBytes);
  const overlap = { input: 0, lagBytes: overlapLagBytes(layer, layer.outC, 'pixel', 1) };
  return { call: { ...call, overlap }, work };
}

export const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b));
/** Longest period, in blocks, that constants are repeated for. */
const maxPeriod = 16;

/** Neighbouring outputs of a row are one run of bytes where the stride is 1: constants repeat every lcm(channels, 16). */
function lowerThree(node: Node, { graph, rounding }: LowerContext): Lowered | undefined {
  const layer = integerLayer(node, graph, rounding);
  const factors = layer && layer.channelMultiplier === 1 && mveFactors(layer);
  if (!factors || layer.kernelH !== 3 || layer.kernelW !== 3 || !threeFits(layer)) return undefined;
  const { inC, inW, strideW } = layer;
  const whole = inC % vectorBytes === 0;
  const period = inC / gcd(inC, vectorBytes);
  if (!whole && (strideW !== 1 || period > maxPeriod)) return undefined;
  const constants = stream(layer, factors, 9, period * vectorBytes, (c) => c % inC);
  const { call, work } = callOf(layer, constants, threeKernel, [['period', period]], inW * inC + 10 * vectorBytes);
  // A vector of outputs needs no later channels than it has.
  const overlap = { input: 0, lagBytes: overlapLagBytes(layer, layer.outC, 'channel', 1) };
  return { call: { ...call, overlap }, work };
}

const anyKernel = 'mote_depthwiseconv2d_s8s8_stream__mve';
const threeKernel = 'mote_depthwiseconv2d_s8s8_stream3x3__mve';

export const mveDepthwiseVariants: readonly Variant[] = [
  { kernel: anyKernel, op: 'depthwiseConv2d', isa: 'mve', lower: lowerAny },
  { kernel: threeKernel, op: 'depthwiseConv2d', isa: 'mve', lower: lowerThree },
];
