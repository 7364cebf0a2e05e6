// SPDX-License-Identifier: Apache-2.0
// laneconv16 and lanedepthwise16: int16 activations with int8 weights, output channels in vector lanes.
import type { Node } from '../../model/graph.js';
import type { CStruct, LowerContext } from '../op.js';
import { overlapLagBytes } from '../overlap.js';
import { roundingCode } from '../requantize.js';
import { constant } from '../weighted.js';
import { windowFields } from '../window.js';
import { type Int16Layer, int16Layer, largestInt16, shortMultiplier } from './int16Lanes.js';
import { type IntegerLayer, workOf } from './integerLayer.js';
import { insideImage } from './rvvConv.js';
import { rescaleFields } from './rvvRescale.js';
import type { Lowered, Variant } from './variant.js';

const int16Bytes = 2;
/** Indices are 16 bits wide, and in bytes. */
const maxChannels = 32_767;

const withoutZeroPoints = (fields: CStruct['fields']): CStruct['fields'] =>
  fields.filter(([name]) => !name.endsWith('zero_point'));

/** [group][run][(length + 1) / 2][groupOut][2]: two taps of a channel side by side. */
function pairedWeights({ weights, outC, groups }: IntegerLayer, runs: number, length: number): Int8Array {
  const half = Math.ceil(length / 2);
  const groupOut = outC / groups;
  const out = new Int8Array(runs * half * 2 * outC);
  for (let c = 0; c < outC; c++) {
    const group = Math.floor(c / groupOut);
    for (let i = 0; i < runs * length; i++) {
      const [run, k] = [Math.floor(i / length), i % length];
      const pair = (group * runs + run) * half + (k >> 1);
      out[(pair * groupOut + (c % groupOut)) * 2 + (k & 1)] = weights[c * runs * length + i];
    }
  }
  return out;
}

/** bias … rounding for sums of 64 bits: mote_rvv_wide_requantize; undefined where a shift does not fit. */
function wideFields(read: Int16Layer): CStruct['fields'] | undefined {
  const { bias, multipliers, layer } = read;
  const right = multipliers.map((m) => (m.multiplier === 0 ? 1 : -1 - m.shift));
  if (read.accumulatorBits !== 64 || right.some((s) => s < 1 || s > 30)) return undefined;
  const shape = [layer.outC];
  const list = (name: string, value: (c: number) => number) =>
    constant(
      name,
      'int32',
      Int32Array.from({ length: layer.outC }, (_, c) => value(c)),
      shape,
    );
  const high = (c: number): number => Math.floor(bias[c] / 65_536);
  return [
    ['bias', list('bias', (c) => bias[c] - high(c) * 65_536)],
    ['high_bias', list('high_bias', high)],
    ['multiplier', list('multiplier', (c) => shortMultiplier(multipliers[c].multiplier))],
    ['shift', constant('shift', 'int16', Int16Array.from(right), shape)],
    ['pre_shift', 0],
    ['zero_shifts', 0],
    ['output_min', layer.outputMin],
    ['output_max', layer.outputMax],
    ['rounding', roundingCode(layer.rounding)],
  ];
}

function narrowFields(layer: IntegerLayer): CStruct['fields'] | undefined {
  const fields = rescaleFields(layer, largestInt16);
  return fields?.flatMap((field): CStruct['fields'] => (field[0] === 'bias' ? [field, ['high_bias', null]] : [field]));
}

/** Runs of elements that lie side by side in the image, and whether windows can be read where they are. */
function readingOf(l: IntegerLayer): { direct: 0 | 1; segments: number; segment: number; scratchBytes: number } {
  const row = l.kernelW * l.depth;
  const gathered = 3 * int16Bytes * l.kernelH * row;
  if (l.kernelH * l.kernelW > 1 && (l.dilationW > 1 || l.groups > 1))
    return { direct: 0, segments: 1, segment: l.kernelH * row, scratchBytes: gathered };
  // The kernel's signature has a scratch: 4 bytes where it needs none.
  return { direct: 1, segments: l.kernelH, segment: row, scratchBytes: insideImage(l) ? 4 : gathered };
}

function lowerConv(node: Node, { graph, rounding }: LowerContext): Lowered | undefined {
  const read = int16Layer(node, graph, rounding);
  if (!read) return undefined;
  const { layer } = read;
  const narrow = read.narrow ? narrowFields(layer) : undefined;
  const rescale = narrow ?? wideFields(read);
  if (!rescale) return undefined;
  const { direct, segments, segment, scratchBytes } = readingOf(layer);
  const weights = pairedWeights(layer, segments, segment);
  const fields: CStruct['fields'] = [
    ...windowFields(layer, layer.outC),
    ['group_depth', layer.depth],
    ['group_out', layer.outC / layer.groups],
    ['direct', direct],
    ['segments', segments],
    ['segment', segment],
    ['segment_stride', layer.dilationH * layer.inW * layer.inC],
    [
      'weights',
      constant('weights', 'int8', weights, [
        layer.groups,
        segments,
        Math.ceil(segment / 2),
        layer.outC / layer.groups,
        2,
      ]),
    ],
    ['wide', narrow ? 0 : 1],
    ...withoutZeroPoints(rescale),
  ];
  const call = {
    kernel: convKernel,
    params: { type: 'mote_laneconv16_s16s8', fields },
    inputs: [0],
    outputs: [0],
    overlap: { input: 0, lagBytes: overlapLagBytes(layer, layer.outC, { heldPixels: 3 }, int16Bytes) },
    scratchBytes,
  };
  return { call, work: workOf(layer) };
}

function lowerDepthwise(node: Node, { graph, rounding }: LowerContext): Lowered | undefined {
  const read = int16Layer(node, graph, rounding);
  const rescale = read?.narrow ? rescaleFields(read.layer, largestInt16) : undefined;
  if (!read || !rescale || read.layer.outC > maxChannels) return undefined;
  const { layer } = read;
  const fields: CStruct['fields'] = [
    ...windowFields(layer, layer.outC),
    ['channel_multiplier', layer.channelMultiplier],
    ['weights', constant('weights', 'int8', layer.weights, [layer.kernelH, layer.kernelW, layer.outC])],
    ...withoutZeroPoints(rescale),
  ];
  const call = {
    kernel: depthwiseKernel,
    params: { type: 'mote_lanedepthwise16_s16s8', fields },
    inputs: [0],
    outputs: [0],
    scratchBytes: 0,
  };
  return { call, work: workOf(layer) };
}

const convKernel = 'mote_laneconv16_s16s8__rvv';
const depthwiseKernel = 'mote_lanedepthwise16_s16s8__rvv';

export const rvvInt16Variants: readonly Variant[] = [
  { kernel: convKernel, op: 'conv2d', isa: 'rvv', lower: lowerConv },
  { kernel: convKernel, op: 'fullyConnected', isa: 'rvv', lower: lowerConv },
  { kernel: depthwiseKernel, op: 'depthwiseConv2d', isa: 'rvv', lower: lowerDepthwise },
];
