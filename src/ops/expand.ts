// SPDX-License-Identifier: Apache-2.0
// expand: numpy broadcasting of one tensor to a shape.
import { badShape, intList } from './attributes.js';
import { broadcastShape, broadcastStrides } from './broadcast.js';
import { inputOf, type OpSpec } from './op.js';
import { pickingOp } from './stridedCopy.js';

export const expand: OpSpec = pickingOp('expand', (node, graph) => {
  const x = inputOf(node, graph, 0);
  const asked = intList(node, 'shape', { min: 1, max: 2 ** 31 - 1 });
  const shape = broadcastShape(x.shape, asked);
  if (!shape) return badShape(node, `${x.shape.join(' x ')} does not broadcast to ${asked.join(' x ')}`);
  return { shape, dims: shape, strides: broadcastStrides(x.shape, shape), offset: 0 };
});
