// SPDX-License-Identifier: Apache-2.0
// transpose, slice, tile and expand: output elements picked from the input at constant strides.
import { elementCount, type Graph, makeData, type Node, type TensorData } from '../model/graph.js';
import { type KernelType, kernelCall } from './kernels.js';
import { inputOf, type OpSpec } from './op.js';
import { forEachIndex, maxDeepRank, maxMoveRank, mergedWalk, moveType, padFront, type Walk } from './strides.js';

/** Where each output element comes from. */
export interface Picking extends Walk {
  /** Shape of the output. */
  shape: number[];
  offset: number;
}

type Copyable = Float32Array;

function pick(node: Node, graph: Graph, p: Picking, data: TensorData | undefined): TensorData[] {
  if (!data) throw new Error(`${node.name}: no data`);
  const out = makeData(inputOf(node, graph, 0).dtype, elementCount(p.shape)) as Copyable;
  const x = data as Copyable;
  let at = 0;
  forEachIndex(p, p.offset, (i) => {
    out[at++] = x[i];
  });
  return [out];
}

/** An operator from the rule that says what is picked. */
export function pickingOp(op: string, picking: (node: Node, graph: Graph) => Picking): OpSpec {
  return {
    op,
    infer(node, graph) {
      const x = inputOf(node, graph, 0);
      return [{ shape: picking(node, graph).shape, dtype: x.dtype, ...(x.quant ? { quant: x.quant } : {}) }];
    },
    macs: () => 0,
    unsupported(node, graph) {
      const x = inputOf(node, graph, 0);
      if (!moveType(x))
        return { reason: `there is no kernel for ${x.dtype}`, change: 'use elements of at most 32 bits' };
      return undefined;
    },
    lower(node, { graph }) {
      const p = picking(node, graph);
      const walk = mergedWalk(p.dims, p.strides);
      const deep = walk.dims.length > maxMoveRank;
      const rank = deep ? maxDeepRank : maxMoveRank;
      return kernelCall(
        deep ? 'stridedCopyDeep' : 'stridedCopy',
        [moveType(inputOf(node, graph, 0)) as KernelType],
        [
          ['dims', { values: padFront(walk.dims, rank, 1) }],
          ['strides', { values: padFront(walk.strides, rank, walk.dims.length === 0 ? 1 : 0) }],
          ['offset', p.offset],
        ],
      );
    },
    evaluate: (node, inputs, { graph }) => pick(node, graph, picking(node, graph), inputs[0]),
  };
}
