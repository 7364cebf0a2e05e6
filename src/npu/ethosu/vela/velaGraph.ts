// SPDX-License-Identifier: Apache-2.0
// A subgraph as Vela gets it: a .tflite whose tensors have short names, so that what Vela says of them can be told apart.
import type { Graph, TensorId } from '../../../model/graph.js';
import { writeTfliteGraph } from '../../../model/tflite/writeGraph.js';

const nameOf = (id: TensorId): string => `t${id}`;

/** The tensor that a name in Vela's files is about: `t12`, `t12_softmax_3`. */
export function tensorOf(name: string): TensorId | undefined {
  const found = /^t(\d+)(?!\d)/.exec(name);
  return found ? Number(found[1]) : undefined;
}

export const velaFile = (graph: Graph): Uint8Array =>
  writeTfliteGraph({ ...graph, tensors: graph.tensors.map((t, id) => ({ ...t, name: nameOf(id) })) });
