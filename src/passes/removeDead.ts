// SPDX-License-Identifier: Apache-2.0
// Drops nodes that no graph output needs, and tensors that no node, input or output names. Renumbers tensors.
import { type Graph, NO_TENSOR, type Node, type TensorId } from '../model/graph.js';
import { statesOf } from '../model/state.js';

export function removeDead(graph: Graph): Graph {
  const nodes = liveNodes(graph);
  const live = new Set<TensorId>([...graph.inputs, ...graph.outputs]);
  for (const node of nodes) for (const id of [...node.inputs, ...node.outputs]) if (id !== NO_TENSOR) live.add(id);
  if (nodes.length === graph.nodes.length && live.size === graph.tensors.length) return graph;
  const renumbered = new Map([...live].sort((a, b) => a - b).map((id, i) => [id, i]));
  const map = (id: TensorId): TensorId => renumbered.get(id) ?? NO_TENSOR;
  return {
    ...graph,
    tensors: [...renumbered.keys()].map((id) => graph.tensors[id]),
    nodes: nodes.map((node) => ({ ...node, inputs: node.inputs.map(map), outputs: node.outputs.map(map) })),
    inputs: graph.inputs.map(map),
    outputs: graph.outputs.map(map),
    ...(graph.states ? { states: graph.states.map((s) => ({ read: map(s.read), write: map(s.write) })) } : {}),
    ioPermutation: new Map(
      [...graph.ioPermutation].filter(([id]) => live.has(id)).map(([id, perm]) => [map(id), perm]),
    ),
  };
}

/** In reverse topological order a node is live when something behind it reads one of its outputs. */
function liveNodes(graph: Graph): Node[] {
  const needed = new Set<TensorId>([...graph.outputs, ...statesOf(graph).map((s) => s.write)]);
  const live: Node[] = [];
  for (let i = graph.nodes.length - 1; i >= 0; i--) {
    const node = graph.nodes[i];
    if (!node.outputs.some((id) => needed.has(id))) continue;
    for (const id of node.inputs) needed.add(id);
    live.push(node);
  }
  return live.reverse();
}
