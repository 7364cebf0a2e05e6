// SPDX-License-Identifier: Apache-2.0
// gather: rows of x along an axis, chosen by indices (int32). An index below 0 counts from the end; one beyond the ends,
// which only a computed index can be, takes the nearest row: no index reads outside of x.
import { elementCount, type Graph, makeData, type Node, type Tensor } from '../model/graph.js';
import { axisOf, badShape, given } from './attributes.js';
import { type KernelType, kernelCall } from './kernels.js';
import { inputOf, type OpSpec } from './op.js';
import { moveType } from './strides.js';
import { tensorConstant } from './weighted.js';

interface Rows {
  x: Tensor;
  indices: Tensor;
  shape: number[];
  outer: number;
  depth: number;
  inner: number;
  count: number;
}

function rowsOf(node: Node, graph: Graph): Rows {
  const [x, indices] = [inputOf(node, graph, 0), inputOf(node, graph, 1)];
  if (x.shape.length === 0) badShape(node, 'its input has no dimensions');
  const axis = axisOf(node, node.attrs.axis, x.shape.length);
  return {
    x,
    indices,
    shape: [...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)],
    outer: elementCount(x.shape.slice(0, axis)),
    depth: x.shape[axis],
    inner: elementCount(x.shape.slice(axis + 1)),
    count: elementCount(indices.shape),
  };
}

export const gather: OpSpec = {
  op: 'gather',
  infer(node, graph) {
    const { x, shape } = rowsOf(node, graph);
    return [{ shape, dtype: x.dtype, ...(x.quant ? { quant: x.quant } : {}) }];
  },
  macs: () => 0,
  unsupported(node, graph) {
    const { x, indices } = rowsOf(node, graph);
    if (!moveType(x) || indices.dtype !== 'int32')
      return {
        reason: `there is no kernel for ${x.dtype} by ${indices.dtype}`,
        change: 'use elements of at most 32 bits and int32 indices',
      };
    if (x.data && indices.data)
      return { reason: 'both of its inputs are constant', change: 'export the model with constants folded' };
    return undefined;
  },
  lower(node, { graph }) {
    const { x, indices, outer, depth, inner, count } = rowsOf(node, graph);
    return kernelCall(
      'gather',
      [moveType(x) as KernelType],
      [
        ...Object.entries({ outer, depth, inner, count }),
        ['x_constant', tensorConstant('x_constant', x)],
        ['index_constant', tensorConstant('index_constant', indices)],
      ],
      [x.data ? 1 : 0, indices.data ? 0 : 1],
    );
  },
  evaluate(node, inputs, { graph }) {
    const { x: t, shape, outer, depth, inner, count } = rowsOf(node, graph);
    const [x, indices] = [given(node, inputs, 0), given(node, inputs, 1)];
    const out = makeData(t.dtype, elementCount(shape)) as Float32Array;
    let at = 0;
    for (let o = 0; o < outer; o++) {
      for (let k = 0; k < count; k++) {
        const index = indices[k] < 0 ? indices[k] + depth : indices[k];
        const from = (o * depth + Math.min(depth - 1, Math.max(0, index))) * inner;
        for (let i = 0; i < inner; i++) out[at++] = x[from + i];
      }
    }
    return [out];
  },
};
