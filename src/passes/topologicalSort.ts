// SPDX-License-Identifier: Apache-2.0
// Orders nodes so that each comes after the producers of its inputs; ties keep the order they had.
import { fail } from '../cli/errors.js';
import { type Graph, NO_TENSOR, type Node, type TensorId } from '../model/graph.js';

export function topologicalSort(graph: Graph): Graph {
  if (isSorted(graph)) return graph;
  const producer = new Map<TensorId, Node>();
  for (const node of graph.nodes) for (const id of node.outputs) producer.set(id, node);
  const state = new Map<Node, 'open' | 'done'>();
  const sorted: Node[] = [];
  for (const root of graph.nodes) visit(root, producer, state, sorted);
  return { ...graph, nodes: sorted };
}

/** Depth first with its own stack: a model may be deeper than the call stack. */
function visit(root: Node, producer: Map<TensorId, Node>, state: Map<Node, 'open' | 'done'>, sorted: Node[]): void {
  const stack = [{ node: root, next: 0 }];
  if (state.has(root)) return;
  state.set(root, 'open');
  for (let top = stack.at(-1); top; top = stack.at(-1)) {
    if (top.next === top.node.inputs.length) {
      state.set(top.node, 'done');
      sorted.push(top.node);
      stack.pop();
      continue;
    }
    const before = producer.get(top.node.inputs[top.next++]);
    if (!before || state.get(before) === 'done') continue;
    if (state.get(before) === 'open') fail('model.broken', { reason: `node '${before.name}' depends on itself` });
    state.set(before, 'open');
    stack.push({ node: before, next: 0 });
  }
}

function isSorted(graph: Graph): boolean {
  const produced = new Set<TensorId>();
  const all = new Set(graph.nodes.flatMap((node) => node.outputs));
  for (const node of graph.nodes) {
    if (node.inputs.some((id) => id !== NO_TENSOR && all.has(id) && !produced.has(id))) return false;
    for (const id of node.outputs) produced.add(id);
  }
  return true;
}
