// SPDX-License-Identifier: Apache-2.0
// Layers of binary networks: a convolution or dense layer that reads signs, and whose weights are +a or -a for each output
// channel, becomes a binaryConv2d of bits; batch norms are in its weights by now. Where its own output is only asked for its
// sign, bits come out of it directly: scale and bias become a threshold (joinSigns.ts).
import { type Graph, NO_TENSOR, type Node, type TensorId } from '../model/graph.js';
import { packBits, wordsOf } from '../ops/bits.js';
import { outputChannel, readWeights } from './affine.js';
import { floatTensor } from './constants.js';
import { GraphEditor } from './editor.js';
import { type SignRead, signRead } from './signRead.js';

/** Sums are exact in the kernels' fixed point up to this many products (binaryConv2d.ts). */
const maxProducts = 65_535;

export function binaryLayers(source: Graph): Graph {
  const editor = new GraphEditor(source);
  const known = new Map<string, TensorId>();
  for (const node of editor.list())
    if (node.op === 'conv2d' || node.op === 'fullyConnected') convert(editor, node, known);
  return editor.finish();
}

interface BinaryWeights {
  bits: Int32Array;
  shape: number[];
  scale: Float64Array;
  bias: ArrayLike<number>;
}

/** Weights of which each output channel has one magnitude, as OHWI bits. */
function binaryWeights(editor: GraphEditor, node: Node): BinaryWeights | undefined {
  const weights = readWeights(editor, node);
  if (!weights || Number(node.attrs.groups ?? 1) !== 1) return undefined;
  const { values, channels } = weights;
  const shape = node.op === 'conv2d' ? weights.shape : [channels, 1, 1, weights.shape[1]];
  const depth = shape[3];
  const each = values.length / channels;
  const channel = outputChannel(node, weights.shape);
  const scale = Float64Array.from({ length: channels }, (_, c) => Math.abs(values[c * each]));
  if (each > maxProducts || !values.every((v, i) => Math.abs(v) === scale[channel(i)] && Number.isFinite(v)))
    return undefined;
  const bias = weights.bias ?? new Float64Array(channels);
  if (scale.every((s) => s === 0) || !Array.from(bias).every(Number.isFinite)) return undefined;
  const bits = packBits(values.length, depth, (i) => values[i] > 0);
  return { bits, shape: [...shape.slice(0, 3), wordsOf(depth)], scale, bias };
}

function convert(editor: GraphEditor, node: Node, known: Map<string, TensorId>): void {
  const read = signRead(editor, node);
  const weights = read && binaryWeights(editor, node);
  if (!read || !weights) return;
  const dense = node.op === 'fullyConnected';
  const shape = dense ? denseShape(editor, node) : editor.tensor(read.source).shape;
  const bits = bitsOf(editor, read, shape, known);
  const constant = (name: string, values: ArrayLike<number>): TensorId =>
    editor.addTensor(floatTensor(`${node.name}/${name}`, [values.length], values));
  const w = editor.addTensor({ name: nameOf(editor, node), dtype: 'int32', shape: weights.shape, data: weights.bits });
  const attrs = {
    strides: [1, 1],
    dilations: [1, 1],
    pads: [0, 0, 0, 0],
    ...(dense ? {} : { strides: node.attrs.strides, dilations: node.attrs.dilations, pads: read.pads }),
    ...(node.attrs.activation === undefined ? {} : { activation: node.attrs.activation }),
    channels: shape[3],
    padValue: read.padValue,
  };
  const inputs = [bits, w, constant('scale', weights.scale), constant('bias', weights.bias)];
  if (dense) replaceDense(editor, node, inputs, attrs, [1, 1, shape[2], weights.scale.length]);
  else editor.update(node, { op: 'binaryConv2d', inputs, attrs });
}

const nameOf = (editor: GraphEditor, node: Node): string =>
  node.inputs[1] === NO_TENSOR ? `${node.name}/weights` : editor.tensor(node.inputs[1]).name;

/** Rows of a dense layer's input as a row of pixels. */
function denseShape(editor: GraphEditor, node: Node): number[] {
  const columns = editor.tensor(node.inputs[1]).shape[1];
  const count = editor.tensor(node.inputs[0]).shape.reduce((a, b) => a * b, 1);
  return [1, 1, count / columns, columns];
}

function replaceDense(
  editor: GraphEditor,
  node: Node,
  inputs: TensorId[],
  attrs: Node['attrs'],
  shape: number[],
): void {
  const [output] = node.outputs;
  const { name, shape: wanted } = editor.tensor(output);
  const made = editor.addTensor({ name: `${name}/row`, dtype: 'float32', shape });
  editor.update(node, { op: 'binaryConv2d', inputs, attrs, outputs: [made] });
  const reshape = { op: 'reshape', name: `${node.name}/reshape`, inputs: [made], outputs: [output] };
  editor.addNode({ ...reshape, attrs: { shape: [...wanted] } });
}

/** The bits of a tensor's signs under a shape; those of one tensor are made once. */
function bitsOf(editor: GraphEditor, read: SignRead, shape: number[], known: Map<string, TensorId>): TensorId {
  const { source, strict } = read;
  const key = `${source} ${shape} ${strict}`;
  const made = known.get(key);
  if (made !== undefined) return made;
  const { name, shape: given } = editor.tensor(source);
  let input = source;
  if (`${given}` !== `${shape}`) {
    input = editor.addTensor({ name: `${name}/row`, dtype: 'float32', shape: [...shape] });
    const reshape = { op: 'reshape', name: `${read.name}/reshape`, inputs: [source], outputs: [input] };
    editor.addNode({ ...reshape, attrs: { shape: [...shape] } });
  }
  const words = [...shape.slice(0, -1), wordsOf(shape[3])];
  const bits = editor.addTensor({ name: `${name}/bits`, dtype: 'int32', shape: words });
  editor.addNode({ op: 'binarize', name: read.name, inputs: [input], outputs: [bits], attrs: { strict } });
  known.set(key, bits);
  return bits;
}
