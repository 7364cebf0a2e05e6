// SPDX-License-Identifier: Apache-2.0
// A streamed run of layers as one node of the graph that is laid out: its inputs and its output are whole tensors.
import type { Graph, Node, TensorId } from '../model/graph.js';

const streamOp = 'stream';

export const isStreamed = (node: Node): boolean => node.op === streamOp;

export const streamNode = (members: readonly Node[], inputs: readonly TensorId[]): Node => ({
  op: streamOp,
  name: members[members.length - 1].name,
  inputs: [...inputs],
  outputs: [...members[members.length - 1].outputs],
  attrs: {},
});

/** The graph with runs of layers as one node each, at the place of the run's last layer. */
export function withStreams(graph: Graph, runs: readonly { members: readonly Node[]; node: Node }[]): Graph {
  const lastOf = new Map(runs.map((r) => [r.members[r.members.length - 1], r.node]));
  const members = new Set(runs.flatMap((r) => r.members));
  const nodes = graph.nodes.flatMap((n) => {
    const stream = lastOf.get(n);
    if (stream) return [stream];
    return members.has(n) ? [] : [n];
  });
  return { ...graph, nodes };
}
