// SPDX-License-Identifier: Apache-2.0
// A layer's weights as a matrix, output channels by the products of one output, and back.
import type { WeightMatrix } from '../compress/formats/index.js';
import type { Tensor } from '../model/graph.js';

/** Output channels of a weight tensor of this operator. */
export const weightRows = (op: string, shape: readonly number[]): number =>
  op === 'depthwiseConv2d' ? shape[3] : shape[0];

/** Where an element of the tensor lies in the matrix: OHWI and OI as they are, 1HWO turned over. */
export function matrixIndex(op: string, shape: readonly number[]): (i: number) => number {
  if (op !== 'depthwiseConv2d') return (i) => i;
  const rows = shape[3];
  const columns = shape[1] * shape[2];
  return (i) => (i % rows) * columns + Math.floor(i / rows);
}

export function weightMatrix(op: string, w: Tensor): WeightMatrix {
  const data = w.data as Int8Array;
  const rows = weightRows(op, w.shape);
  const at = matrixIndex(op, w.shape);
  const values = new Int8Array(data.length);
  data.forEach((v, i) => {
    values[at(i)] = v;
  });
  const { groupScales } = w.stored ?? {};
  return { rows, columns: data.length / rows, values, ...(groupScales ? { groupScales } : {}) };
}

/** The tensor's data of a matrix. */
export function weightData(op: string, shape: readonly number[], { values }: WeightMatrix): Int8Array {
  const at = matrixIndex(op, shape);
  return values.map((_, i) => values[at(i)]);
}
