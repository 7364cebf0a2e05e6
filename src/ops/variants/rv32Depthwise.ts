// SPDX-License-Identifier: Apache-2.0
// Depthwise convolution for RV32IM: 3x3 along lines (dwline.h), and any size through a table of taps (dwtaps.h).

import type { Node } from '../../model/graph.js';
import type { CStruct, LowerContext, Overlap } from '../op.js';
import { type Front, overlapLagBytes, planeOverlap } from '../overlap.js';
import { constant } from '../weighted.js';
import { type IntegerLayer, integerLayer, workOf } from './integerLayer.js';
import { type Channel, channelField, channelsOf, outputField, settle, type WeightIndex } from './rv32Layer.js';
import type { Lowered, Variant } from './variant.js';

export interface Depthwise {
  layer: IntegerLayer;
  taps: number;
  channels: Channel[];
}

/** Undefined where the kernels' rounding is not exact. */
export function depthwiseOf(raw: IntegerLayer | undefined): Depthwise | undefined {
  if (raw?.channelMultiplier !== 1) return undefined;
  const taps = raw.kernelH * raw.kernelW;
  const index: WeightIndex = (c, i) => i * raw.outC + c;
  const layer = settle(raw, taps, index);
  const channels = channelsOf(layer, taps, index);
  return channels && { layer, taps, channels };
}

const depthwise = (node: Node, { graph, rounding }: LowerContext): Depthwise | undefined =>
  depthwiseOf(integerLayer(node, graph, rounding));

const lowered = (kernel: string, scratchBytes: number, fields: CStruct['fields'], layer: IntegerLayer): Lowered => ({
  call: { kernel, inputs: [0], outputs: [0], scratchBytes, params: { type: kernel.replace(/__.*$/, ''), fields } },
  work: workOf(layer),
});

const tile = 4;

/** In the order of dwtaps.h. */
function tapWeights({ layer, taps }: Depthwise): Int8Array {
  const { outC, weights } = layer;
  const data = new Int8Array(weights.length);
  let to = 0;
  for (let c = 0; c < outC; ) {
    const width = outC - c >= tile ? tile : 1;
    for (let i = 0; i < taps; i++) {
      for (let k = c; k < c + width; k++) data[to++] = weights[i * outC + k];
    }
    c += width;
  }
  return data;
}

const tapsKernel = 'mote_dwtaps_s8s8__rv32_1x4';

export function lowerTaps(d: Depthwise): Lowered {
  const l = d.layer;
  const fields: CStruct['fields'] = [
    ['in_h', l.inH],
    ['in_w', l.inW],
    ['in_c', l.inC],
    ['out_h', l.outH],
    ['out_w', l.outW],
    ['kernel_h', l.kernelH],
    ['kernel_w', l.kernelW],
    ['stride_h', l.strideH],
    ['stride_w', l.strideW],
    ['dilation_h', l.dilationH],
    ['dilation_w', l.dilationW],
    ['pad_top', l.padTop],
    ['pad_left', l.padLeft],
    ['input_zero_point', l.inputZeroPoint],
    ['weights', constant('weights', 'int8', tapWeights(d), [l.outC, d.taps])],
    channelField(l, d.channels, 1),
    outputField(l),
  ];
  const { call, work } = lowered(tapsKernel, 4 * d.taps + l.inC, fields, l);
  const overlap = { input: 0, lagBytes: overlapLagBytes(l, l.outC, 'pixel', 1) };
  return { call: { ...call, overlap }, work };
}

/** One axis of a 3x3 window of stride 1. */
interface Axis {
  input: number;
  output: number;
  before: number;
  /** Outputs whose last tap lies outside. */
  after: number;
}

const axisOf = (input: number, output: number, before: number): Axis => ({
  input,
  output,
  before,
  after: Math.max(0, output + 2 - before - input),
});

/** The weights of each channel, line by line; a line is a column of the image where `turned`. */
function lineWeights({ outC, weights }: IntegerLayer, turned: boolean): Int8Array {
  const data = new Int8Array(9 * outC);
  for (let k = 0; k < 9; k++) {
    const from = turned ? (k % 3) * 3 + Math.floor(k / 3) : k;
    for (let c = 0; c < outC; c++) data[9 * c + k] = weights[from * outC + c];
  }
  return data;
}

/** Before each pixel: its row is loaded up to the column before the window's last, and the next rows wait whole. */
function rowFronts(l: IntegerLayer): Front[] {
  const fronts: Front[] = [];
  for (let y = 0; y < l.outH; y++) {
    const row = Math.max(0, y - l.padTop) * l.inW;
    for (let x = 0; x < l.outW; x++) fronts.push({ written: y * l.outW + x, next: row + (x && x + 2 - l.padLeft) });
  }
  return fronts;
}

/** Columns after columns, the first one held back: the outputs of a column fall on the column before it, in any row above. */
const columnOverlap = (l: IntegerLayer): Overlap => ({ input: 0, lagBytes: l.inC, stepBytes: l.inW * l.inC });

/** The emitter passes scratch where there is some: the C function takes it always. */
const unusedScratch = 4;

const lineKernel = 'mote_dwline_s8s8__rv32_3x3';

/** Whether lines are the image's columns. */
export const isTurned = ({ outH, outW }: IntegerLayer): boolean => outH > outW;

export function lowerLine(d: Depthwise): Lowered | undefined {
  const l = d.layer;
  if (l.kernelH !== 3 || l.kernelW !== 3 || l.strideH * l.strideW * l.dilationH * l.dilationW !== 1) return undefined;
  const turned = isTurned(l);
  const vertical = axisOf(l.inH, l.outH, l.padTop);
  const horizontal = axisOf(l.inW, l.outW, l.padLeft);
  const [lines, along] = turned ? [horizontal, vertical] : [vertical, horizontal];
  if ([lines, along].some((a) => a.before > 1 || a.after > 1) || lines.input < 3) return undefined;
  const hold = turned && l.padLeft === 1 && l.outW === l.inW;
  const step = (width: number): [number, number] => (turned ? [width * l.inC, l.inC] : [l.inC, width * l.inC]);
  const [inStep, inLine] = step(l.inW);
  const [outStep, outLine] = step(l.outW);
  const fields: CStruct['fields'] = [
    ['in_c', l.inC],
    ['in_lines', lines.input],
    ['out_lines', lines.output],
    ['pad_first', lines.before],
    ['whole', along.output - along.after],
    ['has_left', along.before],
    ['has_right', along.after],
    ['in_step', inStep],
    ['in_line', inLine],
    ['out_step', outStep],
    ['out_line', outLine],
    ['hold_first', hold ? 1 : 0],
    ['input_zero_point', l.inputZeroPoint],
    ['weights', constant('weights', 'int8', lineWeights(l, turned), [l.outC, 3, 3])],
    channelField(l, d.channels, 1),
    outputField(l),
  ];
  // It visits a channel once for all pixels, and a pixel once for each channel.
  const { call, work } = lowered(lineKernel, hold ? l.outH : unusedScratch, fields, l);
  const overlap = hold ? { overlap: columnOverlap(l) } : turned ? {} : { overlap: planeOverlap(l, rowFronts(l)) };
  return { call: { ...call, ...overlap }, work: { ...work, pixels: l.outC } };
}

const variant = (kernel: string, lower: (d: Depthwise) => Lowered | undefined): Variant => ({
  kernel,
  op: 'depthwiseConv2d',
  isa: 'rv32',
  lower(node, context) {
    const d = depthwise(node, context);
    return d && lower(d);
  },
});

export const rv32DepthwiseVariants: readonly Variant[] = [
  variant(lineKernel, lowerLine),
  variant(tapsKernel, lowerTaps),
];
