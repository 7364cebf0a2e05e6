// SPDX-License-Identifier: Apache-2.0
// What folding at read time is made of: a node's constants, and the constant that it becomes.
import { type DType, elementCount, makeData, type Tensor, type TensorData } from '../graph.js';
import type { OnnxNode } from './node.js';

export type Folded = Omit<Tensor, 'name'>;
export type Fold = (n: OnnxNode) => Folded;

export interface FoldRow {
  fold: Fold;
  /** How many of its inputs must be constant for the result to be; all of them unless said. */
  needs?: number;
  /** Where it holds only. */
  only?: (n: OnnxNode) => boolean;
}

/** A new constant array, charged before it is there. */
export function allocate(n: OnnxNode, dtype: DType, length: number): TensorData {
  n.values.budget.charge(length * 8);
  return makeData(dtype, length);
}

export function dataOf(n: OnnxNode, i: number): { tensor: Tensor; data: TensorData } {
  const tensor = n.constant(i, 'input');
  return { tensor, data: tensor.data ?? n.broken('an input has no data') };
}

/** Elements at `sources`, in order. */
export function pick(n: OnnxNode, i: number, shape: number[], sources: (at: number) => number): Folded {
  const { tensor, data } = dataOf(n, i);
  const out = allocate(n, tensor.dtype, elementCount(shape));
  for (let at = 0; at < out.length; at++) out[at] = data[sources(at)];
  return { dtype: tensor.dtype, shape, data: out };
}

export function toBigInt(n: OnnxNode, v: number): bigint {
  return Number.isFinite(v) && Math.abs(v) < 2 ** 63
    ? BigInt(Math.trunc(v))
    : n.broken(`it turns ${v} into an integer`);
}
