// SPDX-License-Identifier: Apache-2.0
// Which activations share their channels: an addition, a depthwise layer or a pooling lets no channel go without its
// partners on the other side. A set whose channels the outside can see, or that an operator mixes, is left alone.
import { type Graph, NO_TENSOR, type Node, type TensorId } from '../model/graph.js';

export interface ChannelSet {
  channels: number;
  /** Every activation of the set; its last dimension is a multiple of `channels` behind a flatten. */
  tensors: TensorId[];
  /** Layers that make the channels, and layers that take them all together. */
  makers: Node[];
  takers: Node[];
  /** Depthwise layers between. */
  between: Node[];
}

/** Operators that treat every channel by itself, or pass them on as they are. */
const channelwise = new Set([
  'maxPool2d',
  'averagePool2d',
  'clamp',
  'leakyRelu',
  'mean',
  'pad',
  'reshape',
  'add',
  'mul',
  'logistic',
  'tanh',
  'hardSwish',
]);

const last = (graph: Graph, id: TensorId): number => graph.tensors[id].shape.at(-1) ?? 1;

const isDense = (node: Node): boolean =>
  (node.op === 'conv2d' && Number(node.attrs.groups ?? 1) === 1) || node.op === 'fullyConnected';

/** Whether channel c of the input stays channel c of the output. */
function keepsChannels(graph: Graph, node: Node): boolean {
  const [before, after] = [graph.tensors[node.inputs[0]].shape, graph.tensors[node.outputs[0]].shape];
  if (node.inputs.some((id) => id !== NO_TENSOR && graph.tensors[id].data !== undefined && node.op !== 'reshape'))
    return node.op === 'pad' && before.at(-1) === after.at(-1);
  const axes = Array.isArray(node.attrs.axes) ? node.attrs.axes.map(Number) : [];
  if (axes.some((axis) => axis === -1 || axis === before.length - 1)) return false;
  if (node.op === 'reshape') return (after.at(-1) ?? 1) % (before.at(-1) ?? 1) === 0;
  return node.inputs.every((id) => id === NO_TENSOR || last(graph, id) === after.at(-1));
}

/** Sets of tensors by union-find. */
class Union {
  readonly #parent = new Map<TensorId, TensorId>();
  readonly #frozen = new Set<TensorId>();
  find(id: TensorId): TensorId {
    const parent = this.#parent.get(id) ?? id;
    return parent === id ? id : this.find(parent);
  }
  join(a: TensorId, b: TensorId): void {
    const [x, y] = [this.find(a), this.find(b)];
    if (x === y) return;
    this.#parent.set(y, x);
    if (this.#frozen.has(y)) this.#frozen.add(x);
  }
  freeze(id: TensorId): void {
    this.#frozen.add(this.find(id));
  }
  isFrozen(id: TensorId): boolean {
    return this.#frozen.has(this.find(id));
  }
}

function link(graph: Graph, union: Union, node: Node): void {
  const activations = node.inputs.filter((id) => id !== NO_TENSOR && graph.tensors[id].data === undefined);
  const constant = node.inputs[1] !== undefined && node.inputs[1] !== NO_TENSOR && activations.length === 1;
  if (isDense(node) && constant) return;
  const depthwise = node.op === 'depthwiseConv2d' && constant && Number(node.attrs.multiplier ?? 1) === 1;
  const follows = depthwise || (channelwise.has(node.op) && keepsChannels(graph, node));
  for (const id of [...activations, ...node.outputs]) {
    if (follows) union.join(node.outputs[0], id);
    else union.freeze(id);
  }
}

export function channelSets(graph: Graph): ChannelSet[] {
  const union = new Union();
  for (const node of graph.nodes) link(graph, union, node);
  for (const id of [...graph.inputs, ...graph.outputs]) union.freeze(id);
  const sets = new Map<TensorId, ChannelSet>();
  for (const node of graph.nodes) {
    if (!isDense(node)) continue;
    const root = union.find(node.outputs[0]);
    if (union.isFrozen(root)) continue;
    const made = sets.get(root) ?? {
      channels: last(graph, node.outputs[0]),
      tensors: [],
      makers: [],
      takers: [],
      between: [],
    };
    made.makers.push(node);
    sets.set(root, made);
  }
  for (const node of graph.nodes) {
    const from = sets.get(union.find(node.inputs[0]));
    if (from && isDense(node)) from.takers.push(node);
    if (from && node.op === 'depthwiseConv2d') from.between.push(node);
    for (const id of node.outputs) sets.get(union.find(id))?.tensors.push(id);
  }
  return [...sets.values()].filter((s) => s.takers.length > 0 && isWhole(graph, s));
}

/** Behind a flatten the channels repeat; anywhere else all tensors of a set count the same. */
const isWhole = (graph: Graph, { channels, tensors, makers }: ChannelSet): boolean =>
  makers.every((n) => last(graph, n.outputs[0]) === channels) &&
  tensors.every((id) => last(graph, id) % channels === 0);
