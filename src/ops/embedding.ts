// SPDX-License-Identifier: Apache-2.0
// embedding: rows of constant int8 weights [V, K], with a scale per row, chosen by index and made float32. An index below 0
// counts from the end; one beyond the ends takes the nearest row.
import { elementCount, type Graph, type Node } from '../model/graph.js';
import { badShape, given } from './attributes.js';
import { kernelCall } from './kernels.js';
import { inputOf, type OpSpec } from './op.js';
import { constant, tensorConstant } from './weighted.js';

const f = Math.fround;

function geometry(node: Node, graph: Graph): { count: number; depth: number; inner: number } {
  const [indices, w] = [inputOf(node, graph, 0), inputOf(node, graph, 1)];
  if (w.shape.length !== 2) badShape(node, `the weights have ${w.shape.length} dimensions, not 2`);
  return { count: elementCount(indices.shape), depth: w.shape[0], inner: w.shape[1] };
}

export const embedding: OpSpec = {
  op: 'embedding',
  infer(node, graph) {
    const { inner } = geometry(node, graph);
    return [{ shape: [...inputOf(node, graph, 0).shape, inner], dtype: 'float32' }];
  },
  macs: () => 0,
  unsupported(node, graph) {
    const [indices, w] = [inputOf(node, graph, 0), inputOf(node, graph, 1)];
    const fits = indices.dtype === 'int32' && !indices.data && w.dtype === 'int8' && w.data;
    return fits && w.quant?.scales.length === w.shape[0]
      ? undefined
      : { reason: 'its types have no kernel', change: 'use gather' };
  },
  lower(node, { graph }) {
    const w = inputOf(node, graph, 1);
    const scales = constant('scales', 'float32', Float32Array.from(w.quant?.scales ?? []), [w.shape[0]]);
    return kernelCall(
      'embedding',
      ['s8'],
      [...Object.entries(geometry(node, graph)), ['weights', tensorConstant('weights', w)], ['scales', scales]],
    );
  },
  evaluate(node, inputs, { graph }) {
    const { depth, inner } = geometry(node, graph);
    const [indices, w] = [given(node, inputs, 0), given(node, inputs, 1)];
    const scales = inputOf(node, graph, 1).quant?.scales ?? new Float64Array(depth);
    const out = [...indices].flatMap((given) => {
      const index = Math.min(depth - 1, Math.max(0, given < 0 ? given + depth : given));
      return Array.from({ length: inner }, (_, i) => f(w[index * inner + i] * f(scales[index])));
    });
    return [Float32Array.from(out)];
  },
};
