// SPDX-License-Identifier: Apache-2.0
// Pairs of layers between which channels can be scaled: what the first divides by s > 0, the second multiplies back,
// and nothing between them, or beside them, notices.
import type { AttrValue, Graph, Node, TensorId } from '../model/graph.js';
import { clampOf } from '../passes/activation.js';
import { inputChannel, isWeighted, outputChannel, readWeights, writeWeights } from '../passes/affine.js';
import { GraphEditor } from '../passes/editor.js';

type Weights = NonNullable<ReturnType<typeof readWeights>>;

export interface Layer {
  node: Node;
  weights: Weights;
  outputOf: (i: number) => number;
}

export interface Pair {
  first: Layer;
  second: Layer;
  /** Channel of the first layer that each weight of the second meets. */
  inputOf: (i: number) => number;
}

/** Lets `scale` change the weights of all pairs, which are copies; gives the very graph back where there is no pair. */
export function scalePairs(source: Graph, scale: (pairs: readonly Pair[]) => void): Graph {
  const editor = new GraphEditor(source);
  const layers = new Map<Node, Layer>();
  for (const node of editor.list()) {
    const weights = isWeighted(node) ? readWeights(editor, node) : undefined;
    if (weights) layers.set(node, { node, weights: copy(weights), outputOf: outputChannel(node, weights.shape) });
  }
  const pairs = [...layers.values()].flatMap((layer) => findPair(editor, layer, layers) ?? []);
  scale(pairs);
  const touched = new Set(pairs.flatMap((pair) => [pair.first, pair.second]));
  for (const layer of touched) writeWeights(editor, layer.node, layer.weights);
  return editor.finish();
}

/** Divides the channels between the two layers by `scale`. */
export function applyScale({ first, second, inputOf }: Pair, scale: Float64Array): void {
  first.weights.values.forEach((w, i, all) => {
    all[i] = w / scale[first.outputOf(i)];
  });
  first.weights.bias?.forEach((b, c, all) => {
    all[c] = b / scale[c];
  });
  second.weights.values.forEach((w, i, all) => {
    all[i] = w * scale[inputOf(i)];
  });
}

/** Largest magnitude among the values of each channel. */
export function largestPer(values: Float64Array, channel: (i: number) => number, channels: number): Float64Array {
  const largest = new Float64Array(channels);
  values.forEach((v, i) => {
    largest[channel(i)] = Math.max(largest[channel(i)], Math.abs(v));
  });
  return largest;
}

const copy = (w: Weights): Weights => ({ ...w, values: w.values.slice(), bias: w.bias?.slice() });

/** Operators for which op(x * s) = op(x) * s, per channel of the last dimension and for s > 0. */
const scaling = new Set(['maxPool2d', 'averagePool2d', 'leakyRelu', 'mean', 'pad', 'clamp', 'reshape']);

function findPair(editor: GraphEditor, first: Layer, layers: ReadonlyMap<Node, Layer>): Pair | undefined {
  if (!scalesFreely(first.node.attrs.activation)) return undefined;
  const channels = first.weights.channels;
  for (let id = first.node.outputs[0]; ; ) {
    const reader = editor.soleConsumer(id);
    if (reader?.inputs[0] !== id) return undefined;
    const second = layers.get(reader);
    if (second) return pairOf(first, second, channels);
    if (!scaling.has(reader.op) || !passes(editor, reader, id, channels)) return undefined;
    id = reader.outputs[0];
  }
}

function pairOf(first: Layer, second: Layer, channels: number): Pair | undefined {
  const { node, weights } = second;
  if (node.op === 'fullyConnected') {
    // Behind a flatten of NHWC the columns repeat the channels.
    return weights.shape[1] % channels === 0
      ? { first, second, inputOf: (i) => (i % weights.shape[1]) % channels }
      : undefined;
  }
  return { first, second, inputOf: inputChannel(node, weights.shape) };
}

/** Only zero survives a scaling as a bound. */
function scalesFreely(activation: AttrValue): boolean {
  const { min, max } = clampOf(activation);
  return (min === null || min === 0) && (max === null || max === 0);
}

function passes(editor: GraphEditor, node: Node, id: TensorId, channels: number): boolean {
  const before = editor.tensor(id).shape;
  const after = editor.tensor(node.outputs[0]).shape;
  if (!scalesFreely(node.op === 'clamp' ? { ...node.attrs } : node.attrs.activation)) return false;
  if (node.op === 'pad') {
    const pads = Array.isArray(node.attrs.pads) ? node.attrs.pads.at(-1) : undefined;
    return Number(node.attrs.value ?? 0) === 0 && Array.isArray(pads) && pads.every((p) => p === 0);
  }
  const last = after.at(-1) ?? 1;
  if (node.op === 'reshape')
    return before.at(-1) !== undefined && (before.at(-1) ?? 1) % channels === 0 && last % channels === 0;
  const axes = Array.isArray(node.attrs.axes) ? node.attrs.axes.map(Number) : [];
  return before.at(-1) === last && !axes.some((axis) => axis === -1 || axis === before.length - 1);
}
