// SPDX-License-Identifier: Apache-2.0
// A layer with int16 activations and int8 weights as the vector kernels see it: an IntegerLayer without zero points, whose
// rescaling is a 32-bit one wherever the sums allow it.
import type { Graph, Node } from '../../model/graph.js';
import { int } from '../attributes.js';
import { inputOf, optionalInput, type Rounding } from '../op.js';
import type { Multiplier } from '../requantize.js';
import { arithmeticOf, rescalingOf } from '../weighted.js';
import { type IntegerLayer, weightAxis, windowOfLayer } from './integerLayer.js';

/** The largest magnitude of an int16. */
export const largestInt16 = 32_768;

export interface Int16Layer {
  /** Where `narrow`: rounding and multipliers with which 32-bit sums give the layer's outputs. Else bias has no meaning. */
  layer: IntegerLayer;
  /** All sums fit 32 bits, or the model means them modulo 2^32. */
  narrow: boolean;
  accumulatorBits: 32 | 64;
  /** As in the model. */
  multipliers: Multiplier[];
  /** Exact, as in the model: below 2^46. */
  bias: Float64Array;
}

/** requantize64's multiplier has 15 bits; as the high half of a 31-bit one it gives the same by `single` rounding, since
 *  numerator and denominator both become 2^16 times as large. */
export const shortMultiplier = (multiplier: number): number =>
  multiplier < 0x7fff0000 ? (multiplier + (1 << 15)) >> 16 : 0x7fff;

/** The largest |sum| of each channel, whatever the input. */
function bounds(weights: Int8Array, bias: Float64Array, weightOf: (c: number, i: number) => number): number[] {
  const each = weights.length / bias.length;
  return Array.from(bias, (b, c) => {
    let sum = 0;
    for (let i = 0; i < each; i++) sum += Math.abs(weights[weightOf(c, i)]);
    return largestInt16 * sum + Math.abs(b);
  });
}

/** The layer, or undefined where it is not int16 by int8. */
export function int16Layer(node: Node, graph: Graph, rounding: Rounding): Int16Layer | undefined {
  const axis = weightAxis[node.op];
  if (axis === undefined || arithmeticOf(node, graph) !== 's16') return undefined;
  const w = inputOf(node, graph, 1);
  const weights = w.data as Int8Array;
  const window = windowOfLayer(node, graph);
  const depthwise = node.op === 'depthwiseConv2d';
  const outC = w.shape[axis];
  const r = rescalingOf(node, graph, axis);
  const groups = node.op === 'conv2d' ? int(node, 'groups', { min: 1, max: window.inC }) : 1;
  const given = optionalInput(node, graph, 2)?.data as ArrayLike<number | bigint> | undefined;
  const bias = given ? Float64Array.from(given, Number) : new Float64Array(outC);
  const each = weights.length / outC;
  const largest = Math.max(...bounds(weights, bias, (c, i) => (depthwise ? i * outC + c : c * each + i)));
  const wide = r.accumulatorBits === 64;
  const multipliers = Array.from({ length: outC }, (_, c) => r.multipliers[c * r.step]);
  const layer: IntegerLayer = {
    ...window,
    outC,
    groups,
    depth: depthwise ? 1 : window.inC / groups,
    channelMultiplier: depthwise ? outC / window.inC : 1,
    weights,
    bias: Int32Array.from(bias),
    multipliers: wide
      ? multipliers.map((m) => ({ multiplier: shortMultiplier(m.multiplier) * 65_536, shift: m.shift }))
      : multipliers,
    inputZeroPoint: 0,
    outputZeroPoint: 0,
    outputMin: r.range.min,
    outputMax: r.range.max,
    rounding: wide ? 'single' : rounding,
  };
  return { layer, narrow: !wide || largest < 2 ** 31, accumulatorBits: r.accumulatorBits, multipliers, bias };
}
