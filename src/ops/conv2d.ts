// SPDX-License-Identifier: Apache-2.0
// conv2d: 2-D convolution, NHWC by OHWI, with groups, dilation and a fused activation.
import type { Graph, Node, TensorData } from '../model/graph.js';
import { badShape, clampAttr, given, int, outputOf } from './attributes.js';
import { kernelCall } from './kernels.js';
import { inputOf, type KernelCall, type LowerContext, type OpSpec, optionalInput } from './op.js';
import {
  arithmeticOf, clampFields, constant, floatBias, floatConstants, foldedBias, integerConstants, rescalingOf, weightedObstacle, wideBias,
} from './weighted.js';
import { type Finisher, finisher } from './weightedFinish.js';
import { tapRanges, type Window, windowFields, windowOf } from './window.js';

interface Geometry extends Window {
  outC: number;
  groups: number;
  /** Input channels of one group. */
  depth: number;
}

function geometry(node: Node, graph: Graph): Geometry {
  const w = inputOf(node, graph, 1);
  if (w.shape.length !== 4) badShape(node, `the weights have ${w.shape.length} dimensions, not 4`);
  const [outC, kernelH, kernelW, depth] = w.shape;
  const window = windowOf(node, graph, [kernelH, kernelW], true);
  const groups = int(node, 'groups', { min: 1, max: window.inC });
  if (outC < 1 || depth * groups !== window.inC || outC % groups !== 0) {
    badShape(node, `weights ${w.shape.join(' x ')} in ${groups} groups do not fit ${window.inC} input channels`);
  }
  const bias = optionalInput(node, graph, 2);
  if (bias && (bias.shape.length !== 1 || bias.shape[0] !== outC)) badShape(node, `the bias is not ${outC} numbers`);
  clampAttr(node);
  return { ...window, outC, groups, depth };
}

/** Sum of each output channel's weights. */
function channelSums(weights: Int8Array, channels: number): Int32Array {
  const each = weights.length / channels;
  return Int32Array.from({ length: channels }, (_, c) => weights.subarray(c * each, (c + 1) * each).reduce((a, b) => a + b, 0));
}

function lower(node: Node, { graph, rounding }: LowerContext): KernelCall {
  const g = geometry(node, graph);
  const w = inputOf(node, graph, 1);
  const bias = optionalInput(node, graph, 2)?.data;
  const head = [...windowFields(g, g.outC), ['groups', g.groups]] satisfies ReturnType<typeof windowFields>;
  if (arithmeticOf(node, graph) === 'f32') {
    const weights = constant('weights', 'float32', w.data as Float32Array, w.shape);
    return kernelCall('conv2d', ['f32', 'f32'], [...head, ...floatConstants(node, weights, floatBias(bias, g.outC))]);
  }
  const r = rescalingOf(node, graph, 0);
  const weights = constant('weights', 'int8', w.data as Int8Array, w.shape);
  if (inputOf(node, graph, 0).dtype === 'int16') {
    const wide = constant('bias', 'int64', wideBias(bias, g.outC), [g.outC]);
    return kernelCall('conv2d', ['s16', 's8'], [
      ...head, ...integerConstants(weights, wide, r), ['accumulator_bits', r.accumulatorBits], ...clampFields(r.range, rounding),
    ]);
  }
  const folded = foldedBias(bias, channelSums(w.data as Int8Array, g.outC), r.input.zeroPoint);
  return kernelCall('conv2d', ['s8', 's8'], [
    ...head, ...integerConstants(weights, constant('bias', 'int32', folded, [g.outC]), r),
    ['input_zero_point', r.input.zeroPoint], ['output_zero_point', r.output.zeroPoint], ...clampFields(r.range, rounding),
  ]);
}

type Numbers = Exclude<TensorData, BigInt64Array>;

function convolve(g: Geometry, x: Numbers, w: Numbers, f: Finisher): void {
  const rows = tapRanges(g.outH, g.strideH, g.padTop, g.dilationH, g.kernelH, g.inH);
  const columns = tapRanges(g.outW, g.strideW, g.padLeft, g.dilationW, g.kernelW, g.inW);
  const sum = f.arithmetic === 'f32' ? floatSum : integerSum;
  const groupOut = g.outC / g.groups;
  let at = 0;
  for (let y = 0; y < g.outH; y++) {
    for (let xo = 0; xo < g.outW; xo++) {
      const taps = tapOffsets(g, y * g.strideH - g.padTop, xo * g.strideW - g.padLeft, rows[y], columns[xo]);
      for (let c = 0; c < g.outC; c++) {
        const group = Math.floor(c / groupOut) * g.depth;
        f.output[at++] = f.finish(sum(g, taps, x, group, w, c * g.kernelH * g.kernelW * g.depth, f.inputZeroPoint), c);
      }
    }
  }
}

/** Pairs (offset in the input, offset in a channel's weights) of the taps inside the image. */
function tapOffsets(
  g: Geometry, top: number, left: number, rows: { begin: number; end: number }, columns: { begin: number; end: number },
): Int32Array {
  const list = new Int32Array(2 * (rows.end - rows.begin) * (columns.end - columns.begin));
  let i = 0;
  for (let ky = rows.begin; ky < rows.end; ky++) {
    for (let kx = columns.begin; kx < columns.end; kx++) {
      list[i++] = ((top + ky * g.dilationH) * g.inW + left + kx * g.dilationW) * g.inC;
      list[i++] = (ky * g.kernelW + kx) * g.depth;
    }
  }
  return list;
}

/** Exact: |sum| is below 2^31 for int8 (weightedObstacle) and below 2^53 for int16. */
function integerSum(g: Geometry, taps: Int32Array, x: Numbers, group: number, w: Numbers, weights: number, zeroPoint: number): number {
  let sum = 0;
  for (let t = 0; t < taps.length; t += 2) {
    const from = taps[t] + group;
    const to = taps[t + 1] + weights;
    for (let i = 0; i < g.depth; i++) sum += w[to + i] * (x[from + i] - zeroPoint);
  }
  return sum;
}

function floatSum(g: Geometry, taps: Int32Array, x: Numbers, group: number, w: Numbers, weights: number): number {
  let sum = 0;
  for (let t = 0; t < taps.length; t += 2) {
    const from = taps[t] + group;
    const to = taps[t + 1] + weights;
    for (let i = 0; i < g.depth; i++) sum = Math.fround(sum + Math.fround(w[to + i] * x[from + i]));
  }
  return sum;
}

export const conv2d: OpSpec = {
  op: 'conv2d',
  infer(node, graph) {
    const g = geometry(node, graph);
    return [{ shape: [1, g.outH, g.outW, g.outC], dtype: outputOf(node, graph).dtype }];
  },
  macs(node, graph) {
    const g = geometry(node, graph);
    return g.outH * g.outW * g.outC * g.kernelH * g.kernelW * g.depth;
  },
  unsupported(node, graph) {
    const g = geometry(node, graph);
    return weightedObstacle(node, graph, g.kernelH * g.kernelW * g.depth, false);
  },
  lower,
  evaluate(node, inputs, { graph, rounding }) {
    const g = geometry(node, graph);
    const f = finisher({ node, graph, bias: inputs[2], rounding, axis: 0, shape: [g.outH, g.outW, g.outC] });
    convolve(g, given(node, inputs, 0), given(node, inputs, 1), f);
    return [f.output];
  },
};
