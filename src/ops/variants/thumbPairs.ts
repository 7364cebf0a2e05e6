// SPDX-License-Identifier: Apache-2.0
// Convolution on Armv6-M with two products to a multiply: runtime-c/include/mote/thumb_pairs.h says how.

import type { Node } from '../../model/graph.js';
import type { LowerContext } from '../op.js';
import { overlapLagBytes } from '../overlap.js';
import { constant } from '../weighted.js';
import { windowFields } from '../window.js';
import { type IntegerLayer, integerLayer, workOf } from './integerLayer.js';
import { type ThumbChannel, thumbChannels, thumbFinishFields, thumbScales } from './thumbRequantize.js';
import type { Lowered, Variant, Work } from './variant.js';

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
export function interleaveChannels(filters: readonly Int8Array[], block: number): Int8Array {
  const taps = filters[0].length;
  const out = new Int8Array(Math.ceil(filters.length / block) * block * taps);
  filters.forEach((filter, c) => {
    const at = Math.floor(c / block) * block * taps + (c % block);
    filter.forEach((w, k) => {
      out[at + k * block] = w;
    });
  });
  return out;
}

/** Whether a window reads outside the image. */
const isPadded = (l: IntegerLayer): boolean =>
  l.padTop > 0 ||
  l.padLeft > 0 ||
  reach(l.outH, l.strideH, l.kernelH, l.dilationH) > l.inH ||
  reach(l.outW, l.strideW, l.kernelW, l.dilationW) > l.inW;

const reach = (outputs: number, stride: number, kernel: number, dilation: number): number =>
  (outputs - 1) * stride + (kernel - 1) * dilation + 1;

const absoluteSum = (weights: Int8Array): number => weights.reduce((a, w) => a + Math.abs(w), 0);

/** Windows with more taps than this go row by row, where that needs less scratch. */
const wholeTaps = 96;
const sumBytesPerChannel = 16;

/** Kernel rows that are in scratch at a time, and the bytes. */
function slicing(l: IntegerLayer): { rows: number; scratchBytes: number } {
  const row = l.kernelW * l.inC;
  const zeros = isPadded(l) ? Math.ceil(row / 4) * 4 : 0;
  const whole = l.kernelH * row * wordBytesPerTap + zeros;
  const sliced = row * wordBytesPerTap + l.outC * sumBytesPerChannel + zeros;
  return l.kernelH * row > wholeTaps && sliced < whole
    ? { rows: 1, scratchBytes: sliced }
    : { rows: l.kernelH, scratchBytes: whole };
}

/** The filters cut into slices: [slices][outC], each of taps. */
function slicesOf({ weights, outC, kernelH }: IntegerLayer, rows: number): Int8Array[][] {
  const taps = weights.length / outC;
  const part = (taps * rows) / kernelH;
  return Array.from({ length: kernelH / rows }, (_, s) =>
    Array.from({ length: outC }, (_c, c) => weights.subarray(c * taps + s * part, c * taps + (s + 1) * part)),
  );
}

function lowerPairs(node: Node, { graph, rounding }: LowerContext): Lowered | undefined {
  const layer = integerLayer(node, graph, rounding);
  if (layer?.groups !== 1) return undefined;
  const taps = layer.weights.length / layer.outC;
  const sums = Array.from({ length: layer.outC }, (_, c) =>
    absoluteSum(layer.weights.subarray(c * taps, (c + 1) * taps)),
  );
  const channels = thumbChannels(layer, sums);
  if (!channels) return undefined;
  const { rows, scratchBytes } = slicing(layer);
  const constants = pairConstants(layer, channels, slicesOf(layer, rows));
  const fields: Lowered['call']['params']['fields'] = [
    ...windowFields(layer, layer.outC),
    ['slice_rows', rows],
    ...constants.fields,
    ['padded', isPadded(layer) ? 1 : 0],
    ['input_zero_point', layer.inputZeroPoint],
    ...thumbFinishFields(layer),
  ];
  const params = { type: 'mote_conv2d_s8s8_pairs', fields };
  // The last slice of four pixels' windows is in the scratch before any of their outputs is written.
  const overlap = { input: 0, lagBytes: overlapLagBytes(layer, layer.outC, { blockPixels: 4 }, 1) };
  return {
    call: { kernel: thumbPairs.kernel, params, inputs: [0], outputs: [0], overlap, scratchBytes },
    work: pairWork(layer, constants.runs),
  };
}

const pixelsTogether = 4;

/** Finding where to gather from takes about as long as gathering so many taps. */
const tapsPerStep = 2.5;

/** Neighbouring taps that are gathered at once: a row of a window, or one by one where one of four windows leaves the image. */
function gatherSteps(l: IntegerLayer): number {
  const inside = (pixel: number): boolean => {
    const x = (pixel % l.outW) * l.strideW - l.padLeft;
    return x >= 0 && x + l.kernelW <= l.inW;
  };
  const last = l.outH * l.outW - 1;
  let steps = 0;
  for (let first = 0; first <= last; first += pixelsTogether) {
    let whole = l.dilationW === 1;
    for (let i = 0; i < pixelsTogether; i++) whole &&= inside(Math.min(first + i, last));
    steps += l.kernelH * (whole ? 1 : l.kernelW);
  }
  return steps;
}

/** What takes the time: runs, of which there are more where weights are larger, taps gathered, products of whole groups. */
function pairWork(layer: IntegerLayer, runs: number): Work {
  const { pixels, outputs } = workOf(layer);
  const groups = Math.ceil(pixels / pixelsTogether);
  const taps = layer.weights.length / layer.outC;
  return {
    calls: groups * runs,
    pixels: groups * taps + tapsPerStep * gatherSteps(layer),
    outputs,
    macs: groups * pixelsTogether * layer.weights.length,
  };
}

/** `runs`: with the ends of their lists. */
function pairConstants(
  { outC }: IntegerLayer,
  channels: ThumbChannel[],
  slices: Int8Array[][],
): { fields: Lowered['call']['params']['fields']; runs: number } {
  const runs = slices.map((filters) => filters.map(runLengths));
  const jumps = runs.flat().flatMap((list) => [...list.map((n) => (maxRun - n) * stepHalfWords), endOfRuns]);
  const count = (c: number): number => runs.reduce((n, of) => n + of[c].length, 0);
  const biases = channels.flatMap(({ bias }, c) => [bias, bias - count(c) * 2 ** 15]);
  const weights = slices.flatMap((filters) => Array.from(interleaveChannels(filters, channelsPerBlock)));
  const fields: Lowered['call']['params']['fields'] = [
    [
      'weights',
      constant('weights', 'int8', Int8Array.from(weights), [
        slices.length,
        Math.ceil(outC / channelsPerBlock),
        slices[0][0].length,
        channelsPerBlock,
      ]),
    ],
    ['runs', constant('runs', 'uint8', Uint8Array.from(jumps), [jumps.length])],
    ['bias', constant('bias', 'int32', Int32Array.from(biases), [outC, 2])],
    ['scale', thumbScales(channels)],
  ];
  return { fields, runs: jumps.length };
}

export const thumbPairs: Variant = {
  kernel: 'mote_conv2d_s8s8_pairs__thumb',
  op: 'conv2d',
  isa: 'thumb',
  lower: lowerPairs,
};
