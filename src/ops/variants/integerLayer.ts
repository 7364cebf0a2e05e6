// SPDX-License-Identifier: Apache-2.0
// A layer with int8 weights and activations as kernels see it, whichever operator it came from.
import type { Graph, Node } from '../../model/graph.js';
import { int } from '../attributes.js';
import { inputOf, optionalInput, type Rounding } from '../op.js';
import type { Multiplier } from '../requantize.js';
import { arithmeticOf, rescalingOf } from '../weighted.js';
import { type Window, windowOf } from '../window.js';
import { reachOfSums, steadyLayer } from './steadyLayer.js';

export interface IntegerLayer extends Window {
  outC: number;
  /** conv2d only; 1 elsewhere. */
  groups: number;
  /** Products of one output: kernelH * kernelW * depth. Depth is 1 for depthwise. */
  depth: number;
  /** depthwiseConv2d: filters per input channel. */
  channelMultiplier: number;
  /** As in the IR: OHWI, 1HWO or OI. */
  weights: Int8Array;
  /** One per output channel, the input zero point not folded in. */
  bias: Int32Array;
  /** One per output channel. */
  multipliers: Multiplier[];
  inputZeroPoint: number;
  outputZeroPoint: number;
  outputMin: number;
  outputMax: number;
  rounding: Rounding;
}

export const weightAxis: Readonly<Record<string, number>> = { conv2d: 0, depthwiseConv2d: 3, fullyConnected: 0 };

/** A fully connected layer is a 1x1 convolution over a row of pixels. */
export function windowOfLayer(node: Node, graph: Graph): Window {
  const w = inputOf(node, graph, 1);
  if (node.op !== 'fullyConnected') {
    const [h, width] = w.shape.slice(1, 3);
    return windowOf(node, graph, [h, width], true);
  }
  const inC = w.shape[1];
  const rows = inputOf(node, graph, 0).shape.reduce((a, b) => a * b, 1) / inC;
  return {
    inH: 1,
    inW: rows,
    inC,
    outH: 1,
    outW: rows,
    kernelH: 1,
    kernelW: 1,
    strideH: 1,
    strideW: 1,
    dilationH: 1,
    dilationW: 1,
    padTop: 0,
    padLeft: 0,
  };
}

/** The layer, or undefined where it is not int8 by symmetric int8 with 32-bit sums. Kernels that store plain int8 weights
 *  want `plain`: a layer whose weights are to be stored in another form is not theirs. */
export function integerLayer(
  node: Node,
  graph: Graph,
  rounding: Rounding,
  weights: 'plain' | 'stored' = 'plain',
): IntegerLayer | undefined {
  const axis = weightAxis[node.op];
  if (axis === undefined || arithmeticOf(node, graph) !== 's8') return undefined;
  const w = inputOf(node, graph, 1);
  if ((w.stored !== undefined) !== (weights === 'stored')) return undefined;
  if (w.quant?.zeroPoints.some((z) => z !== 0)) return undefined;
  const window = windowOfLayer(node, graph);
  const outC = node.op === 'depthwiseConv2d' ? w.shape[3] : w.shape[0];
  const r = rescalingOf(node, graph, axis);
  const groups = node.op === 'conv2d' ? int(node, 'groups', { min: 1, max: window.inC }) : 1;
  const bias = optionalInput(node, graph, 2)?.data as Int32Array | undefined;
  const layer: IntegerLayer = {
    ...window,
    outC,
    groups,
    depth: node.op === 'depthwiseConv2d' ? 1 : window.inC / groups,
    channelMultiplier: node.op === 'depthwiseConv2d' ? outC / window.inC : 1,
    weights: w.data as Int8Array,
    bias: bias ?? new Int32Array(outC),
    multipliers: Array.from({ length: outC }, (_, c) => r.multipliers[c * r.step]),
    inputZeroPoint: r.input.zeroPoint,
    outputZeroPoint: r.output.zeroPoint,
    outputMin: r.range.min,
    outputMax: r.range.max,
    rounding,
  };
  if (weights === 'plain') return layer;
  const each = layer.weights.length / outC;
  const channelAt = node.op === 'depthwiseConv2d' ? (i: number) => i % outC : (i: number) => Math.floor(i / each);
  return steadyLayer(layer, reachOfSums(layer, channelAt));
}

/** bias - inputZeroPoint * sum of the channel's weights: right when taps outside the image read the zero point. */
export function foldedLayerBias(layer: IntegerLayer): Int32Array {
  const { weights, outC, bias, inputZeroPoint } = layer;
  const depthwise =
    weights.length === layer.kernelH * layer.kernelW * outC &&
    layer.depth === 1 &&
    layer.groups === 1 &&
    layer.channelMultiplier * layer.inC === outC;
  const each = weights.length / outC;
  return bias.map((b, c) => {
    let sum = 0;
    for (let i = 0; i < each; i++) sum += weights[depthwise ? i * outC + c : c * each + i];
    return b - inputZeroPoint * sum;
  });
}

export const workOf = (
  layer: Pick<IntegerLayer, 'outH' | 'outW' | 'outC' | 'kernelH' | 'kernelW' | 'depth'>,
): { pixels: number; outputs: number; macs: number } => {
  const pixels = layer.outH * layer.outW;
  const outputs = pixels * layer.outC;
  return { pixels, outputs, macs: outputs * layer.kernelH * layer.kernelW * layer.depth };
};
