// SPDX-License-Identifier: Apache-2.0
// conv2d: 2-D convolution, NHWC by OHWI, with groups, dilation and a fused activation.
import type { Graph, Node } from '../model/graph.js';
import { badShape, clampAttr, given, int, outputOf } from './attributes.js';
import { inputOf, type KernelCall, type LowerContext, type OpSpec, optionalInput } from './op.js';
import { withOverlap } from './overlap.js';
import { packedCall, storedObstacle, storedOf } from './packedConv.js';
import { foldedBias, weightedObstacle } from './weighted.js';
import { weightedCall } from './weightedCall.js';
import { type Factors, type Finisher, factors, finisher } from './weightedFinish.js';
import { type TapRange, tapRanges, type Window, windowFields, windowOf } from './window.js';

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
  return Int32Array.from({ length: channels }, (_, c) =>
    weights.subarray(c * each, (c + 1) * each).reduce((a, b) => a + b, 0),
  );
}

function lower(node: Node, context: LowerContext): KernelCall {
  const g = geometry(node, context.graph);
  return withOverlap(lowerCall(node, context, g), g, g.outC, 'pixel', inputOf(node, context.graph, 0).dtype);
}

function lowerCall(node: Node, context: LowerContext, g: Geometry): KernelCall {
  const { graph, rounding } = context;
  if (storedOf(node, graph)) return packedCall(node, graph, rounding);
  const w = inputOf(node, graph, 1);
  const bias = optionalInput(node, graph, 2)?.data;
  return weightedCall(node, context, {
    op: 'conv2d',
    head: [...windowFields(g, g.outC), ['groups', g.groups]],
    outC: g.outC,
    axis: 0,
    weights: { data: w.data as Int8Array | Float32Array, shape: w.shape },
    folded: (weights, { input }) => ({
      bias: foldedBias(bias, channelSums(weights, g.outC), input.zeroPoint),
      zeroPoint: ['input_zero_point', input.zeroPoint],
    }),
  });
}

function convolve(g: Geometry, sums: SumOf, f: Finisher): void {
  const rows = tapRanges(g.outH, g.strideH, g.padTop, g.dilationH, g.kernelH, g.inH);
  const columns = tapRanges(g.outW, g.strideW, g.padLeft, g.dilationW, g.kernelW, g.inW);
  const groupOut = g.outC / g.groups;
  const channelWeights = g.kernelH * g.kernelW * g.depth;
  let at = 0;
  for (let y = 0; y < g.outH; y++) {
    for (let x = 0; x < g.outW; x++) {
      const taps = tapOffsets(g, y * g.strideH - g.padTop, x * g.strideW - g.padLeft, rows[y], columns[x]);
      for (let c = 0; c < g.outC; c++) {
        f.output[at++] = f.finish(sums(taps, Math.floor(c / groupOut) * g.depth, c * channelWeights), c);
      }
    }
  }
}

/** Pairs (offset in the input, offset in a channel's weights) of the taps inside the image. */
function tapOffsets(g: Geometry, top: number, left: number, rows: TapRange, columns: TapRange): Int32Array {
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

/** Sum of products over taps, for the group that starts at an input channel and the filter that starts at a weight. */
type SumOf = (taps: Int32Array, group: number, weights: number) => number;

function sumOf(g: Geometry, { arithmetic, x, w }: Factors): SumOf {
  if (arithmetic === 's8') return (taps, group, weights) => sumInt32(g.depth, taps, x, group, w, weights);
  if (arithmetic === 's16') return (taps, group, weights) => sumFloat64(g.depth, taps, x, group, w, weights);
  return (taps, group, weights) => sumFloat32(g.depth, taps, x, group, w, weights);
}

// Three functions rather than one, so that each sees one array type and compiles to a tight loop.

function sumInt32(
  depth: number,
  taps: Int32Array,
  x: Int32Array,
  group: number,
  w: Int32Array,
  weights: number,
): number {
  let sum = 0;
  for (let t = 0; t < taps.length; t += 2) {
    const from = taps[t] + group;
    const to = taps[t + 1] + weights;
    for (let i = 0; i < depth; i++) sum = (sum + Math.imul(w[to + i], x[from + i])) | 0;
  }
  return sum;
}

function sumFloat64(
  depth: number,
  taps: Int32Array,
  x: Float64Array,
  group: number,
  w: Float64Array,
  weights: number,
): number {
  let sum = 0;
  for (let t = 0; t < taps.length; t += 2) {
    const from = taps[t] + group;
    const to = taps[t + 1] + weights;
    for (let i = 0; i < depth; i++) sum += w[to + i] * x[from + i];
  }
  return sum;
}

function sumFloat32(
  depth: number,
  taps: Int32Array,
  x: Float32Array,
  group: number,
  w: Float32Array,
  weights: number,
): number {
  let sum = 0;
  for (let t = 0; t < taps.length; t += 2) {
    const from = taps[t] + group;
    const to = taps[t + 1] + weights;
    for (let i = 0; i < depth; i++) sum = Math.fround(sum + Math.fround(w[to + i] * x[from + i]));
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
    return storedObstacle(node, graph) ?? weightedObstacle(node, graph, g.kernelH * g.kernelW * g.depth, false);
  },
  lower,
  evaluate(node, inputs, { graph, rounding }) {
    const g = geometry(node, graph);
    const f = finisher({ node, graph, bias: inputs[2], rounding, axis: 0, shape: [g.outH, g.outW, g.outC] });
    convolve(g, sumOf(g, factors(f, given(node, inputs, 0), given(node, inputs, 1), 0)), f);
    return [f.output];
  },
};
