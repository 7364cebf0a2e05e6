// SPDX-License-Identifier: Apache-2.0
// Graph -> graph with `npu` nodes: what the NPU takes becomes blobs, as few and as long as the data flow allows, the rest
// stays what it is and gets mote's own kernels. So no operator is missing on the device.
import type { Graph, Node, Tensor, TensorId } from '../model/graph.js';
import { specOf } from '../plan/buffers.js';
import { backendOf } from './backends.js';
import { LeftToCpu, type MemoryWish, NeedsOwnBlob, type NpuBackend, type Verdict } from './npuBackend.js';
import type { NpuBlob } from './npuBlob.js';

/** An NPU as target files name it, and who compiles for it. */
export interface NpuChoice {
  backend: string;
  config: string;
  /** The backend's first when left out. */
  provider?: string;
  memory?: MemoryWish;
}

export interface NodePlace {
  node: string;
  op: string;
  verdict: Verdict;
  /** Number of the blob; undefined for the CPU. */
  blob: number | undefined;
  /** NPU cycles that the compiler estimates. */
  cycles: number | undefined;
}

export interface Partition {
  graph: Graph;
  places: NodePlace[];
}

/** Views cost nothing on the CPU: only those between two nodes of the NPU belong to it. */
function withoutOuterViews(graph: Graph, verdicts: Map<Node, Verdict>): Map<Node, Verdict> {
  const result = new Map(verdicts);
  const onNpu = (n: Node | undefined): boolean => n !== undefined && result.get(n)?.npu === true;
  for (let changed = true; changed; ) {
    changed = false;
    for (const node of graph.nodes) {
      if (!specOf(node).alias || !onNpu(node)) continue;
      const producer = graph.nodes.find((n) => n.outputs.includes(node.inputs[0]));
      const readers = graph.nodes.filter((n) => n.inputs.includes(node.outputs[0]));
      const inside =
        onNpu(producer) && readers.length > 0 && readers.every(onNpu) && !graph.outputs.includes(node.outputs[0]);
      if (inside) continue;
      result.set(node, { npu: false, reason: 'it only gives data another shape', change: '' });
      changed = true;
    }
  }
  return result;
}

/** Runs of nodes in an order that the data flow allows: all of the NPU's that are ready, then all of the CPU's, in turn. */
function batches(graph: Graph, isNpu: (node: Node) => boolean): Node[][] {
  const made = new Set<TensorId>([...graph.inputs, ...(graph.states ?? []).map((s) => s.read)]);
  graph.tensors.forEach((t, id) => {
    if (t.data) made.add(id);
  });
  const waiting = new Set(graph.nodes);
  const ready = (n: Node): boolean => n.inputs.every((id) => id < 0 || made.has(id));
  const take = (npu: boolean): Node[] => {
    const taken: Node[] = [];
    // Nodes are in topological order: one pass finds all that become ready.
    for (const node of waiting) {
      if (isNpu(node) !== npu || !ready(node)) continue;
      waiting.delete(node);
      for (const id of node.outputs) made.add(id);
      taken.push(node);
    }
    return taken;
  };
  const result: Node[][] = [];
  for (let npu = false, empty = 0; waiting.size > 0; npu = !npu) {
    const batch = take(npu);
    empty = batch.length ? 0 : empty + 1;
    if (empty > 1) throw new Error('the graph is not in topological order');
    if (batch.length) result.push(batch);
  }
  return result;
}

/** A batch cut before and behind each run of nodes that needs a blob of its own. */
function cutApart(batch: readonly Node[], apart: readonly (readonly string[])[]): Node[][] {
  const cuts = apart.flatMap((names) => {
    const first = batch.findIndex((n) => names.includes(n.name));
    return first < 0 ? [] : [first, batch.findLastIndex((n) => names.includes(n.name)) + 1];
  });
  const ends = [...new Set([...cuts, batch.length])].filter((at) => at > 0).sort((a, b) => a - b);
  return ends.map((end, i) => batch.slice(ends[i - 1] ?? 0, end));
}

/** Nodes as a graph of their own, its tensors renumbered. */
function subgraphOf(
  graph: Graph,
  nodes: readonly Node[],
): { subgraph: Graph; inputs: TensorId[]; outputs: TensorId[] } {
  const own = new Map<TensorId, TensorId>();
  const tensors: Tensor[] = [];
  const ownId = (id: TensorId): TensorId => {
    if (id < 0) return id;
    const known = own.get(id);
    if (known !== undefined) return known;
    own.set(id, tensors.length);
    return tensors.push(graph.tensors[id]) - 1;
  };
  const inside = new Set(nodes);
  const produced = new Set(nodes.flatMap((n) => n.outputs));
  const isInput = (id: TensorId): boolean => id >= 0 && !produced.has(id) && graph.tensors[id].data === undefined;
  const inputs = [...new Set(nodes.flatMap((n) => n.inputs).filter(isInput))];
  const outputs = [...produced].filter(
    (id) => graph.outputs.includes(id) || graph.nodes.some((n) => !inside.has(n) && n.inputs.includes(id)),
  );
  const copied = nodes.map((n) => ({ ...n, inputs: n.inputs.map(ownId), outputs: n.outputs.map(ownId) }));
  const subgraph: Graph = {
    ...graph,
    tensors,
    nodes: copied,
    inputs: inputs.map(ownId),
    outputs: outputs.map(ownId),
    ioPermutation: new Map(),
  };
  delete subgraph.states;
  return { subgraph, inputs, outputs };
}

interface Compiled {
  blob: NpuBlob;
  node: Node;
  members: readonly Node[];
}

async function compileBatch(
  graph: Graph,
  members: readonly Node[],
  backend: NpuBackend,
  choice: NpuChoice,
  index: number,
): Promise<Compiled> {
  const { subgraph, inputs, outputs } = subgraphOf(graph, members);
  const compiled = await backend.compile(
    subgraph,
    choice.config,
    choice.provider ?? backend.defaultProvider(),
    choice.memory ?? {},
  );
  const macs = members.reduce((sum, n) => sum + specOf(n).macs(n, graph), 0);
  const node: Node = { op: 'npu', name: `npu/${members[0].name}`, inputs, outputs, attrs: { blob: index } };
  return { blob: { ...compiled, macs }, node, members };
}

/** What `supports` says of each node. */
export function placeNodes(whole: Graph, backend: NpuBackend, config: string): Map<Node, Verdict> {
  const graph = backend.prepare?.(whole) ?? whole;
  return withoutOuterViews(graph, new Map(graph.nodes.map((n) => [n, backend.supports(n, graph, config)])));
}

async function tryPartition(
  graph: Graph,
  choice: NpuChoice,
  verdicts: ReadonlyMap<Node, Verdict>,
  apart: readonly (readonly string[])[],
): Promise<Partition> {
  const backend = backendOf(choice.backend);
  const isNpu = (n: Node): boolean => verdicts.get(n)?.npu === true;
  const compiled: Compiled[] = [];
  const nodes: Node[] = [];
  for (const batch of batches(graph, isNpu)) {
    if (!isNpu(batch[0])) {
      nodes.push(...batch);
      continue;
    }
    for (const members of cutApart(batch, apart)) {
      const part = await compileBatch(graph, members, backend, choice, compiled.length);
      compiled.push(part);
      nodes.push(part.node);
    }
  }
  const places = graph.nodes.map((node): NodePlace => {
    const blob = compiled.findIndex((c) => c.members.includes(node));
    const cycles = compiled[blob]?.blob.layers.find((l) => l.name === node.name)?.cycles;
    const verdict = verdicts.get(node) as Verdict;
    return { node: node.name, op: node.op, verdict, blob: blob < 0 ? undefined : blob, cycles };
  });
  return { graph: { ...graph, nodes, blobs: compiled.map((c) => c.blob) }, places };
}

/** Compiles what the NPU takes. Where the compiler refuses a node, that node goes to the CPU; where it wants nodes apart,
 *  they become a blob of their own; and the rest is tried anew. */
export async function partition(whole: Graph, choice: NpuChoice): Promise<Partition> {
  const refused = new Map<string, string>();
  const apart: (readonly string[])[] = [];
  const backend = backendOf(choice.backend);
  const graph = backend.prepare?.(whole) ?? whole;
  for (;;) {
    const judged = new Map(graph.nodes.map((n) => [n, backend.supports(n, graph, choice.config)] as const));
    for (const node of graph.nodes) {
      const reason = refused.get(node.name);
      if (reason !== undefined) judged.set(node, { npu: false, reason, change: '' });
    }
    try {
      return await tryPartition(graph, choice, withoutOuterViews(graph, judged), apart);
    } catch (error) {
      if (error instanceof NeedsOwnBlob && !apart.some((names) => names.join() === error.nodes.join())) {
        apart.push(error.nodes);
        continue;
      }
      if (!(error instanceof LeftToCpu) || error.nodes.every((n) => refused.has(n))) throw error;
      for (const node of error.nodes) refused.set(node, error.reason);
    }
  }
}
