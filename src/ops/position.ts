// SPDX-License-Identifier: Apache-2.0
// position: which step of a sequence this inference is, counted from the last reset. The count is state (Graph.states); it
// stops at `limit`, so that a position is always below it.
import type { TensorData } from '../model/graph.js';
import { badShape, given, int } from './attributes.js';
import { kernelCall } from './kernels.js';
import { inputOf, type OpSpec } from './op.js';

export const maxPositions = 2 ** 24;

export const position: OpSpec = {
  op: 'position',
  infer(node, graph) {
    const { shape, dtype } = inputOf(node, graph, 0);
    if (dtype !== 'int32' || shape.length !== 1 || shape[0] !== 1) badShape(node, 'its count is not one int32');
    int(node, 'limit', { min: 1, max: maxPositions });
    return [
      { shape: [1], dtype },
      { shape: [1], dtype },
    ];
  },
  macs: () => 0,
  updates: [{ input: 0, output: 1 }],
  lower(node) {
    const limit = int(node, 'limit', { min: 1, max: maxPositions });
    return { ...kernelCall('position', ['s32'], [['limit', limit]]), outputs: [0, 1] };
  },
  evaluate(node, inputs): TensorData[] {
    const limit = int(node, 'limit', { min: 1, max: maxPositions });
    const at = Math.min(limit - 1, Math.max(0, given(node, inputs, 0)[0]));
    return [Int32Array.of(at), Int32Array.of(at + 1)];
  },
};
