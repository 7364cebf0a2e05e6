// SPDX-License-Identifier: Apache-2.0
// argMax and argMin: the index (int32) of the largest or smallest element along one axis, the first of equal ones or, with
// `last`, the last. Quantized integers compare as they are.
import { elementCount, type Graph, type Node, type Tensor } from '../model/graph.js';
import { axisOf, badShape, given } from './attributes.js';
import { type KernelType, kernelCall } from './kernels.js';
import { inputOf, type OpSpec } from './op.js';

const typeNames: Partial<Record<Tensor['dtype'], KernelType>> = {
  float32: 'f32',
  int32: 's32',
  int8: 's8',
  int16: 's16',
};

interface Search {
  shape: number[];
  outer: number;
  depth: number;
  inner: number;
  last: boolean;
}

function searchOf(node: Node, graph: Graph): Search {
  const { shape } = inputOf(node, graph, 0);
  if (shape.length === 0) badShape(node, 'its input has no dimensions');
  const axis = axisOf(node, node.attrs.axis, shape.length);
  return {
    shape: node.attrs.keepDims ? shape.map((n, d) => (d === axis ? 1 : n)) : shape.filter((_, d) => d !== axis),
    outer: elementCount(shape.slice(0, axis)),
    depth: shape[axis],
    inner: elementCount(shape.slice(axis + 1)),
    last: node.attrs.last === true,
  };
}

function argOp(op: 'argMax' | 'argMin'): OpSpec {
  const beats = op === 'argMax' ? (a: number, b: number) => a > b : (a: number, b: number) => a < b;
  return {
    op,
    infer: (node, graph) => [{ shape: searchOf(node, graph).shape, dtype: 'int32' }],
    macs: () => 0,
    unsupported(node, graph) {
      const { dtype } = inputOf(node, graph, 0);
      return typeNames[dtype]
        ? undefined
        : { reason: `there is no kernel for ${dtype}`, change: 'use float32, int32, int16 or int8' };
    },
    lower(node, { graph }) {
      const { outer, depth, inner, last } = searchOf(node, graph);
      const type = typeNames[inputOf(node, graph, 0).dtype] as KernelType;
      return kernelCall(op, [type], Object.entries({ outer, depth, inner, last: last ? 1 : 0 }));
    },
    evaluate(node, inputs, { graph }) {
      const { shape, depth, inner, last } = searchOf(node, graph);
      const x = given(node, inputs, 0);
      const out = new Int32Array(elementCount(shape));
      for (let i = 0; i < out.length; i++) {
        const start = Math.floor(i / inner) * depth * inner + (i % inner);
        let best = 0;
        for (let k = 1; k < depth; k++) {
          const [a, b] = [x[start + k * inner], x[start + best * inner]];
          if (beats(a, b) || (last && a === b)) best = k;
        }
        out[i] = best;
      }
      return [out];
    },
  };
}

export const argMax = argOp('argMax');
export const argMin = argOp('argMin');
