// SPDX-License-Identifier: Apache-2.0
// tile: the tensor repeated along each dimension.
import { intList } from './attributes.js';
import { inputOf, type OpSpec } from './op.js';
import { pickingOp } from './stridedCopy.js';
import { rowMajorStrides } from './strides.js';

export const tile: OpSpec = pickingOp('tile', (node, graph) => {
  const { shape } = inputOf(node, graph, 0);
  const repeats = intList(node, 'repeats', { min: 1, max: 2 ** 31 - 1 }, shape.length);
  const strides = rowMajorStrides(shape);
  // Each dimension is two: one that repeats, at stride 0, and the tensor's own.
  return {
    shape: shape.map((n, d) => n * repeats[d]),
    dims: shape.flatMap((n, d) => [repeats[d], n]),
    strides: shape.flatMap((_, d) => [0, strides[d]]),
    offset: 0,
  };
});
