// SPDX-License-Identifier: Apache-2.0
// Which tensors share memory: views (reshape) are their input; an in-place operator writes over an input that dies there.
import type { Graph, Node, TensorId } from '../model/graph.js';
import { tensorBytes } from '../model/graph.js';
import { statesOf, stateTensors, stateViews } from '../model/state.js';
import { opSpec } from '../ops/index.js';
import type { OpSpec } from '../ops/op.js';
import { isStreamed } from './streamNode.js';

/** A stretch of arena bytes that must be kept from step `first` to step `last`, both included. */
export interface Buffer {
  name: string;
  bytes: number;
  first: number;
  last: number;
  tensors: TensorId[];
}

export interface BufferTable {
  /** Nodes that become calls, in order; step i is nodes[i]. */
  nodes: Node[];
  buffers: Buffer[];
  bufferOf: Map<TensorId, Buffer>;
  /** A view's tensor -> the tensor whose pointer it has. */
  viewOf: Map<TensorId, TensorId>;
}

export function specOf(node: Node): OpSpec {
  const spec = opSpec(node.op);
  if (!spec) throw new Error(`no operator '${node.op}'`);
  return spec;
}

/** What of its operator decides where a node's tensors lie; a streamed run of layers reads whole tensors and writes one. */
const memoryOf = (node: Node): Pick<OpSpec, 'alias' | 'inPlace'> => (isStreamed(node) ? {} : specOf(node));

const isConstant = (graph: Graph, id: TensorId): boolean => id < 0 || graph.tensors[id].data !== undefined;

/** The end of the view chain of every tensor. */
export function viewRoots(graph: Graph): Map<TensorId, TensorId> {
  const viewOf = new Map<TensorId, TensorId>();
  for (const node of graph.nodes) {
    if (!memoryOf(node).alias) continue;
    const source = node.inputs[0];
    viewOf.set(node.outputs[0], viewOf.get(source) ?? source);
  }
  return viewOf;
}

/** Last step that reads each root tensor; graph outputs live one step past the end. */
function lastReads(graph: Graph, nodes: Node[], root: (id: TensorId) => TensorId): Map<TensorId, number> {
  const last = new Map<TensorId, number>();
  nodes.forEach((node, step) => {
    for (const id of node.inputs) if (!isConstant(graph, id)) last.set(root(id), step);
  });
  for (const id of [...graph.outputs, ...stateTensors(graph)]) last.set(root(id), nodes.length);
  return last;
}

/** The old state is gone once the new one is written: only the node that writes it may read it. */
function checkStates(graph: Graph): void {
  for (const { read, write } of statesOf(graph)) {
    const readers = graph.nodes.filter((n) => n.inputs.includes(read));
    const updates = (n: Node): boolean =>
      specOf(n).updates?.some((u) => n.inputs[u.input] === read && n.outputs[u.output] === write) === true;
    if (graph.outputs.includes(write)) throw new Error(`state '${graph.tensors[read].name}' is an output`);
    if (readers.length !== 1 || !updates(readers[0]))
      throw new Error(`state '${graph.tensors[read].name}' is not read by the node alone that updates it`);
  }
}

/**
 * Buffers and their lifetimes for the node order of the graph.
 * A graph input lives from step 0, a graph output to step nodes.length, state all the time.
 */
export function findBuffers(graph: Graph): BufferTable {
  const nodes = graph.nodes.filter((n) => !memoryOf(n).alias);
  const viewOf = viewRoots(graph);
  const root = (id: TensorId): TensorId => viewOf.get(id) ?? id;
  const lastRead = lastReads(graph, nodes, root);
  const bufferOf = new Map<TensorId, Buffer>();
  const buffers: Buffer[] = [];

  const open = (id: TensorId, step: number): void => {
    const t = graph.tensors[id];
    const buffer: Buffer = {
      name: t.name,
      bytes: tensorBytes(t),
      first: step,
      last: lastRead.get(id) ?? step,
      tensors: [id],
    };
    buffers.push(buffer);
    bufferOf.set(id, buffer);
  };
  for (const id of [...graph.inputs, ...stateTensors(graph)]) open(id, 0);
  const stateOf = stateViews(graph);
  checkStates(graph);

  nodes.forEach((node, step) => {
    const reusable = (memoryOf(node).inPlace?.(node, graph) ?? [])
      .map((i) => node.inputs[i])
      .find((id) => {
        if (isConstant(graph, id)) return false;
        const buffer = bufferOf.get(root(id));
        return (
          buffer !== undefined && buffer.last === step && buffer.bytes === tensorBytes(graph.tensors[node.outputs[0]])
        );
      });
    node.outputs.forEach((id, i) => {
      const kept = stateOf.get(id);
      const shared = kept ?? (i === 0 && reusable !== undefined ? root(reusable) : undefined);
      const buffer = shared === undefined ? undefined : bufferOf.get(shared);
      if (!buffer) {
        open(id, step);
        return;
      }
      buffer.tensors.push(id);
      buffer.last = Math.max(buffer.last, lastRead.get(id) ?? step);
      bufferOf.set(id, buffer);
    });
  });
  for (const [view, source] of viewOf) {
    const buffer = bufferOf.get(source);
    if (!buffer) continue;
    buffer.tensors.push(view);
    bufferOf.set(view, buffer);
  }
  return { nodes, buffers, bufferOf, viewOf };
}
