// SPDX-License-Identifier: Apache-2.0
// Depthwise convolution with DSP instructions: 3 x 3 at stride 1, and any window.

import type { Node } from '../../model/graph.js';
import { type CStruct, inputOf, type KernelCall, type LowerContext, type Section } from '../op.js';
import { type Front, overlapLagBytes, planeOverlap } from '../overlap.js';
import { roundingCode } from '../requantize.js';
import { constant } from '../weighted.js';
import { weightMatrix } from '../weightMatrix.js';
import { type DspScale, dspScales } from './dspScale.js';
import { missingBits } from './grownLayer.js';
import { type IntegerLayer, integerLayer, workOf } from './integerLayer.js';
import { codeFields, depthwiseCodes, grownCodes, matrixOf } from './packedPlane.js';
import type { Lowered, Variant } from './variant.js';
import { leavesImage, tapOffsets } from './windowTaps.js';

const groupSize = 4;

/** First channels of the groups of four; the last group overlaps the one before where the count is odd. */
const groupStarts = (channels: number): number[] =>
  Array.from({ length: Math.ceil(channels / groupSize) }, (_, g) => Math.min(g * groupSize, channels - groupSize));

const groupChannels = (start: number): number[] => Array.from({ length: groupSize }, (_, i) => start + i);

interface Prepared {
  layer: IntegerLayer;
  scales: DspScale[];
  weight(tap: number, channel: number): number;
  /** The kernel has the weights times 2^bits. */
  bits: number;
}

const largestWeight = 127;

function prepare(node: Node, { graph, rounding }: LowerContext, stored: 'plain' | 'stored'): Prepared | undefined {
  const layer = integerLayer(node, graph, rounding, stored);
  if (layer?.channelMultiplier !== 1 || layer.outC < groupSize) return undefined;
  const weight = (tap: number, channel: number): number => layer.weights[tap * layer.outC + channel];
  const taps = Array.from({ length: layer.kernelH * layer.kernelW }, (_, i) => i);
  const bits = stored === 'stored' ? missingBits(layer) : 0;
  if (layer.weights.some((w) => Math.abs(w) << bits > largestWeight) && bits > 0) return undefined;
  const scales = dspScales(layer, (c) => taps.map((t) => weight(t, c)), bits);
  return scales && { layer, scales, weight, bits };
}

const head = (l: IntegerLayer): CStruct['fields'] => [
  ['in_h', l.inH],
  ['in_w', l.inW],
  ['channels', l.inC],
  ['out_h', l.outH],
  ['out_w', l.outW],
];

function tail(l: IntegerLayer, constants: number[], sections: readonly Section[]): CStruct['fields'] {
  const data = Int32Array.from(constants);
  return [
    ['constants', { const: { name: 'constants', dtype: 'int32', data, shape: [data.length], sections } }],
    ['input_zero_point', l.inputZeroPoint],
    ['output_min', l.outputMin],
    ['output_max', l.outputMax],
    ['rounding', roundingCode(l.rounding)],
  ];
}

const call = (kernel: string, fields: CStruct['fields'], scratchBytes: number): KernelCall => ({
  kernel,
  params: { type: kernel.replace(/__.*/, ''), fields },
  inputs: [0],
  outputs: [0],
  scratchBytes,
});

const bytes = (a: number, b: number, c: number, d: number): number =>
  (a & 0xff) | ((b & 0xff) << 8) | ((c & 0xff) << 16) | ((d & 0xff) << 24);

/** Of a channel of 3 x 3: three columns of weights, then b, m, r, s. */
const columnSections: readonly Section[] = [
  { words: 3, unit: 1, form: 'columns' },
  { words: 4, unit: 4, fields: 4, form: 'rounds' },
];

/** sizeof(channel) in the kernel. */
const channelBlockBytes = 68;

/** Two rows are written after four were read; the next pair reads the two that follow. */
function rowPairFronts(l: IntegerLayer): Front[] {
  const fronts: Front[] = [];
  for (let y = 2; y < l.outH; y += 2) fronts.push({ written: y * l.outW, next: Math.max(0, y + 2 - l.padTop) * l.inW });
  return fronts;
}

function columnConstants({ layer: l, scales, weight }: Prepared): number[] {
  return groupStarts(l.outC)
    .flatMap(groupChannels)
    .flatMap((c) => {
      const column = (x: number): number => bytes(weight(x, c), weight(3 + x, c), weight(3 + x, c), weight(6 + x, c));
      const s = scales[c];
      return [column(0), column(1), column(2), s.bias, s.multiplier, s.round, s.shift];
    });
}

function lower3x3(p: Prepared): Lowered | undefined {
  const { layer: l } = p;
  const sizes = [l.kernelH, l.kernelW, l.strideH, l.strideW, l.dilationH, l.dilationW];
  if (sizes.join() !== '3,3,1,1,1,1' || l.outW < 2) return undefined;
  const constants = columnConstants(p);
  const fields: CStruct['fields'] = [
    ...head(l),
    ['pad_top', l.padTop],
    ['pad_left', l.padLeft],
    ...tail(l, constants, columnSections),
  ];
  const scratch = groupSize * channelBlockBytes + 32 * (l.outW + 2);
  // Rows are computed in pairs; besides outputs the kernel pays for each pair of four channels, and six times that to
  // begin with four channels: these are its pixels.
  const pairs = Math.ceil(l.outH / 2);
  const work = { pixels: Math.ceil(l.outC / groupSize) * (pairs + 6), outputs: 2 * pairs * l.outW * l.outC, macs: 0 };
  const kernelCall = call('mote_depthwiseconv2d_s8s8_3x3__dsp', fields, scratch);
  // Where the last group makes channels a second time, their inputs must still be there.
  const overlap = l.outC % groupSize === 0 ? { overlap: planeOverlap(l, rowPairFronts(l)) } : {};
  return { call: { ...kernelCall, ...overlap }, work };
}

/** Of a group for any window: biases, weights, and m, r, s of each channel. */
const tapSections = (taps: number): Section[] => [
  { words: groupSize, unit: 4 },
  { words: groupSize * Math.ceil(taps / 2), unit: 2 },
  { words: 3 * groupSize, unit: 4, fields: 3, form: 'rounds' },
];

const half = (weight: number): number => (2 * weight) & 0xffff;

/** A group's constants for any window; an odd number of taps ends with a tap of weight 0. */
function anyConstants({ layer: l, scales, weight }: Prepared, start: number): number[] {
  const channels = groupChannels(start);
  const taps = l.kernelH * l.kernelW;
  const weights: number[] = [];
  for (let t = 0; t < taps; t += 2) {
    for (const c of channels) weights.push(half(weight(t, c)) | ((t + 1 < taps ? half(weight(t + 1, c)) : 0) << 16));
  }
  const rescale = channels.flatMap((c) => [scales[c].multiplier, scales[c].round, scales[c].shift]);
  return [...channels.map((c) => scales[c].bias), ...weights, ...rescale];
}

function lowerAny(p: Prepared): Lowered | undefined {
  const { layer: l } = p;
  const offsets = tapOffsets(l);
  const fields: CStruct['fields'] = [
    ...head(l),
    ['kernel_h', l.kernelH],
    ['kernel_w', l.kernelW],
    ['stride_h', l.strideH],
    ['stride_w', l.strideW],
    ['dilation_h', l.dilationH],
    ['dilation_w', l.dilationW],
    ['pad_top', l.padTop],
    ['pad_left', l.padLeft],
    ['tap_pairs', offsets.length / 2],
    ['offsets', constant('offsets', 'int32', Int32Array.from(offsets), [offsets.length])],
    ...tail(
      l,
      groupStarts(l.outC).flatMap((start) => anyConstants(p, start)),
      tapSections(l.kernelH * l.kernelW),
    ),
  ];
  const scratch = leavesImage(l) ? 4 * offsets.length + l.inC : 4;
  // Pixel by pixel; the last group of channels is made from the whole window again.
  const overlap = { input: 0, lagBytes: overlapLagBytes(l, l.outC, 'pixel', 1) };
  return { call: { ...call('mote_depthwiseconv2d_s8s8_any__dsp', fields, scratch), overlap }, work: workOf(l) };
}

const plain = (kernel: string, lower: (p: Prepared) => Lowered | undefined): Variant => ({
  kernel,
  op: 'depthwiseConv2d',
  isa: 'dsp',
  lower(node, context) {
    const p = prepare(node, context, 'plain');
    return p && lower(p);
  },
});

/** The same call with codes instead of constants (packedtaps.h), which are decoded in the scratch. */
const packed = (
  kernel: string,
  lower: (p: Prepared) => Lowered | undefined,
  decodedBytes: (l: IntegerLayer) => number,
): Variant => ({
  kernel,
  op: 'depthwiseConv2d',
  isa: 'dsp',
  lower(node, context) {
    const p = prepare(node, context, 'stored');
    const weights = inputOf(node, context.graph, 1);
    const matrix = p && weightMatrix(node.op, weights);
    const codes = matrix && weights.stored && depthwiseCodes(matrix, weights.stored.encoding);
    const made = codes && lower(p);
    if (!made) return undefined;
    const of = made.call.params.fields.map(([name, value]): CStruct['fields'][number] => [
      `layer.${name}`,
      name === 'constants' ? null : value,
    ]);
    const filters = codeFields(matrixOf(matrix, codes), grownCodes(codes, p.bits)).filter(([name]) => name !== 'coded');
    const factors = Int32Array.from(p.scales.flatMap((s) => [s.bias, s.multiplier]));
    const shifts = Uint8Array.from(p.scales, (s) => s.shift);
    const fields: CStruct['fields'] = [
      ...of,
      ...filters.map(([name, value]): CStruct['fields'][number] => [`filters.${name}`, value]),
      ['filters.factors', constant('factors', 'int32', factors, [factors.length / 2, 2])],
      ['filters.shifts', constant('shifts', 'uint8', shifts, [shifts.length])],
      ['filters.output_zero_point', p.layer.outputZeroPoint],
    ];
    const { overlap } = made.call;
    const decoded = decodedBytes(p.layer);
    const packedCall = { ...call(kernel, fields, decoded + made.call.scratchBytes), ...(overlap ? { overlap } : {}) };
    return { call: packedCall, work: made.work };
  },
});

/** Of four channels: sums, m, r, s, and weights. */
const anyBytes = (l: IntegerLayer): number =>
  Math.ceil(l.outC / groupSize) * (64 + 16 * Math.ceil((l.kernelH * l.kernelW) / 2));

export const dspDepthwiseVariants: readonly Variant[] = [
  plain('mote_depthwiseconv2d_s8s8_3x3__dsp', lower3x3),
  plain('mote_depthwiseconv2d_s8s8_any__dsp', lowerAny),
  packed('mote_packedtaps_s8int_rows__dsp', lower3x3, () => 4 * 28),
  packed('mote_packedtaps_s8int_pixels__dsp', lowerAny, anyBytes),
];
