// SPDX-License-Identifier: Apache-2.0
// The operators of reduceTable.ts.
import { elementCount, type Graph, makeData, type Node, type Tensor, type TensorData } from '../model/graph.js';
import { given, outputOf } from './attributes.js';
import { symmetryObstacle } from './curve16.js';
import { type KernelType, kernelCall } from './kernels.js';
import { maxReduceRank, type Reduction, reductionOf, walkFields } from './mean.js';
import { inputOf, type KernelCall, type OpSpec, type Rounding } from './op.js';
import { limitsOf, sameQuant, scaleOf } from './quantized.js';
import { type Fold, type ReduceRow, reduceTable } from './reduceTable.js';
import {
  clampTo,
  type Multiplier,
  quantizeMultiplier,
  quantizeMultiplier64,
  requantize,
  requantize64,
  roundingCode,
} from './requantize.js';
import { forEachIndex } from './strides.js';
import type { Reason } from './weighted.js';

const typeNames: Partial<Record<Tensor['dtype'], 'f32' | 's32' | 's16' | 's8'>> = {
  float32: 'f32',
  int32: 's32',
  int16: 's16',
  int8: 's8',
};

/** What an element of the output is made of, where the operator has a kernel for the type. */
function foldOf(row: ReduceRow, { dtype }: Tensor): Fold | undefined {
  const type = typeNames[dtype];
  return type && row.types[type];
}

const isScaled = (row: ReduceRow, { dtype }: Tensor): boolean =>
  (dtype === 'int8' || dtype === 'int16') && row.scaled !== undefined;

function obstacle(row: ReduceRow, node: Node, graph: Graph): Reason | undefined {
  const [x, y] = [inputOf(node, graph, 0), outputOf(node, graph)];
  const { kept, reduced, count } = reductionOf(node, graph);
  if (x.dtype !== y.dtype || !(foldOf(row, x) || isScaled(row, x)))
    return { reason: `there is no kernel for ${x.dtype} giving ${y.dtype}`, change: 'keep this layer in float32' };
  if (kept.dims.length > maxReduceRank || reduced.dims.length > maxReduceRank)
    return { reason: 'its axes alternate too often', change: `use at most ${maxReduceRank} separate groups of axes` };
  const limit = isScaled(row, x) ? row.scaled?.maxCount[x.dtype as 'int8' | 'int16'] : undefined;
  if (limit !== undefined && count > limit)
    return { reason: `it sums ${count} elements, more than ${limit}`, change: 'reduce in two steps' };
  if (isScaled(row, x) && x.dtype === 'int16') return symmetryObstacle({ node, x, y });
  if (!isScaled(row, x) && x.quant && y.quant && !sameQuant(x.quant, y.quant))
    return { reason: 'its input and output have different scales', change: 'requantize after it' };
  return undefined;
}

function factorOf(row: ReduceRow, node: Node, graph: Graph): Multiplier {
  const [x, y] = [inputOf(node, graph, 0), outputOf(node, graph)];
  const factor = x.dtype === 'int16' ? quantizeMultiplier64 : quantizeMultiplier;
  return factor(scaleOf(node, x).scale ** (row.scaled?.power ?? 1) / scaleOf(node, y).scale);
}

function lower(row: ReduceRow, node: Node, graph: Graph, rounding: Rounding): KernelCall {
  const { kept, reduced } = reductionOf(node, graph);
  const [x, y] = [inputOf(node, graph, 0), outputOf(node, graph)];
  const head = [...walkFields('kept', kept), ...walkFields('reduced', reduced)];
  const type = typeNames[x.dtype] as KernelType;
  if (!isScaled(row, x)) return kernelCall(row.op, [type], head);
  const factor = factorOf(row, node, graph);
  const wide: [string, number][] = [
    ['multiplier', factor.multiplier],
    ['shift', factor.shift],
  ];
  if (x.dtype === 'int16') return kernelCall(row.op, [type], [...head, ...wide]);
  const rest = {
    input_zero_point: scaleOf(node, x).zeroPoint,
    multiplier: factor.multiplier,
    shift: factor.shift,
    output_zero_point: scaleOf(node, y).zeroPoint,
    rounding: roundingCode(rounding),
  };
  return kernelCall(row.op, [type], [...head, ...Object.entries(rest)]);
}

/** Each output of the values of its elements. */
function reduce(
  out: TensorData | Float64Array,
  { kept, reduced }: Reduction,
  start: number,
  add: Fold['step'],
  x: TensorData,
): void {
  const data = x as Float32Array;
  let at = 0;
  forEachIndex(kept, 0, (from) => {
    let sum = start;
    forEachIndex(reduced, from, (i) => {
      sum = add(sum, data[i]);
    });
    out[at++] = sum;
  });
}

function evaluate(row: ReduceRow, node: Node, graph: Graph, x: TensorData, rounding: Rounding): TensorData[] {
  const [t, y] = [inputOf(node, graph, 0), outputOf(node, graph)];
  const reduction = reductionOf(node, graph);
  const out = makeData(t.dtype, elementCount(reduction.shape)) as Float32Array;
  const { scaled } = row;
  if (!scaled || !isScaled(row, t)) {
    const fold = foldOf(row, t);
    if (!fold) throw new Error(`${node.name}: ${row.op} cannot compute ${t.dtype}`);
    reduce(out, reduction, fold.start, fold.step, x);
    return [out];
  }
  const [from, to, factor] = [scaleOf(node, t).zeroPoint, scaleOf(node, y).zeroPoint, factorOf(row, node, graph)];
  const { min, max } = limitsOf(y);
  const sums = new Float64Array(out.length);
  reduce(sums, reduction, 0, (sum, q) => sum + scaled.term(q - from), x);
  sums.forEach((sum, i) => {
    const scaledSum = t.dtype === 'int16' ? requantize64(sum, factor) : requantize(sum, factor, rounding);
    out[i] = clampTo((scaledSum + to) | 0, min, max);
  });
  return [out];
}

export function reduceOp(row: ReduceRow): OpSpec {
  return {
    op: row.op,
    infer(node, graph) {
      const x = inputOf(node, graph, 0);
      const kept = x.quant && !isScaled(row, x) ? { quant: x.quant } : {};
      return [{ shape: reductionOf(node, graph).shape, dtype: x.dtype, ...kept }];
    },
    macs: () => 0,
    unsupported: (node, graph) => obstacle(row, node, graph),
    lower: (node, { graph, rounding }) => lower(row, node, graph, rounding),
    evaluate: (node, inputs, { graph, rounding }) => evaluate(row, node, graph, given(node, inputs, 0), rounding),
  };
}

/** But product, which has an integer form of its own (product.ts). */
export const reduceOps: readonly OpSpec[] = reduceTable.filter(({ op }) => op !== 'product').map(reduceOp);
