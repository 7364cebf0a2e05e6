// SPDX-License-Identifier: Apache-2.0
// Layers with int8 weights as the kernels for cores without SIMD see them, int16 activations or int8: which sums are
// exact in 32 bits, and the constants of runtime-c/include/mote/block_finish.h.
import type { Graph, Node } from '../../model/graph.js';
import { int } from '../attributes.js';
import { type FieldValue, inputOf, optionalInput, type Rounding } from '../op.js';
import { type Multiplier, roundingCode } from '../requantize.js';
import { arithmeticOf, constant, rescalingOf } from '../weighted.js';
import type { Window } from '../window.js';
import { windowOfLayer } from './integerLayer.js';

/** As in block_finish.h. */
export const sumModes = { narrow: 0, wide: 1, low: 2, quarter: 3 } as const;
export type SumMode = keyof typeof sumModes;

/** |weights| of taps whose products with any int16 add up to an int32. */
const maxExactWeightSum = 65_535;

export interface BlockLayer extends Window {
  outC: number;
  groups: number;
  /** Input channels of a group; 1 for depthwise. */
  depth: number;
  channelMultiplier: number;
  /** [outC][taps]: each channel's weights in the order of its window. */
  filters: Int8Array[];
  /** One per output channel, the input zero point folded in; below 2^47. */
  bias: number[];
  multipliers: Multiplier[];
  elementBytes: 1 | 2;
  inputZeroPoint: number;
  outputZeroPoint: number;
  rounding: Rounding;
  mode: SumMode;
  output: [string, FieldValue];
}

const weightAxis: Readonly<Record<string, number>> = { conv2d: 0, depthwiseConv2d: 3, fullyConnected: 0 };

/** OHWI and OI are channels first already, 1HWO is channels last. */
function filtersOf(weights: Int8Array, outC: number, channelsLast: boolean): Int8Array[] {
  const taps = weights.length / outC;
  return Array.from({ length: outC }, (_, c) =>
    channelsLast
      ? Int8Array.from({ length: taps }, (_w, i) => weights[i * outC + c])
      : weights.subarray(c * taps, (c + 1) * taps),
  );
}

const absoluteSum = (weights: Int8Array): number => weights.reduce((sum, w) => sum + Math.abs(w), 0);
const sumOf = (weights: Int8Array): number => weights.reduce((sum, w) => sum + w, 0);

/** mote_requantize64's short multiplier and its right shift. */
const reducedOf = ({ multiplier }: Multiplier): number =>
  multiplier < 0x7fff0000 ? (multiplier + (1 << 15)) >> 16 : 0x7fff;
const shiftOf = ({ shift }: Multiplier): number => 15 - shift;
const leastNarrowShift = 17;

/** Whether a channel's sum with its bias fits 32 bits for all inputs, and its rescaling the short way. */
const isNarrow = (filter: Int8Array, bias: number, m: Multiplier): boolean =>
  32_768 * absoluteSum(filter) + Math.abs(bias) < 2 ** 31 && (reducedOf(m) === 0 || shiftOf(m) >= leastNarrowShift);

/** Bounds of rv32_requantize.h. */
const quarterSumLimit = 2 ** 29;
const maxQuarterShift = 20;

/** Whether int8 sums can be rescaled with one high multiply. */
const isQuarter = (filter: Int8Array, bias: number, { multiplier, shift }: Multiplier): boolean =>
  128 * absoluteSum(filter) + Math.abs(bias) < quarterSumLimit &&
  multiplier >= 0 &&
  -shift >= 1 &&
  -shift <= maxQuarterShift;

/** The layer, or undefined where it has other types or weights with a zero point. */
export function blockLayer(
  node: Node,
  graph: Graph,
  rounding: Rounding,
  arithmetic: 's8' | 's16',
  isa: 'rv32' | 'thumb',
): BlockLayer | undefined {
  const axis = weightAxis[node.op];
  if (axis === undefined || arithmeticOf(node, graph) !== arithmetic) return undefined;
  const w = inputOf(node, graph, 1);
  // Weights stored in another form stay in it: there are kernels that take them so.
  if (w.stored || w.quant?.zeroPoints.some((z) => z !== 0)) return undefined;
  const window = windowOfLayer(node, graph);
  const outC = w.shape[axis];
  const depthwise = node.op === 'depthwiseConv2d';
  const groups = node.op === 'conv2d' ? int(node, 'groups', { min: 1, max: window.inC }) : 1;
  const filters = filtersOf(w.data as Int8Array, outC, depthwise);
  const r = rescalingOf(node, graph, axis);
  const given = optionalInput(node, graph, 2)?.data;
  const bias = filters.map((f, c) => Number(given?.[c] ?? 0) - r.input.zeroPoint * sumOf(f));
  const multipliers = filters.map((_, c) => r.multipliers[c * r.step]);
  const all = (fits: typeof isNarrow): boolean => filters.every((f, c) => fits(f, bias[c], multipliers[c]));
  const short = arithmetic === 's8' && isa === 'rv32' && all(isQuarter) ? 'quarter' : 'low';
  const mode = r.accumulatorBits === 32 ? short : all(isNarrow) ? 'narrow' : 'wide';
  const code = mode === 'quarter' ? (rounding === 'tflite' ? 2 : 0) : roundingCode(rounding);
  return {
    ...window,
    outC,
    groups,
    depth: depthwise ? 1 : window.inC / groups,
    channelMultiplier: depthwise ? outC / window.inC : 1,
    filters,
    bias,
    multipliers,
    elementBytes: arithmetic === 's8' ? 1 : 2,
    inputZeroPoint: r.input.zeroPoint,
    mode,
    rounding,
    outputZeroPoint: r.output.zeroPoint,
    output: ['output', { values: [sumModes[mode], code, r.output.zeroPoint, r.range.min, r.range.max] }],
  };
}

/** As in block_finish.h. */
function channelWords({ mode, rounding, outputZeroPoint }: BlockLayer, bias: number, m: Multiplier): number[] {
  if (mode === 'low') return [bias | 0, m.multiplier, m.shift, 0];
  if (mode === 'quarter') {
    const constantWord = (2 * outputZeroPoint + 1) * 2 ** -m.shift + (rounding === 'tflite' ? 1 : 0);
    return [bias, m.multiplier, constantWord, 1 - m.shift];
  }
  const [reduced, shift] = [reducedOf(m), shiftOf(m)];
  if (mode === 'wide') return [bias | 0, Math.floor(bias / 2 ** 32), reduced, shift];
  return reduced === 0
    ? [bias | 0, 0, 0, 1]
    : [bias | 0, reduced * 2 ** 16, 2 ** (shift - leastNarrowShift), shift - (leastNarrowShift - 1)];
}

/** The field `channels`. */
export function channelField(layer: BlockLayer): [string, FieldValue] {
  const { bias, multipliers } = layer;
  const words = bias.flatMap((b, c) => channelWords(layer, b, multipliers[c]));
  return ['channels', constant('channels', 'int32', Int32Array.from(words), [bias.length, 4])];
}

/** Where sums are wide, whether each slice's fit 32 bits. */
export function slicesAreExact({ mode, filters }: BlockLayer, slice: number): boolean {
  if (mode !== 'wide') return true;
  return filters.every((f) => {
    for (let from = 0; from < f.length; from += slice)
      if (absoluteSum(f.subarray(from, from + slice)) > maxExactWeightSum) return false;
    return true;
  });
}

export const workOf = (l: BlockLayer): { pixels: number; outputs: number; macs: number } => {
  const pixels = l.outH * l.outW;
  const outputs = pixels * l.outC;
  return { pixels, outputs, macs: outputs * l.filters[0].length };
};
