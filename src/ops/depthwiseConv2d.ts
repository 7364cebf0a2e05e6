// SPDX-License-Identifier: Apache-2.0
// depthwiseConv2d: one filter (or `multiplier` filters) per input channel; weights 1HWO.
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
  multiplier: number;
}

function geometry(node: Node, graph: Graph): Geometry {
  const w = inputOf(node, graph, 1);
  if (w.shape.length !== 4) badShape(node, `the weights have ${w.shape.length} dimensions, not 4`);
  const [one, kernelH, kernelW, outC] = w.shape;
  const window = windowOf(node, graph, [kernelH, kernelW], true);
  const multiplier = int(node, 'multiplier', { min: 1, max: 65_535 });
  if (one !== 1 || outC < 1 || outC !== window.inC * multiplier) {
    badShape(
      node,
      `weights ${w.shape.join(' x ')} with multiplier ${multiplier} do not fit ${window.inC} input channels`,
    );
  }
  const bias = optionalInput(node, graph, 2);
  if (bias && (bias.shape.length !== 1 || bias.shape[0] !== outC)) badShape(node, `the bias is not ${outC} numbers`);
  clampAttr(node);
  return { ...window, outC, multiplier };
}

/** [taps, channels] -> [channels, taps]: the order of the kernels. */
function channelFirst<T extends Int8Array | Float32Array>(weights: T, channels: number): T {
  const taps = weights.length / channels;
  return weights.map((_, i) => weights[(i % taps) * channels + Math.floor(i / taps)]) as T;
}

function channelSums(weights: Int8Array, channels: number): Int32Array {
  const sums = new Int32Array(channels);
  weights.forEach((w, i) => {
    sums[i % channels] += w;
  });
  return sums;
}

function lower(node: Node, context: LowerContext): KernelCall {
  const g = geometry(node, context.graph);
  const order = g.multiplier === 1 ? 'channel' : 'pixel';
  return withOverlap(lowerCall(node, context, g), g, g.outC, order, inputOf(node, context.graph, 0).dtype);
}

function lowerCall(node: Node, context: LowerContext, g: Geometry): KernelCall {
  const { graph, rounding } = context;
  if (storedOf(node, graph)) return packedCall(node, graph, rounding);
  const data = inputOf(node, graph, 1).data as Int8Array | Float32Array;
  const bias = optionalInput(node, graph, 2)?.data;
  return weightedCall(node, context, {
    op: 'depthwiseConv2d',
    head: [...windowFields(g, g.outC), ['channel_multiplier', g.multiplier]],
    outC: g.outC,
    axis: 3,
    weights: { data: channelFirst(data, g.outC), shape: [g.outC, g.kernelH, g.kernelW] },
    folded: (weights, { input }) => ({
      bias: foldedBias(bias, channelSums(weights, g.outC), input.zeroPoint),
      zeroPoint: ['input_zero_point', input.zeroPoint],
    }),
  });
}

/** Sum over the taps of one output: input channel c, output channel o, window at (top, left). */
type SumOf = (top: number, left: number, rows: TapRange, columns: TapRange, c: number, o: number) => number;

function convolve(g: Geometry, sums: SumOf, f: Finisher): void {
  const rows = tapRanges(g.outH, g.strideH, g.padTop, g.dilationH, g.kernelH, g.inH);
  const columns = tapRanges(g.outW, g.strideW, g.padLeft, g.dilationW, g.kernelW, g.inW);
  let at = 0;
  for (let y = 0; y < g.outH; y++) {
    for (let x = 0; x < g.outW; x++) {
      const [top, left] = [y * g.strideH - g.padTop, x * g.strideW - g.padLeft];
      for (let o = 0; o < g.outC; o++) {
        f.output[at++] = f.finish(sums(top, left, rows[y], columns[x], Math.floor(o / g.multiplier), o), o);
      }
    }
  }
}

function sumOf(g: Geometry, { arithmetic, x, w }: Factors): SumOf {
  return arithmetic === 's8' ? int32Sum(g, x, w) : arithmetic === 's16' ? float64Sum(g, x, w) : float32Sum(g, x, w);
}

// Three functions rather than one, so that each sees one array type and compiles to a tight loop.

const int32Sum =
  (g: Geometry, x: Int32Array, w: Int32Array): SumOf =>
  (top, left, rows, columns, c, o) => {
    let sum = 0;
    for (let ky = rows.begin; ky < rows.end; ky++) {
      const from = ((top + ky * g.dilationH) * g.inW + left) * g.inC + c;
      const to = ky * g.kernelW * g.outC + o;
      for (let kx = columns.begin; kx < columns.end; kx++) {
        sum = (sum + Math.imul(x[from + kx * g.dilationW * g.inC], w[to + kx * g.outC])) | 0;
      }
    }
    return sum;
  };

const float64Sum =
  (g: Geometry, x: Float64Array, w: Float64Array): SumOf =>
  (top, left, rows, columns, c, o) => {
    let sum = 0;
    for (let ky = rows.begin; ky < rows.end; ky++) {
      const from = ((top + ky * g.dilationH) * g.inW + left) * g.inC + c;
      const to = ky * g.kernelW * g.outC + o;
      for (let kx = columns.begin; kx < columns.end; kx++)
        sum += x[from + kx * g.dilationW * g.inC] * w[to + kx * g.outC];
    }
    return sum;
  };

const float32Sum =
  (g: Geometry, x: Float32Array, w: Float32Array): SumOf =>
  (top, left, rows, columns, c, o) => {
    let sum = 0;
    for (let ky = rows.begin; ky < rows.end; ky++) {
      const from = ((top + ky * g.dilationH) * g.inW + left) * g.inC + c;
      const to = ky * g.kernelW * g.outC + o;
      for (let kx = columns.begin; kx < columns.end; kx++) {
        sum = Math.fround(sum + Math.fround(x[from + kx * g.dilationW * g.inC] * w[to + kx * g.outC]));
      }
    }
    return sum;
  };

export const depthwiseConv2d: OpSpec = {
  op: 'depthwiseConv2d',
  infer(node, graph) {
    const g = geometry(node, graph);
    return [{ shape: [1, g.outH, g.outW, g.outC], dtype: outputOf(node, graph).dtype }];
  },
  macs(node, graph) {
    const g = geometry(node, graph);
    return g.outH * g.outW * g.outC * g.kernelH * g.kernelW;
  },
  unsupported(node, graph) {
    const g = geometry(node, graph);
    return storedObstacle(node, graph) ?? weightedObstacle(node, graph, g.kernelH * g.kernelW, false);
  },
  lower,
  evaluate(node, inputs, { graph, rounding }) {
    const g = geometry(node, graph);
    const f = finisher({ node, graph, bias: inputs[2], rounding, axis: 3, shape: [g.outH, g.outW, g.outC] });
    convolve(g, sumOf(g, factors(f, given(node, inputs, 0), given(node, inputs, 1), 0)), f);
    return [f.output];
  },
};
