// SPDX-License-Identifier: Apache-2.0
// dynamicQuantize: each row as int8 with a scale of its own, found while it runs: the largest magnitude becomes 127. Outputs: the
// integers, and the scale of each row (0 where a row is zero or not finite).
import { elementCount, type Graph, type Node, type TensorData } from '../model/graph.js';
import { badShape, given } from './attributes.js';
import { kernelCall } from './kernels.js';
import { inputOf, type OpSpec } from './op.js';

const f = Math.fround;

function rowsOf(node: Node, graph: Graph): { rows: number; depth: number } {
  const { shape } = inputOf(node, graph, 0);
  const depth = shape.at(-1) ?? badShape(node, 'a scalar has no rows');
  return { rows: elementCount(shape) / depth, depth };
}

/** Half away from zero; what is not a number becomes -127. */
const rounded = (v: number): number => (v >= 127 ? 127 : v > -127 ? Math.trunc(f(v + (v < 0 ? -0.5 : 0.5))) : -127);

/** Puts the row's integers and gives its scale. */
export function quantizeRow(x: ArrayLike<number>, from: number, depth: number, out: Int8Array): number {
  let most = 0;
  for (let i = from; i < from + depth; i++) {
    const magnitude = Math.abs(x[i]);
    if (magnitude > most) most = magnitude;
  }
  if (!(most > 0 && most < Number.POSITIVE_INFINITY)) return 0;
  const factor = f(127 / most);
  for (let i = from; i < from + depth; i++) out[i] = rounded(f(x[i] * factor));
  return f(most / 127);
}

export const dynamicQuantize: OpSpec = {
  op: 'dynamicQuantize',
  infer(node, graph) {
    const { rows } = rowsOf(node, graph);
    return [
      { shape: [...inputOf(node, graph, 0).shape], dtype: 'int8' },
      { shape: [rows], dtype: 'float32' },
    ];
  },
  macs: () => 0,
  unsupported(node, graph) {
    const { dtype, data } = inputOf(node, graph, 0);
    return dtype !== 'float32' || data
      ? { reason: `there is no kernel for ${data ? 'a constant' : dtype}`, change: 'keep its input in float32' }
      : undefined;
  },
  lower(node, { graph }) {
    const { rows, depth } = rowsOf(node, graph);
    return { ...kernelCall('dynamicQuantize', ['f32'], Object.entries({ rows, depth })), outputs: [0, 1] };
  },
  evaluate(node, inputs, { graph }): TensorData[] {
    const { rows, depth } = rowsOf(node, graph);
    const x = given(node, inputs, 0);
    const out = new Int8Array(rows * depth);
    return [out, Float32Array.from({ length: rows }, (_, r) => quantizeRow(x, r * depth, depth, out))];
  },
};
