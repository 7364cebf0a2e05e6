// SPDX-License-Identifier: Apache-2.0
// transpose: output dimension i is input dimension perm[i].
import { badShape, intList } from './attributes.js';
import { inputOf, type OpSpec } from './op.js';
import { pickingOp } from './stridedCopy.js';
import { rowMajorStrides } from './strides.js';

export const transpose: OpSpec = pickingOp('transpose', (node, graph) => {
  const x = inputOf(node, graph, 0);
  const rank = x.shape.length;
  const perm = intList(node, 'perm', { min: 0, max: Math.max(rank - 1, 0) }, rank);
  if (new Set(perm).size !== rank) badShape(node, `[${perm.join(', ')}] is not a permutation`);
  const strides = rowMajorStrides(x.shape);
  const shape = perm.map((d) => x.shape[d]);
  return { shape, dims: shape, strides: perm.map((d) => strides[d]), offset: 0 };
});
