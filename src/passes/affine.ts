// SPDX-License-Identifier: Apache-2.0
// y = x * scale + offset per channel, folded into the weights and bias of a convolution or dense layer (float only).
import { NO_TENSOR, type Node } from '../model/graph.js';
import { hasActivation } from './activation.js';
import { floatTensor, realConstant } from './constants.js';
import type { GraphEditor } from './editor.js';

export interface Affine {
  scale: Float64Array;
  offset: Float64Array;
}

/** Dimension of the weights that counts output channels. */
export const outputAxis: Readonly<Record<string, number>> = { conv2d: 0, depthwiseConv2d: 3, fullyConnected: 0 };
export const isWeighted = (node: Node | undefined): node is Node => node !== undefined && node.op in outputAxis;

interface Weights {
  shape: number[];
  values: Float64Array;
  bias: Float64Array | undefined;
  channels: number;
}

/** Constant weights and bias of a float layer; undefined when they are computed or the layer is integer. */
export function readWeights(editor: GraphEditor, node: Node): Weights | undefined {
  if (editor.tensor(node.outputs[0]).dtype !== 'float32') return undefined;
  const values = realConstant(editor, node.inputs[1]);
  const hasBias = node.inputs[2] !== undefined && node.inputs[2] !== NO_TENSOR;
  const bias = hasBias ? realConstant(editor, node.inputs[2]) : undefined;
  if (!values || (hasBias && !bias)) return undefined;
  const { shape } = editor.tensor(node.inputs[1]);
  return { shape, values, bias, channels: shape[outputAxis[node.op]] };
}

export function writeWeights(editor: GraphEditor, node: Node, weights: Weights): void {
  const name = (id: number | undefined, fallback: string): string =>
    id === undefined || id === NO_TENSOR ? fallback : editor.tensor(id).name;
  const w = editor.addTensor(floatTensor(name(node.inputs[1], `${node.name}/weights`), weights.shape, weights.values));
  const inputs = [node.inputs[0], w];
  if (weights.bias) {
    inputs.push(
      editor.addTensor(floatTensor(name(node.inputs[2], `${node.name}/bias`), [weights.channels], weights.bias)),
    );
  }
  editor.update(node, { inputs });
}

/** Index of the output channel of each weight. */
export function outputChannel(node: Node, shape: readonly number[]): (i: number) => number {
  const last = shape.length - 1;
  const inner = outputAxis[node.op] === last ? 1 : shape.slice(1).reduce((a, b) => a * b, 1);
  const channels = shape[outputAxis[node.op]];
  return (i) => Math.floor(i / inner) % channels;
}

/** Index of the input channel of each weight. */
export function inputChannel(node: Node, shape: readonly number[]): (i: number) => number {
  if (node.op === 'fullyConnected') return (i) => i % shape[1];
  if (node.op === 'depthwiseConv2d') {
    const multiplier = Number(node.attrs.multiplier ?? 1);
    return (i) => Math.floor((i % shape[3]) / multiplier);
  }
  const inner = shape[1] * shape[2] * shape[3];
  const perGroup = shape[0] / Number(node.attrs.groups ?? 1);
  return (i) => (i % shape[3]) + Math.floor(Math.floor(i / inner) / perGroup) * shape[3];
}

/** layer(x) * scale + offset, as new weights of the layer before. */
export function foldAfter(editor: GraphEditor, node: Node, affine: Affine): boolean {
  const weights = readWeights(editor, node);
  if (!weights || hasActivation(node) || affine.scale.length !== weights.channels) return false;
  const channel = outputChannel(node, weights.shape);
  const values = weights.values.map((w, i) => w * affine.scale[channel(i)]);
  const bias = affine.offset.map((b, c) => b + (weights.bias?.[c] ?? 0) * affine.scale[c]);
  writeWeights(editor, node, { ...weights, values, bias });
  return true;
}

/** layer(x * scale + offset), as new weights of the layer behind. An offset would also move the zeros of a padding. */
export function foldBefore(editor: GraphEditor, node: Node, affine: Affine): boolean {
  const weights = readWeights(editor, node);
  if (!weights) return false;
  const pads = Array.isArray(node.attrs.pads) ? node.attrs.pads.map(Number) : [];
  const hasOffset = affine.offset.some((b) => b !== 0);
  if (hasOffset && pads.some((p) => p !== 0)) return false;
  const from = inputChannel(node, weights.shape);
  const to = outputChannel(node, weights.shape);
  const bias = hasOffset
    ? Float64Array.from({ length: weights.channels }, (_, c) => weights.bias?.[c] ?? 0)
    : weights.bias;
  const values = weights.values.map((w, i) => {
    if (hasOffset && bias) bias[to(i)] += w * affine.offset[from(i)];
    return w * affine.scale[from(i)];
  });
  writeWeights(editor, node, { ...weights, values, bias });
  return true;
}
