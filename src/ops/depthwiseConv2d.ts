// SPDX-License-Identifier: Apache-2.0
// depthwiseConv2d: one filter (or `multiplier` filters) per input channel; weights 1HWO.
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
  multiplier: number;
}

function geometry(node: Node, graph: Graph): Geometry {
  const w = inputOf(node, graph, 1);
  if (w.shape.length !== 4) badShape(node, `the weights have ${w.shape.length} dimensions, not 4`);
  const [one, kernelH, kernelW, outC] = w.shape;
  const window = windowOf(node, graph, [kernelH, kernelW], true);
  const multiplier = int(node, 'multiplier', { min: 1, max: 65_535 });
  if (one !== 1 || outC < 1 || outC !== window.inC * multiplier) {
    badShape(node, `weights ${w.shape.join(' x ')} with multiplier ${multiplier} do not fit ${window.inC} input channels`);
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

function lower(node: Node, { graph, rounding }: LowerContext): KernelCall {
  const g = geometry(node, graph);
  const w = inputOf(node, graph, 1);
  const bias = optionalInput(node, graph, 2)?.data;
  const shape = [g.outC, g.kernelH, g.kernelW];
  const head = [...windowFields(g, g.outC), ['channel_multiplier', g.multiplier]] satisfies ReturnType<typeof windowFields>;
  if (arithmeticOf(node, graph) === 'f32') {
    const weights = constant('weights', 'float32', channelFirst(w.data as Float32Array, g.outC), shape);
    return kernelCall('depthwiseConv2d', ['f32', 'f32'], [...head, ...floatConstants(node, weights, floatBias(bias, g.outC))]);
  }
  const r = rescalingOf(node, graph, 3);
  const weights = constant('weights', 'int8', channelFirst(w.data as Int8Array, g.outC), shape);
  if (inputOf(node, graph, 0).dtype === 'int16') {
    const wide = constant('bias', 'int64', wideBias(bias, g.outC), [g.outC]);
    return kernelCall('depthwiseConv2d', ['s16', 's8'], [
      ...head, ...integerConstants(weights, wide, r), ['accumulator_bits', r.accumulatorBits], ...clampFields(r.range, rounding),
    ]);
  }
  const folded = foldedBias(bias, channelSums(w.data as Int8Array, g.outC), r.input.zeroPoint);
  return kernelCall('depthwiseConv2d', ['s8', 's8'], [
    ...head, ...integerConstants(weights, constant('bias', 'int32', folded, [g.outC]), r),
    ['input_zero_point', r.input.zeroPoint], ['output_zero_point', r.output.zeroPoint], ...clampFields(r.range, rounding),
  ]);
}

type Numbers = Exclude<TensorData, BigInt64Array>;

function convolve(g: Geometry, x: Numbers, w: Numbers, f: Finisher): void {
  const rows = tapRanges(g.outH, g.strideH, g.padTop, g.dilationH, g.kernelH, g.inH);
  const columns = tapRanges(g.outW, g.strideW, g.padLeft, g.dilationW, g.kernelW, g.inW);
  const float = f.arithmetic === 'f32';
  let at = 0;
  for (let y = 0; y < g.outH; y++) {
    for (let xo = 0; xo < g.outW; xo++) {
      for (let c = 0; c < g.outC; c++) {
        const channel = Math.floor(c / g.multiplier);
        let sum = 0;
        for (let ky = rows[y].begin; ky < rows[y].end; ky++) {
          const row = (y * g.strideH - g.padTop + ky * g.dilationH) * g.inW + xo * g.strideW - g.padLeft;
          for (let kx = columns[xo].begin; kx < columns[xo].end; kx++) {
            const value = x[(row + kx * g.dilationW) * g.inC + channel] - f.inputZeroPoint;
            const product = value * w[(ky * g.kernelW + kx) * g.outC + c];
            sum = float ? Math.fround(sum + Math.fround(product)) : sum + product;
          }
        }
        f.output[at++] = f.finish(sum, c);
      }
    }
  }
}

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
    return weightedObstacle(node, graph, g.kernelH * g.kernelW, false);
  },
  lower,
  evaluate(node, inputs, { graph, rounding }) {
    const g = geometry(node, graph);
    const f = finisher({ node, graph, bias: inputs[2], rounding, axis: 3, shape: [g.outH, g.outW, g.outC] });
    convolve(g, given(node, inputs, 0), given(node, inputs, 1), f);
    return [f.output];
  },
};
