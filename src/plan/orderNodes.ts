// SPDX-License-Identifier: Apache-2.0
// The order of the nodes that needs the least memory. It follows from the graph and the reference kernels, so that all
// packs of a model, for the host and for any target, have the same layers in the same order.
import type { Graph, Node, TensorId } from '../model/graph.js';
import { tensorBytes } from '../model/graph.js';
import { stateTensors, stateViews } from '../model/state.js';
import { specOf, viewRoots } from './buffers.js';
import { bestOrder, type Task } from './taskOrder.js';

/** What the output and a dying input need less together: where one is written over the other, or behind its reads. */
function savingsOf(graph: Graph, node: Node, root: (id: TensorId) => TensorId): Map<TensorId, number> {
  const savings = new Map<TensorId, number>();
  const bytes = (id: TensorId): number => tensorBytes(graph.tensors[id]);
  const [output] = node.outputs;
  const spec = specOf(node);
  const { overlap } = spec.lower(node, { graph, rounding: 'single', target: { id: 'wasm32', isa: ['ref'] } });
  if (overlap) {
    const input = node.inputs[overlap.input];
    const together = Math.max(bytes(output), bytes(input) + Math.max(0, overlap.lagBytes));
    savings.set(root(input), Math.max(0, bytes(output) + bytes(input) - together));
  }
  for (const i of spec.inPlace?.(node, graph) ?? []) {
    const id = node.inputs[i];
    if (id >= 0 && bytes(id) === bytes(output)) savings.set(root(id), bytes(id));
  }
  return savings;
}

/** The graph's calls as tasks; a view is the tensor that it views. */
function tasksOf(graph: Graph, calls: readonly Node[], root: (id: TensorId) => TensorId): Task[] {
  const maker = new Map(calls.flatMap((node, i) => node.outputs.map((id): [TensorId, number] => [id, i])));
  return calls.map((node): Task => {
    const reads = node.inputs.filter((id) => id >= 0 && graph.tensors[id].data === undefined).map(root);
    return {
      reads: [...new Set(reads)],
      writes: node.outputs,
      after: [...new Set(reads.flatMap((id) => maker.get(id) ?? []))],
      savings: savingsOf(graph, node, root),
    };
  });
}

/** Each node needs the one before: there is one order. */
const isChain = (calls: readonly Node[], root: (id: TensorId) => TensorId): boolean =>
  calls.every((node, i) => i === 0 || node.inputs.some((id) => calls[i - 1].outputs.includes(root(id))));

/** The same graph with its nodes in the order that needs the least memory; views come first, they are no calls. */
export function orderNodes(graph: Graph): Graph {
  const calls = graph.nodes.filter((n) => !specOf(n).alias);
  const viewOf = viewRoots(graph);
  const root = (id: TensorId): TensorId => viewOf.get(id) ?? id;
  if (isChain(calls, root)) return graph;
  const written = stateViews(graph);
  const order = bestOrder({
    tasks: tasksOf(graph, calls, root),
    // What state becomes lies where it was.
    bytes: graph.tensors.map((t, id) => (written.has(id) ? 0 : tensorBytes(t))),
    given: [...graph.inputs, ...stateTensors(graph)],
    kept: new Set([...graph.outputs, ...stateTensors(graph)].map(root)),
  });
  return { ...graph, nodes: [...graph.nodes.filter((n) => specOf(n).alias), ...order.map((i) => calls[i])] };
}
