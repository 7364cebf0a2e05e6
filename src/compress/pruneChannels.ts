// SPDX-License-Identifier: Apache-2.0
// Whole channels leave the model (FLAP, arXiv:2312.11983): those whose fluctuation around their mean matters least to the
// layers that take them. The weights that stay make up for what goes as far as it can be told from the rest (least
// squares), and the bias takes its mean. Saves weights, arena and instructions, on every kernel.
import type { Graph, Node, TensorId } from '../model/graph.js';
import { cloneGraph, NO_TENSOR } from '../model/graph.js';
import { floatTensor } from '../passes/constants.js';
import { type ChannelSet, channelSets } from './channelSets.js';
import { centred, type Moments } from './moments.js';
import { dampedInverse } from './round/linearAlgebra.js';

export interface PruneOptions {
  /** Of all channels that could go, the share that does. */
  share: number;
  /** What makes up for them: the bias alone, as in the paper, or the weights that stay as well. */
  compensate?: 'bias' | 'weights';
}

/** Of each set, at least this share stays: an empty layer cannot be made up for. */
const leastKept = 0.25;
const damping = 0.01;

interface Candidate {
  set: number;
  channel: number;
  loss: number;
}

const realWeights = (graph: Graph, node: Node): Float64Array =>
  Float64Array.from(graph.tensors[node.inputs[1]].data as Float32Array);

/** Per channel: the share of each taker's output variance that comes with it, over all takers. */
function losses(graph: Graph, set: ChannelSet, moments: ReadonlyMap<TensorId, Moments>): Float64Array {
  const result = new Float64Array(set.channels);
  for (const node of set.takers) {
    const own = moments.get(node.outputs[0]);
    if (!own) continue;
    const weights = realWeights(graph, node);
    const n = own.columns;
    const matrix = own.matrices[0];
    const parts = new Float64Array(set.channels);
    let total = 0;
    for (let i = 0; i < weights.length; i++) {
      const part = weights[i] ** 2 * matrix[(i % n) * n + (i % n)];
      parts[(i % n) % set.channels] += part;
      total += part;
    }
    parts.forEach((p, c) => {
      result[c] += total > 0 ? p / total : 0;
    });
  }
  return result;
}

/** Channels that go, by set. */
function choose(
  graph: Graph,
  sets: readonly ChannelSet[],
  moments: ReadonlyMap<TensorId, Moments>,
  share: number,
): Set<number>[] {
  const candidates: Candidate[] = sets.flatMap((set, s) =>
    Array.from(losses(graph, set, moments), (loss, channel) => ({ set: s, channel, loss })),
  );
  candidates.sort((a, b) => a.loss - b.loss || a.set - b.set || a.channel - b.channel);
  const gone = sets.map(() => new Set<number>());
  let left = Math.round(candidates.length * share);
  for (const { set, channel } of candidates) {
    if (left === 0) break;
    if (sets[set].channels - gone[set].size - 1 < Math.max(1, leastKept * sets[set].channels)) continue;
    gone[set].add(channel);
    left--;
  }
  return gone;
}

/** New weights of the columns that stay, in place: W_S += W_R C_RS C_SS^-1. */
function compensate(
  weights: Float64Array,
  n: number,
  matrix: Float64Array,
  kept: readonly number[],
  gone: readonly number[],
): void {
  const k = kept.length;
  const inner = new Float64Array(k * k);
  kept.forEach((a, i) => {
    kept.forEach((b, j) => {
      inner[i * k + j] = matrix[a * n + b];
    });
  });
  const inverse = dampedInverse(inner, k, damping);
  for (let at = 0; at < weights.length; at += n) {
    const pull = kept.map((b) => gone.reduce((sum, a) => sum + weights[at + a] * matrix[a * n + b], 0));
    kept.forEach((b, j) => {
      let step = 0;
      for (let i = 0; i < k; i++) step += pull[i] * inverse[i * k + j];
      if (Number.isFinite(step)) weights[at + b] += step;
    });
  }
}

interface Cut {
  graph: Graph;
  moments: ReadonlyMap<TensorId, Moments>;
  options: PruneOptions;
}

/** Takes columns out of a layer; its other weights and its bias make up for them. */
function cutInputs({ graph, moments, options }: Cut, node: Node, channels: number, gone: ReadonlySet<number>): void {
  const tensor = graph.tensors[node.inputs[1]];
  const own = moments.get(node.outputs[0]) as Moments;
  const n = own.columns;
  const before = realWeights(graph, node);
  const weights = before.slice();
  const columns = Array.from({ length: n }, (_, c) => c);
  const [kept, lost] = [columns.filter((c) => !gone.has(c % channels)), columns.filter((c) => gone.has(c % channels))];
  if (options.compensate !== 'bias') compensate(weights, n, own.matrices[0], kept, lost);
  const rows = weights.length / n;
  const bias = biasOf(graph, node, rows);
  const values = new Float64Array(rows * kept.length);
  for (let r = 0; r < rows; r++) {
    for (const c of columns) bias[r] += before[r * n + c] * own.means[0][c];
    kept.forEach((c, j) => {
      values[r * kept.length + j] = weights[r * n + c];
      bias[r] -= weights[r * n + c] * own.means[0][c];
    });
  }
  const shape = [...tensor.shape];
  narrow(shape, channels, gone.size);
  setWeights(graph, node, shape, values, bias);
}

function biasOf(graph: Graph, node: Node, rows: number): Float64Array {
  const id = node.inputs[2] ?? NO_TENSOR;
  return id === NO_TENSOR ? new Float64Array(rows) : Float64Array.from(graph.tensors[id].data as Float32Array);
}

function setWeights(graph: Graph, node: Node, shape: number[], values: Float64Array, bias: Float64Array): void {
  const add = (name: string, dims: number[], data: Float64Array): TensorId =>
    graph.tensors.push(floatTensor(name, dims, data)) - 1;
  const w = add(graph.tensors[node.inputs[1]].name, shape, values);
  node.inputs = [node.inputs[0], w, add(`${node.name}/bias`, [bias.length], bias)];
}

/** Takes output channels out of a layer: rows, or of a depthwise layer the last dimension. */
function cutOutputs(graph: Graph, node: Node, gone: ReadonlySet<number>): void {
  const { shape } = graph.tensors[node.inputs[1]];
  const depthwise = node.op === 'depthwiseConv2d';
  const channels = depthwise ? shape[3] : shape[0];
  const inner = depthwise ? 1 : shape.slice(1).reduce((a, b) => a * b, 1);
  const bias = biasOf(graph, node, channels).filter((_, c) => !gone.has(c));
  const values = realWeights(graph, node).filter((_, i) => !gone.has(Math.floor(i / inner) % channels));
  const left = channels - gone.size;
  setWeights(graph, node, depthwise ? [...shape.slice(0, 3), left] : [left, ...shape.slice(1)], values, bias);
}

function narrow(shape: number[], channels: number, gone: number): void {
  shape[shape.length - 1] -= (shape[shape.length - 1] / channels) * gone;
}

/** The float graph with fewer channels; the moments are of its own layers. Shapes of the activations follow. */
export function pruneChannels(source: Graph, raw: ReadonlyMap<TensorId, Moments>, options: PruneOptions): Graph {
  const graph = cloneGraph(source);
  const sets = channelSets(graph);
  const moments = new Map([...raw].map(([id, m]) => [id, centred(m)]));
  const gone = choose(graph, sets, moments, options.share);
  sets.forEach((set, s) => {
    for (const node of set.takers)
      if (gone[s].size > 0) cutInputs({ graph, moments, options }, node, set.channels, gone[s]);
  });
  sets.forEach((set, s) => {
    if (gone[s].size === 0) return;
    for (const node of [...set.makers, ...set.between]) cutOutputs(graph, node, gone[s]);
    for (const id of set.tensors) narrow(graph.tensors[id].shape, set.channels, gone[s].size);
  });
  for (const node of graph.nodes)
    if (node.op === 'reshape') node.attrs = { ...node.attrs, shape: [...graph.tensors[node.outputs[0]].shape] };
  return graph;
}
