// SPDX-License-Identifier: Apache-2.0
// A layer with weights as the SIMD kernels see it, in any of the three arithmetics.

import type { Graph, Node } from '../../model/graph.js';
import { roundUp } from '../../roundUp.js';
import { clampAttr, int } from '../attributes.js';
import { type CStruct, inputOf, optionalInput, type Rounding } from '../op.js';
import { floatRange } from '../quantized.js';
import {
  type Arithmetic,
  arithmeticOf,
  clampFields,
  constant,
  floatBias,
  integerConstants,
  rescalingOf,
  wideBias,
} from '../weighted.js';
import { type Window, windowFields } from '../window.js';
import { windowOfLayer } from './integerLayer.js';

export interface SimdLayer {
  arithmetic: Arithmetic;
  window: Window;
  outC: number;
  /** Products of one output. */
  taps: number;
  depthwise: boolean;
  /** As in the IR. */
  weights: Int8Array | Float32Array;
  /** Where weight i (in the order of the taps) of channel c lies in `weights`. */
  index: (c: number, i: number) => number;
}

export const lanes = 8;

/** The layer, or undefined where there is no kernel for it: groups, weights with a zero point, weights that are no number. */
export function simdLayer(node: Node, graph: Graph): SimdLayer | undefined {
  const arithmetic = arithmeticOf(node, graph);
  const w = inputOf(node, graph, 1);
  if (!arithmetic || w.quant?.zeroPoints.some((z) => z !== 0)) return undefined;
  if (node.op === 'conv2d' && int(node, 'groups', { min: 1, max: 65_535 }) !== 1) return undefined;
  const weights = w.data as SimdLayer['weights'];
  if (arithmetic === 'f32' && !weights.every(Number.isFinite)) return undefined;
  const window = windowOfLayer(node, graph);
  const perTap = node.op === 'depthwiseConv2d';
  const outC = perTap ? w.shape[3] : w.shape[0];
  const taps = weights.length / outC;
  return {
    arithmetic,
    window,
    outC,
    taps,
    // One input channel: every output channel reads it, which is what a convolution does.
    depthwise: perTap && window.inC > 1,
    weights,
    index: perTap ? (c, i) => i * outC + c : (c, i) => c * taps + i,
  };
}

/** The channel of each lane; lanes beyond the last channel have none. */
export const channelsInOrder = (outC: number, block: number): (number | undefined)[] =>
  Array.from({ length: roundUp(outC, block) }, (_, c) => (c < outC ? c : undefined));

/** [block][taps, even][lane], pairs of taps side by side: what i32x4.dot_i16x8_s wants; 0 for dead channels. */
export function pairedWeights(
  layer: SimdLayer,
  channelOf: readonly (number | undefined)[],
  dead: ReadonlySet<number> = new Set(),
): Int8Array {
  const { weights, taps, index } = layer;
  const even = roundUp(taps, 2);
  const out = new Int8Array(channelOf.length * even);
  for (const [lane, c] of channelOf.entries()) {
    if (c === undefined || dead.has(c)) continue;
    const block = Math.floor(lane / lanes) * lanes * even;
    for (let i = 0; i < taps; i++)
      out[block + (i >> 1) * 2 * lanes + (lane % lanes) * 2 + (i & 1)] = weights[index(c, i)];
  }
  return out;
}

/** [block][taps][lane]. */
export function laneWeights(layer: SimdLayer, channelOf: readonly (number | undefined)[], block: number): Float32Array {
  const { weights, taps, index } = layer;
  const out = new Float32Array(channelOf.length * taps);
  for (const [lane, c] of channelOf.entries()) {
    if (c === undefined) continue;
    const from = Math.floor(lane / block) * block * taps + (lane % block);
    for (let i = 0; i < taps; i++) out[from + i * block] = weights[index(c, i)];
  }
  return out;
}

/** window.in_h … out_c */
export const geometryFields = ({ window, outC }: SimdLayer): CStruct['fields'] => [
  ...windowFields(window, outC)
    .filter(([name]) => name !== 'out_c')
    .map(([name, value]): CStruct['fields'][number] => [`window.${name}`, value]),
  ['out_c', outC],
];

/** weights … rounding of the int16 kernels. */
export function wideFields(
  node: Node,
  graph: Graph,
  rounding: Rounding,
  weights: { const: ReturnType<typeof constant>['const'] },
): CStruct['fields'] {
  const r = rescalingOf(node, graph, node.op === 'depthwiseConv2d' ? 3 : 0);
  const outC = graph.tensors[node.outputs[0]].shape.at(-1) ?? 1;
  const bias = wideBias(optionalInput(node, graph, 2)?.data, outC);
  return [
    ...integerConstants(weights, constant('bias', 'int64', bias, [outC]), r),
    ['accumulator_bits', r.accumulatorBits],
    ...clampFields(r.range, rounding),
  ];
}

/** weights, bias and bounds of the float32 kernels. */
export function floatFields(
  node: Node,
  graph: Graph,
  layer: SimdLayer,
  channelOf: readonly (number | undefined)[],
  block: number,
): CStruct['fields'] {
  const { min, max } = floatRange(clampAttr(node));
  const bias = floatBias(optionalInput(node, graph, 2)?.data, layer.outC);
  const weights = laneWeights(layer, channelOf, block);
  return [
    ['weights', constant('weights', 'float32', weights, [channelOf.length / block, layer.taps, block])],
    [
      'bias',
      constant(
        'bias',
        'float32',
        Float32Array.from(channelOf, (c) => (c === undefined ? 0 : bias[c])),
        [channelOf.length],
      ),
    ],
    ['output_min', { float: min }],
    ['output_max', { float: max }],
  ];
}

export const workOfLayer = ({ window, outC, taps }: SimdLayer) => {
  const pixels = window.outH * window.outW;
  return { pixels, outputs: pixels * outC, macs: pixels * outC * taps };
};
