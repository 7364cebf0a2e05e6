// SPDX-License-Identifier: Apache-2.0
// Activations that the KPU's sixteen pieces can follow: rising functions of a real number. Falling ones stay on the CPU:
// the vendor's simulator rounds negative products twice, and no board has said what it does.
import type { Graph, Node } from '../../../model/graph.js';
import { finiteNumber } from '../../../ops/attributes.js';

type Curve = (x: number) => number;

const curves: Record<string, (node: Node) => Curve | undefined> = {
  logistic: () => (x) => 1 / (1 + Math.exp(-x)),
  tanh: () => Math.tanh,
  softplus: () => (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
  leakyRelu: (node) => {
    const alpha = finiteNumber(node, 'alpha');
    return alpha >= 0 ? (x) => (x > 0 ? x : alpha * x) : undefined;
  },
  elu: (node) => {
    const alpha = finiteNumber(node, 'alpha', 1);
    return alpha >= 0 ? (x) => (x > 0 ? x : alpha * Math.expm1(x)) : undefined;
  },
};

/** The function of a node, where it is one and rises. */
export const curveOf = (node: Node, _graph: Graph): Curve | undefined => curves[node.op]?.(node);
