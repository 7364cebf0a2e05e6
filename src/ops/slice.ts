// SPDX-License-Identifier: Apache-2.0
// slice: `size` elements from `begin` on, every `strides`-th, along each dimension.
import { badShape, intList } from './attributes.js';
import { inputOf, type OpSpec } from './op.js';
import { pickingOp } from './stridedCopy.js';
import { rowMajorStrides } from './strides.js';

const int32Max = 2 ** 31 - 1;

export const slice: OpSpec = pickingOp('slice', (node, graph) => {
  const x = inputOf(node, graph, 0);
  const rank = x.shape.length;
  const begin = intList(node, 'begin', { min: 0, max: int32Max }, rank);
  const size = intList(node, 'size', { min: 1, max: int32Max }, rank);
  const steps = intList(node, 'strides', { min: 1, max: int32Max }, rank);
  x.shape.forEach((n, d) => {
    if (begin[d] + (size[d] - 1) * steps[d] >= n) badShape(node, `it reads beyond the ${n} elements of dimension ${d}`);
  });
  const strides = rowMajorStrides(x.shape);
  return {
    shape: [...size],
    dims: size,
    strides: strides.map((s, d) => s * steps[d]),
    offset: strides.reduce((sum, s, d) => sum + s * begin[d], 0),
  };
});
