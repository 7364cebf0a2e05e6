// SPDX-License-Identifier: Apache-2.0
// What cannot run on a target, and why: known on the host, before anything is emitted.
import type { Graph, Node } from './model/graph.js';
import { opSpec } from './ops/index.js';

export interface Obstacle {
  node: string;
  /** The operator's name in the model file. */
  operator: string;
  reason: string;
  change: string;
}

function obstacleOf(graph: Graph, node: Node): Obstacle | undefined {
  if (node.op === 'unsupported') {
    const { operator, reason, change } = node.attrs;
    return { node: node.name, operator: String(operator), reason: String(reason), change: String(change) };
  }
  const spec = opSpec(node.op);
  if (!spec) {
    return {
      node: node.name,
      operator: node.op,
      reason: 'mote has no kernel for it',
      change: 'replace it by operators that mote inspect shows as supported',
    };
  }
  const why = spec.unsupported?.(node, graph);
  return why && { node: node.name, operator: node.op, ...why };
}

/** Every node that cannot be lowered, in graph order. */
export function findObstacles(graph: Graph): Obstacle[] {
  return graph.nodes.flatMap((node) => obstacleOf(graph, node) ?? []);
}
