// SPDX-License-Identifier: Apache-2.0
// A layer with int16 activations and int8 weights as kernels see it, whichever operator it came from.
import type { Graph, Node } from '../../model/graph.js';
import { int } from '../attributes.js';
import { inputOf, optionalInput, type Rounding } from '../op.js';
import type { Multiplier } from '../requantize.js';
import { arithmeticOf, type Rescaling, rescalingOf, wideBias } from '../weighted.js';
import type { Window } from '../window.js';
import { windowOfLayer } from './integerLayer.js';

export interface Int16Layer extends Window {
  outC: number;
  /** conv2d only; 1 elsewhere. */
  groups: number;
  /** Products of one output over one tap of the window: 1 for depthwise. */
  depth: number;
  /** [channel][tap], whatever the IR's order. */
  filters: Int8Array[];
  /** One per output channel, below 2^46 in size. */
  bias: number[];
  /** One per output channel. */
  multipliers: Multiplier[];
  rescaling: Rescaling;
  /** The constants of a reference kernel. */
  wideBias: BigInt64Array;
  outputMin: number;
  outputMax: number;
  rounding: Rounding;
}

/** The layer, or undefined where it is not int16 by symmetric int8. */
export function int16Layer(node: Node, graph: Graph, rounding: Rounding): Int16Layer | undefined {
  if (arithmeticOf(node, graph) !== 's16') return undefined;
  const depthwise = node.op === 'depthwiseConv2d';
  const w = inputOf(node, graph, 1);
  const window = windowOfLayer(node, graph);
  const outC = depthwise ? w.shape[3] : w.shape[0];
  const rescaling = rescalingOf(node, graph, depthwise ? 3 : 0);
  const groups = node.op === 'conv2d' ? int(node, 'groups', { min: 1, max: window.inC }) : 1;
  const bias = wideBias(optionalInput(node, graph, 2)?.data, outC);
  const weights = w.data as Int8Array;
  const taps = weights.length / outC;
  return {
    ...window,
    outC,
    groups,
    depth: depthwise ? 1 : window.inC / groups,
    filters: Array.from({ length: outC }, (_, c) =>
      Int8Array.from({ length: taps }, (_, t) => weights[depthwise ? t * outC + c : c * taps + t]),
    ),
    bias: Array.from(bias, Number),
    multipliers: Array.from({ length: outC }, (_, c) => rescaling.multipliers[c * rescaling.step]),
    rescaling,
    wideBias: bias,
    outputMin: rescaling.range.min,
    outputMax: rescaling.range.max,
    rounding,
  };
}

/** Whether a channel's sum, bias included, lies within [-limit, limit) for all int16 inputs. */
export function sumsBelow(filter: Int8Array, bias: number, limit: number): boolean {
  let [min, max] = [bias, bias];
  for (const w of filter) {
    min += w > 0 ? -32_768 * w : 32_767 * w;
    max += w > 0 ? 32_767 * w : -32_768 * w;
  }
  return min >= -limit && max < limit;
}
