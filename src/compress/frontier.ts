// SPDX-License-Identifier: Apache-2.0
// Walks through a graph with all samples at once: at each node, of every sample just the values are kept that nodes from
// there on read. Layers before may then be changed no more, and none is run twice.
import type { Graph, Node, TensorId } from '../model/graph.js';
import type { FloatRunner, Values } from './runner.js';

/** Before node `at`: the values of each sample. */
export interface Place {
  at: number;
  values: readonly Values[];
}

export interface Frontier {
  /** Goes to a node of the graph, or (undefined) to its end; to one that has been passed, from the first node again. */
  goTo(node: Node | undefined): Place;
  /** A value that is known here, in each sample. */
  values(id: TensorId): Float32Array[];
  /** Goes on from a place that this or another runner of the same graph was at. */
  resume(place: Place): void;
}

/** Index of the last node that reads each tensor; those of `keep` are never let go. */
function lastReads(graph: Graph, keep: readonly TensorId[]): Map<TensorId, number> {
  const last = new Map<TensorId, number>();
  graph.nodes.forEach((node, i) => {
    for (const id of node.inputs) last.set(id, i);
  });
  for (const id of keep) last.set(id, Number.POSITIVE_INFINITY);
  return last;
}

export const startOf = (graph: Graph, samples: readonly (readonly Float32Array[])[]): Place => ({
  at: 0,
  values: samples.map((s) => new Map(graph.inputs.map((id, i) => [id, s[i]]))),
});

export function openFrontier(
  graph: Graph,
  runner: FloatRunner,
  start: Place,
  keep: readonly TensorId[] = [],
): Frontier {
  const { runPart } = runner;
  if (!runPart) throw new Error('this runner cannot run parts of a graph');
  const last = lastReads(graph, keep);
  const indexOf = new Map(graph.nodes.map((n, i) => [n.outputs[0], i]));
  let place = start;
  const advance = (to: number): void => {
    const nodes = graph.nodes.slice(place.at, to);
    const stays = (id: TensorId): boolean => (last.get(id) ?? -1) >= to;
    const made = nodes.flatMap((n) => n.outputs).filter(stays);
    const values = place.values.map((known) => {
      const next = new Map([...known].filter(([id]) => stays(id)));
      for (const [id, data] of runPart(nodes, known, made)) next.set(id, data);
      return next;
    });
    place = { at: to, values };
  };
  return {
    goTo(node) {
      const to = node ? indexOf.get(node.outputs[0]) : graph.nodes.length;
      if (to === undefined) throw new Error(`'${node?.name}' is not in the graph`);
      if (to < place.at) place = start;
      if (to > place.at) advance(to);
      return place;
    },
    values: (id) =>
      place.values.map((v) => {
        const data = v.get(id);
        if (!data) throw new Error(`'${graph.tensors[id].name}' is not known here`);
        return data;
      }),
    resume(from) {
      place = from;
    },
  };
}
