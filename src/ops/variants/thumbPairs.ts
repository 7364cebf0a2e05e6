// SPDX-License-Identifier: Apache-2.0
// Convolution on Armv6-M with two products to a multiply: runtime-c/include/mote/thumb_pairs.h says how.
import type { Node } from '../../model/graph.js';
import type { LowerContext } from '../op.js';
import { constant } from '../weighted.js';
import { windowFields } from '../window.js';
import { type IntegerLayer, integerLayer, workOf } from './integerLayer.js';
import { type ThumbChannel, thumbChannels, thumbFinishFields, thumbScales } from './thumbRequantize.js';
import type { Lowered, Variant } from './variant.js';

// As in thumb_pairs.h.
const channelsPerBlock = 8;
const maxRun = 16;
const stepHalfWords = 6;
const endOfRuns = maxRun * stepHalfWords + 9;
/** A run's |weights| add up to this at most, so that its sum of products with int8 fits 16 bits. */
const maxRunSum = 255;
const wordBytesPerTap = 8;

/** Lengths of the longest runs of taps, in order. */
export function runLengths(weights: Int8Array): number[] {
  const lengths: number[] = [];
  let [length, sum] = [0, 0];
  for (const w of weights) {
    if (length === maxRun || sum + Math.abs(w) > maxRunSum) {
      lengths.push(length);
      [length, sum] = [0, 0];
    }
    length++;
    sum += Math.abs(w);
  }
  lengths.push(length);
  return lengths;
}

/** [outC][taps] -> [blocks of channels][taps][channels of a block], the last block filled up with 0. */
export function interleaveChannels(weights: Int8Array, outC: number, block: number): Int8Array {
  const taps = weights.length / outC;
  const out = new Int8Array(Math.ceil(outC / block) * block * taps);
  for (let c = 0; c < outC; c++) {
    const at = Math.floor(c / block) * block * taps + (c % block);
    for (let k = 0; k < taps; k++) out[at + k * block] = weights[c * taps + k];
  }
  return out;
}

/** Whether a window reads outside the image. */
const isPadded = (l: IntegerLayer): boolean =>
  l.padTop > 0 || l.padLeft > 0 || reach(l.outH, l.strideH, l.kernelH, l.dilationH) > l.inH || reach(l.outW, l.strideW, l.kernelW, l.dilationW) > l.inW;

const reach = (outputs: number, stride: number, kernel: number, dilation: number): number => (outputs - 1) * stride + (kernel - 1) * dilation + 1;

const absoluteSum = (weights: Int8Array): number => weights.reduce((a, w) => a + Math.abs(w), 0);

function lowerPairs(node: Node, { graph, rounding }: LowerContext): Lowered | undefined {
  const layer = integerLayer(node, graph, rounding);
  if (!layer || layer.groups !== 1) return undefined;
  const { outC, weights } = layer;
  const taps = weights.length / outC;
  const filters = Array.from({ length: outC }, (_, c) => weights.subarray(c * taps, (c + 1) * taps));
  const channels = thumbChannels(layer, filters.map(absoluteSum));
  if (!channels) return undefined;
  const runs = filters.map(runLengths);
  const call = {
    kernel: 'mote_conv2d_s8s8_pairs__thumb',
    params: { type: 'mote_conv2d_s8s8_pairs', fields: [...pairFields(layer, channels, runs), ...thumbFinishFields(layer)] },
    inputs: [0],
    outputs: [0],
    scratchBytes: taps * wordBytesPerTap + (isPadded(layer) ? Math.ceil((layer.kernelW * layer.inC) / 4) * 4 : 0),
  };
  return { call, work: workOf(layer) };
}

function pairFields(layer: IntegerLayer, channels: ThumbChannel[], runs: number[][]): Lowered['call']['params']['fields'] {
  const { weights, outC } = layer;
  const taps = weights.length / outC;
  const blocks = Math.ceil(outC / channelsPerBlock);
  const jumps = runs.flatMap((list) => [...list.map((n) => (maxRun - n) * stepHalfWords), endOfRuns]);
  const biases = channels.flatMap(({ bias }, c) => [bias, bias - runs[c].length * 2 ** 15]);
  return [
    ...windowFields(layer, outC),
    ['weights', constant('weights', 'int8', interleaveChannels(weights, outC, channelsPerBlock), [blocks, taps, channelsPerBlock])],
    ['runs', constant('runs', 'uint8', Uint8Array.from(jumps), [jumps.length])],
    ['bias', constant('bias', 'int32', Int32Array.from(biases), [outC, 2])],
    ['scale', thumbScales(channels)],
    ['padded', isPadded(layer) ? 1 : 0],
    ['input_zero_point', layer.inputZeroPoint],
  ];
}

export const thumbPairs: Variant = { kernel: 'mote_conv2d_s8s8_pairs__thumb', op: 'conv2d', isa: 'thumb', lower: lowerPairs };
