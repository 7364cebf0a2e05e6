// SPDX-License-Identifier: Apache-2.0
// where: a where the condition (bool) is true, else b, with broadcasting. Elements are moved, not computed with; integers
// must have one scale.
import { elementCount, type Graph, makeData, type Node, type TensorData } from '../model/graph.js';
import { badShape, given } from './attributes.js';
import { broadcastShape, maxBroadcastRank } from './broadcast.js';
import { type KernelType, kernelCall } from './kernels.js';
import { inputOf, type OpSpec } from './op.js';
import { sameQuant } from './quantized.js';
import { moveType, padFront } from './strides.js';
import { forEachOf, mergedWalks, type Walks } from './walks.js';
import { tensorConstant } from './weighted.js';

interface Choice {
  shape: number[];
  walk: Walks;
}

function choiceOf(node: Node, graph: Graph): Choice {
  const shapes = [0, 1, 2].map((i) => inputOf(node, graph, i).shape);
  const choices = broadcastShape(shapes[1], shapes[2]);
  const shape = choices && broadcastShape(shapes[0], choices);
  if (!shape) badShape(node, `shapes ${shapes.map((s) => s.join(' x ')).join(', ')} do not fit together`);
  return { shape, walk: mergedWalks(shapes, shape) };
}

export const where: OpSpec = {
  op: 'where',
  infer(node, graph) {
    const a = inputOf(node, graph, 1);
    return [{ shape: choiceOf(node, graph).shape, dtype: a.dtype, ...(a.quant ? { quant: a.quant } : {}) }];
  },
  macs: () => 0,
  unsupported(node, graph) {
    const [c, a, b] = [0, 1, 2].map((i) => inputOf(node, graph, i));
    if (c.dtype !== 'bool' || a.dtype !== b.dtype || !moveType(a))
      return {
        reason: `there is no kernel for ${c.dtype} choosing between ${a.dtype} and ${b.dtype}`,
        change: 'choose by a comparison between two tensors of one type',
      };
    if (a.quant && b.quant && !sameQuant(a.quant, b.quant))
      return { reason: 'its choices have different scales', change: 'requantize them to one scale' };
    if (c.data) return { reason: 'its condition is constant', change: 'export the model with constants folded' };
    const rank = choiceOf(node, graph).walk.dims.length;
    if (rank > maxBroadcastRank)
      return { reason: `it broadcasts over ${rank} dimensions`, change: `use at most ${maxBroadcastRank} dimensions` };
    return undefined;
  },
  lower(node, { graph }) {
    const { walk } = choiceOf(node, graph);
    const [, a, b] = [0, 1, 2].map((i) => inputOf(node, graph, i));
    const strides = ['condition', 'a', 'b'].map(
      (name, i) =>
        [`${name}_strides`, { values: padFront(walk.strides[i], maxBroadcastRank, 0) }] as [
          string,
          { values: number[] },
        ],
    );
    return kernelCall(
      'where',
      [moveType(a) as KernelType],
      [
        ['dims', { values: padFront(walk.dims, maxBroadcastRank, 1) }],
        ...strides,
        ['a_constant', tensorConstant('a_constant', a)],
        ['b_constant', tensorConstant('b_constant', b)],
      ],
      [0, a.data ? 0 : 1, b.data ? 0 : 2],
    );
  },
  evaluate(node, inputs, { graph }): TensorData[] {
    const { shape, walk } = choiceOf(node, graph);
    const [c, a, b] = [0, 1, 2].map((i) => given(node, inputs, i));
    const out = makeData(inputOf(node, graph, 1).dtype, elementCount(shape)) as Float32Array;
    let at = 0;
    forEachOf(walk, ([i, j, k]) => {
      out[at++] = c[i] !== 0 ? a[j] : b[k];
    });
    return [out];
  },
};
