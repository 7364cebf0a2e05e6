// SPDX-License-Identifier: Apache-2.0
// Depthwise convolution with DSP instructions: 3 x 3 at stride 1, and any window.
import type { Node } from '../../model/graph.js';
import type { CStruct, KernelCall, LowerContext } from '../op.js';
import { roundingCode } from '../requantize.js';
import { constant } from '../weighted.js';
import { type DspScale, dspScales } from './dspScale.js';
import { type IntegerLayer, integerLayer, workOf } from './integerLayer.js';
import type { Lowered, Variant } from './variant.js';

const groupSize = 4;

/** First channels of the groups of four; the last group overlaps the one before where the count is odd. */
const groupStarts = (channels: number): number[] =>
  Array.from({ length: Math.ceil(channels / groupSize) }, (_, g) => Math.min(g * groupSize, channels - groupSize));

const groupChannels = (start: number): number[] => Array.from({ length: groupSize }, (_, i) => start + i);

interface Prepared {
  layer: IntegerLayer;
  scales: DspScale[];
  weight(tap: number, channel: number): number;
}

function prepare(node: Node, { graph, rounding }: LowerContext): Prepared | undefined {
  const layer = integerLayer(node, graph, rounding);
  if (!layer || layer.channelMultiplier !== 1 || layer.outC < groupSize) return undefined;
  const weight = (tap: number, channel: number): number => layer.weights[tap * layer.outC + channel];
  const taps = Array.from({ length: layer.kernelH * layer.kernelW }, (_, i) => i);
  const scales = dspScales(layer, (c) => taps.map((t) => weight(t, c)));
  return scales && { layer, scales, weight };
}

const head = (l: IntegerLayer): CStruct['fields'] => [
  ['in_h', l.inH],
  ['in_w', l.inW],
  ['channels', l.inC],
  ['out_h', l.outH],
  ['out_w', l.outW],
];

function tail(l: IntegerLayer, constants: number[]): CStruct['fields'] {
  return [
    ['constants', constant('constants', 'int32', Int32Array.from(constants), [constants.length])],
    ['input_zero_point', l.inputZeroPoint],
    ['output_min', l.outputMin],
    ['output_max', l.outputMax],
    ['rounding', roundingCode(l.rounding)],
  ];
}

const call = (kernel: string, fields: CStruct['fields'], scratchBytes: number): KernelCall => ({
  kernel, params: { type: kernel.replace('__', '_'), fields }, inputs: [0], outputs: [0], scratchBytes,
});

const bytes = (a: number, b: number, c: number, d: number): number =>
  (a & 0xff) | ((b & 0xff) << 8) | ((c & 0xff) << 16) | ((d & 0xff) << 24);

const channelBlockBytes = 60;

function lower3x3(node: Node, context: LowerContext): Lowered | undefined {
  const p = prepare(node, context);
  if (!p) return undefined;
  const { layer: l, scales, weight } = p;
  const sizes = [l.kernelH, l.kernelW, l.strideH, l.strideW, l.dilationH, l.dilationW];
  if (sizes.join() !== '3,3,1,1,1,1') return undefined;
  const constants = groupStarts(l.outC).flatMap(groupChannels).flatMap((c) => {
    const column = (x: number): number => bytes(weight(x, c), weight(3 + x, c), weight(3 + x, c), weight(6 + x, c));
    const s = scales[c];
    return [column(0), column(1), column(2), s.bias, s.multiplier, s.round, s.shift];
  });
  const fields: CStruct['fields'] = [...head(l), ['pad_top', l.padTop], ['pad_left', l.padLeft], ...tail(l, constants)];
  const scratch = groupSize * channelBlockBytes + 32 * (l.outW + 2);
  return { call: call('mote_depthwiseconv2d_s8s8_3x3__dsp', fields, scratch), work: workOf(l) };
}

export const dspDepthwiseVariants: readonly Variant[] = [
  { kernel: 'mote_depthwiseconv2d_s8s8_3x3__dsp', op: 'depthwiseConv2d', isa: 'dsp', lower: lower3x3 },
];
