// SPDX-License-Identifier: Apache-2.0
// A graph under rewriting: keeps producers and consumers current, and says at the end whether anything changed.
import { addTensor, cloneGraph, type Graph, NO_TENSOR, type Node, type Tensor, type TensorId } from '../model/graph.js';
import { topologicalSort } from './topologicalSort.js';

export class GraphEditor {
  readonly graph: Graph;
  private readonly producers = new Map<TensorId, Node>();
  private readonly readers = new Map<TensorId, Set<Node>>();
  private readonly nodes: Set<Node>;
  private changed = false;

  constructor(private readonly source: Graph) {
    this.graph = cloneGraph(source);
    this.nodes = new Set(this.graph.nodes);
    for (const node of this.graph.nodes) this.link(node);
  }

  /** The nodes at the time of the call; check `has` when the loop removes nodes. */
  list(): Node[] {
    return [...this.nodes];
  }

  has(node: Node): boolean {
    return this.nodes.has(node);
  }

  tensor(id: TensorId): Tensor {
    const tensor = this.graph.tensors[id];
    if (!tensor) throw new Error(`tensor ${id} is missing`);
    return tensor;
  }

  /** The tensor when it is a constant. */
  constant(id: TensorId | undefined): (Tensor & { data: NonNullable<Tensor['data']> }) | undefined {
    if (id === undefined || id === NO_TENSOR) return undefined;
    const tensor = this.graph.tensors[id];
    return tensor?.data === undefined ? undefined : { ...tensor, data: tensor.data };
  }

  producer(id: TensorId): Node | undefined {
    return this.producers.get(id);
  }

  consumers(id: TensorId): Node[] {
    return [...(this.readers.get(id) ?? [])];
  }

  isInput(id: TensorId): boolean {
    return this.graph.inputs.includes(id);
  }

  isOutput(id: TensorId): boolean {
    return this.graph.outputs.includes(id);
  }

  /** The one node that reads the tensor, once, when nothing outside the graph sees the tensor. */
  soleConsumer(id: TensorId): Node | undefined {
    const readers = this.readers.get(id);
    if (readers?.size !== 1 || this.isOutput(id)) return undefined;
    const [only] = readers;
    return only.inputs.filter((input) => input === id).length === 1 ? only : undefined;
  }

  addTensor(tensor: Tensor): TensorId {
    this.changed = true;
    return addTensor(this.graph, tensor);
  }

  addNode(node: Node): Node {
    this.changed = true;
    this.nodes.add(node);
    this.link(node);
    return node;
  }

  removeNode(node: Node): void {
    this.changed = true;
    this.nodes.delete(node);
    this.unlink(node);
  }

  /** Changes a node in place; it keeps its position. */
  update(node: Node, change: Partial<Node>): void {
    this.changed = true;
    this.unlink(node);
    Object.assign(node, change);
    this.link(node);
  }

  setInput(node: Node, index: number, id: TensorId): void {
    this.update(node, { inputs: node.inputs.map((old, i) => (i === index ? id : old)) });
  }

  /** Replaces the tensor itself, for all that read it. */
  setTensor(id: TensorId, change: Partial<Tensor>): void {
    this.changed = true;
    Object.assign(this.tensor(id), change);
  }

  /** Whether readers of `from` may read `to`: a graph output stays a computed tensor of its own. */
  canReplace(from: TensorId, to: TensorId): boolean {
    if (!this.isOutput(from)) return true;
    return this.producers.has(to) && !this.isOutput(to) && this.tensor(to).data === undefined;
  }

  /** Lets everything that reads `from`, and the graph's outputs, read `to`. */
  replaceUses(from: TensorId, to: TensorId): void {
    this.changed = true;
    for (const node of this.consumers(from)) {
      this.update(node, { inputs: node.inputs.map((id) => (id === from ? to : id)) });
    }
    if (!this.isOutput(from)) return;
    this.graph.outputs = this.graph.outputs.map((id) => (id === from ? to : id));
    const { name, labels } = this.tensor(from);
    Object.assign(this.tensor(to), { name }, labels && { labels });
    const perm = this.graph.ioPermutation.get(from);
    if (perm) {
      this.graph.ioPermutation.delete(from);
      this.graph.ioPermutation.set(to, perm);
    }
  }

  /** Says that the caller changed the graph by hand (inputs, ioPermutation). */
  touch(): void {
    this.changed = true;
  }

  /** The rewritten graph in topological order, or the very graph that came in when nothing changed. */
  finish(): Graph {
    if (!this.changed) return this.source;
    this.graph.nodes = [...this.nodes];
    return topologicalSort(this.graph);
  }

  private unlink(node: Node): void {
    for (const id of node.inputs) this.readers.get(id)?.delete(node);
    for (const id of node.outputs) if (this.producers.get(id) === node) this.producers.delete(id);
  }

  private link(node: Node): void {
    for (const id of node.outputs) this.producers.set(id, node);
    for (const id of node.inputs) {
      if (id === NO_TENSOR) continue;
      const set = this.readers.get(id);
      if (set) set.add(node);
      else this.readers.set(id, new Set([node]));
    }
  }
}
