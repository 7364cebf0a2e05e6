// SPDX-License-Identifier: Apache-2.0
// A subgraph as Vela gets it: a .tflite whose tensors have short names, so that what Vela says of them can be told apart.
import type { Graph, Node, TensorId } from '../../../model/graph.js';
import { writeTfliteGraph } from '../../../model/tflite/writeGraph.js';

const nameOf = (id: TensorId): string => `t${id}`;

/** The tensor that a name in Vela's files is about: `t12`, `t12_softmax_3`. */
export function tensorOf(name: string): TensorId | undefined {
  const found = /^t(\d+)(?!\d)/.exec(name);
  return found ? Number(found[1]) : undefined;
}

/** The node that a row of Vela's is part of: steps of a lowered operator are called after what it reads. */
export function nodeOf(graph: Graph, name: string): Node | undefined {
  const id = tensorOf(name);
  if (id === undefined) return undefined;
  const producer = graph.nodes.find((n) => n.outputs.includes(id));
  return name === nameOf(id) ? producer : (graph.nodes.find((n) => n.inputs.includes(id)) ?? producer);
}

export const velaFile = (graph: Graph): Uint8Array =>
  writeTfliteGraph({ ...graph, tensors: graph.tensors.map((t, id) => ({ ...t, name: nameOf(id) })) });
