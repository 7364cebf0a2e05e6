// SPDX-License-Identifier: Apache-2.0
// int16 depthwise convolution for DSP instructions, one filter per channel: constants in kernel order
// (runtime-c/kernels/depthwiseconv2d).
import type { Node } from '../../model/graph.js';
import type { CStruct, LowerContext } from '../op.js';
import { overlapLagBytes } from '../overlap.js';
import { constant } from '../weighted.js';
import { type Finish16, finish16Fields, finishes16, isDouble } from './dspFinish16.js';
import { type Int16Layer, int16Layer } from './int16Layer.js';
import { workOf } from './integerLayer.js';
import type { Lowered, Variant } from './variant.js';
import { leavesImage, tapOffsets } from './windowTaps.js';

const groupSize = 4;

interface Prepared {
  layer: Int16Layer;
  finishes: Finish16[];
}

function prepare(node: Node, { graph, rounding }: LowerContext): Prepared | undefined {
  const layer = int16Layer(node, graph, rounding);
  if (layer?.outC !== layer?.inC || !layer) return undefined;
  const finishes = finishes16(layer);
  return finishes && { layer, finishes };
}

/** First channels of the groups; the last group is the last four channels. */
const groupStarts = (channels: number): number[] =>
  Array.from({ length: Math.ceil(channels / groupSize) }, (_, g) => Math.min(g * groupSize, channels - groupSize));

const pack = (low: number, high: number): number => (low & 0xffff) | (high << 16);

const rescale = (f: Finish16): number[] => [f.multiplier, f.round, f.shift];

/** A group's constants; an odd number of taps ends with a tap of weight 0. */
function anyConstants({ layer, finishes }: Prepared, start: number, taps: number): number[] {
  const channels = [start, start + 1, start + 2, start + 3];
  const weight = (c: number, tap: number): number => layer.filters[c][tap] ?? 0;
  const weights: number[] = [];
  for (let t = 0; t < taps; t++) {
    weights.push(pack(weight(start, t), weight(start + 1, t)), pack(weight(start + 2, t), weight(start + 3, t)));
  }
  return [...channels.map((c) => layer.bias[c]), ...weights, ...channels.flatMap((c) => rescale(finishes[c]))];
}

const words = (name: string, data: number[]): CStruct['fields'][number] => [
  name,
  constant(name, 'int32', Int32Array.from(data), [data.length]),
];

const head = (l: Int16Layer): CStruct['fields'] => [
  ['in_h', l.inH],
  ['in_w', l.inW],
  ['channels', l.inC],
  ['out_h', l.outH],
  ['out_w', l.outW],
];

function lowerAny(node: Node, context: LowerContext): Lowered | undefined {
  const p = prepare(node, context);
  if (!p || p.layer.outC < groupSize) return undefined;
  const { layer: l } = p;
  const offsets = tapOffsets(l).map((offset) => 2 * offset);
  const constants = groupStarts(l.outC).flatMap((start) => anyConstants(p, start, offsets.length));
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
    words('offsets', offsets),
    words('constants', constants),
    ...finish16Fields(l),
  ];
  const kernel = 'mote_depthwiseconv2d_s16s8_any__dsp';
  const call = {
    kernel,
    params: { type: kernel.replace(/__.*/, ''), fields },
    inputs: [0],
    outputs: [0],
    scratchBytes: leavesImage(l) ? 4 * offsets.length + 2 * l.inC : 4,
    // Pixel by pixel; the last group of channels is made from the whole window again.
    overlap: { input: 0, lagBytes: overlapLagBytes(l, l.outC, 'pixel', 2) },
  };
  return { call, work: workOf(l) };
}

/** First channels of the pairs; the last pair is the last two channels. */
const pairStarts = (channels: number): number[] =>
  Array.from({ length: Math.ceil(channels / 2) }, (_, g) => Math.min(2 * g, channels - 2));

function constants3x3({ layer, finishes }: Prepared, c: number): number[] {
  const column = (x: number): number[] => {
    const [top, middle, bottom] = [0, 3, 6].map((row) => layer.filters[c][row + x]);
    return [pack(top, middle), pack(middle, bottom)];
  };
  return [...column(0), ...column(1), ...column(2), layer.bias[c], ...rescale(finishes[c])];
}

function lower3x3(node: Node, context: LowerContext): Lowered | undefined {
  const p = prepare(node, context);
  if (!p || p.layer.outC < 2 || p.layer.outW < 2 || isDouble(p.layer)) return undefined;
  const { layer: l } = p;
  const sizes = [l.kernelH, l.kernelW, l.strideH, l.strideW, l.dilationH, l.dilationW];
  if (sizes.join() !== '3,3,1,1,1,1') return undefined;
  const pairs = pairStarts(l.outC);
  const constants = pairs.flatMap((c) => [...constants3x3(p, c), ...constants3x3(p, c + 1)]);
  const kernel = 'mote_depthwiseconv2d_s16s8_3x3__dsp';
  const fields: CStruct['fields'] = [
    ...head(l),
    ['pad_top', l.padTop],
    ['pad_left', l.padLeft],
    words('constants', constants),
    ...finish16Fields(l),
  ];
  const params = { type: kernel.replace(/__.*/, ''), fields };
  return {
    call: { kernel, params, inputs: [0], outputs: [0], scratchBytes: 16 * (l.outW + 2) },
    // What the kernel pays for besides outputs is each two rows of two channels: these are its pixels.
    work: { ...workOf(l), pixels: pairs.length * Math.ceil(l.outH / 2) },
  };
}

export const dspDepthwise16Variants: readonly Variant[] = [
  { kernel: 'mote_depthwiseconv2d_s16s8_any__dsp', op: 'depthwiseConv2d', isa: 'dsp', lower: lowerAny },
  {
    kernel: 'mote_depthwiseconv2d_s16s8_3x3__dsp',
    op: 'depthwiseConv2d',
    isa: 'dsp',
    // Channel by channel, so its output cannot lie over its input: not where memory comes first.
    prefers: ['balance', 'speed', 'size'],
    lower: lower3x3,
  },
];
