// SPDX-License-Identifier: Apache-2.0
// mean over some axes. Integers follow TensorFlow Lite's reference: with equal scales the sum is divided and cut, else
// the division is part of the multiplier.
import { elementCount, type Graph, makeData, type Node, type Tensor, type TensorData } from '../model/graph.js';
import { axisOf, badShape, given, outputOf } from './attributes.js';
import { type KernelType, kernelCall } from './kernels.js';
import { type CStruct, inputOf, type KernelCall, type LowerContext, type OpSpec, type Rounding } from './op.js';
import { limitsOf, sameQuant, scaleOf } from './quantized.js';
import { clampTo, type Multiplier, quantizeMultiplier, requantize, roundingCode } from './requantize.js';
import { forEachIndex, mergedWalk, padFront, rowMajorStrides, type Walk } from './strides.js';
import type { Reason } from './weighted.js';

export interface Reduction {
  shape: number[];
  kept: Walk;
  reduced: Walk;
  /** Elements of one mean. */
  count: number;
}

export function reductionOf(node: Node, graph: Graph): Reduction {
  const { shape } = inputOf(node, graph, 0);
  const { axes, keepDims } = node.attrs;
  if (!Array.isArray(axes)) badShape(node, "'axes' must be a list of integers");
  const reduced = new Set(axes.map((a) => axisOf(node, a, shape.length)));
  const strides = rowMajorStrides(shape);
  const dimensions = shape.map((_, d) => d);
  const walk = (keep: boolean): Walk => {
    const chosen = dimensions.filter((d) => reduced.has(d) !== keep);
    return mergedWalk(
      chosen.map((d) => shape[d]),
      chosen.map((d) => strides[d]),
    );
  };
  const count = elementCount(shape.filter((_, d) => reduced.has(d)));
  if (count < 1) badShape(node, 'it reduces nothing');
  const out = keepDims ? shape.map((n, d) => (reduced.has(d) ? 1 : n)) : shape.filter((_, d) => !reduced.has(d));
  return { shape: out, kept: walk(true), reduced: walk(false), count };
}

/** Dimensions of each kind that the kernels take. */
export const maxReduceRank = 3;
/** The sum of this many elements, zero point included, fits 32 bits: 2^31 / 2^8, 2^31 / 2^16. */
const maxCount: Partial<Record<Tensor['dtype'], number>> = { int8: 2 ** 23, int16: 32_767 };
const kernelTypes: Partial<Record<Tensor['dtype'], KernelType>> = { float32: 'f32', int8: 's8', int16: 's16' };

function obstacle(node: Node, graph: Graph): Reason | undefined {
  const [x, y] = [inputOf(node, graph, 0), outputOf(node, graph)];
  const { kept, reduced, count } = reductionOf(node, graph);
  if (!kernelTypes[x.dtype] || x.dtype !== y.dtype) {
    return {
      reason: `there is no kernel for ${x.dtype} giving ${y.dtype}`,
      change: 'use float32, int8 or int16 throughout',
    };
  }
  if (kept.dims.length > maxReduceRank || reduced.dims.length > maxReduceRank) {
    return { reason: 'its axes alternate too often', change: `use at most ${maxReduceRank} separate groups of axes` };
  }
  const limit = maxCount[x.dtype];
  return limit && count > limit
    ? { reason: `it sums ${count} elements, more than ${limit}`, change: 'take the mean in two steps' }
    : undefined;
}

/** NAME_dims and NAME_strides of a kernel that reduces. */
export const walkFields = (name: string, w: Walk): CStruct['fields'] => [
  [`${name}_dims`, { values: padFront(w.dims, maxReduceRank, 1) }],
  [`${name}_strides`, { values: padFront(w.strides, maxReduceRank, 0) }],
];

/** TensorFlow Lite's multiplier with 1 / count in it. */
function meanMultiplier(real: number, count: number): Multiplier {
  const { multiplier, shift } = quantizeMultiplier(real);
  const extra = Math.min(Math.floor(Math.log2(count)), 32, 31 + shift);
  return { multiplier: Number((BigInt(multiplier) << BigInt(extra)) / BigInt(count)), shift: shift - extra };
}

/** Input steps of a sum -> output steps of its mean. */
export function meanFactor(node: Node, x: Tensor, y: Tensor, count: number): Multiplier {
  return meanMultiplier(scaleOf(node, x).scale / scaleOf(node, y).scale, count);
}

function lower(node: Node, { graph, rounding }: LowerContext): KernelCall {
  const [x, y] = [inputOf(node, graph, 0), outputOf(node, graph)];
  const { kept, reduced, count } = reductionOf(node, graph);
  const head = [...walkFields('kept', kept), ...walkFields('reduced', reduced)];
  if (x.dtype === 'float32') return kernelCall('mean', ['f32'], head);
  const factor = meanFactor(node, x, y, count);
  return kernelCall(
    'mean',
    [kernelTypes[x.dtype] as KernelType],
    [
      ...head,
      ['same_scale', sameQuant(x.quant, y.quant) ? 1 : 0],
      ['input_zero_point', scaleOf(node, x).zeroPoint],
      ['multiplier', factor.multiplier],
      ['shift', factor.shift],
      ['output_zero_point', scaleOf(node, y).zeroPoint],
      ['rounding', roundingCode(rounding)],
    ],
  );
}

/** Sum -> mean. */
function finishing(node: Node, x: Tensor, y: Tensor, count: number, rounding: Rounding): (sum: number) => number {
  if (x.dtype === 'float32') return (sum) => Math.fround(sum / count);
  if (sameQuant(x.quant, y.quant)) return (sum) => Math.trunc(sum / count);
  const factor = meanFactor(node, x, y, count);
  const [from, to] = [scaleOf(node, x).zeroPoint, scaleOf(node, y).zeroPoint];
  const { min, max } = limitsOf(y);
  return (sum) => clampTo((requantize(sum - from * count, factor, rounding) + to) | 0, min, max);
}

function evaluate(
  node: Node,
  graph: Graph,
  inputs: readonly (TensorData | undefined)[],
  rounding: Rounding,
): TensorData[] {
  const t = inputOf(node, graph, 0);
  const { kept, reduced, count, shape } = reductionOf(node, graph);
  const x = given(node, inputs, 0);
  const out = makeData(t.dtype, elementCount(shape)) as Float32Array;
  const finish = finishing(node, t, outputOf(node, graph), count, rounding);
  const float = t.dtype === 'float32';
  let at = 0;
  forEachIndex(kept, 0, (from) => {
    let sum = 0;
    forEachIndex(reduced, from, (i) => {
      sum = float ? Math.fround(sum + x[i]) : sum + x[i];
    });
    out[at++] = finish(sum);
  });
  return [out];
}

export const mean: OpSpec = {
  op: 'mean',
  infer(node, graph) {
    return [{ shape: reductionOf(node, graph).shape, dtype: inputOf(node, graph, 0).dtype }];
  },
  macs: () => 0,
  unsupported: obstacle,
  lower,
  evaluate: (node, inputs, { graph, rounding }) => evaluate(node, graph, inputs, rounding),
};
