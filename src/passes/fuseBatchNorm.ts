// SPDX-License-Identifier: Apache-2.0
// Batch normalization with constant statistics is y = x * a + b per channel: folded into the layer before it, or made
// a multiplication and an addition (which foldAffine may fold into the layer behind it).
import type { Graph, Node, TensorId } from '../model/graph.js';
import { type Affine, foldAfter, isWeighted } from './affine.js';
import { floatTensor, realConstant } from './constants.js';
import { GraphEditor } from './editor.js';

export function fuseBatchNorm(source: Graph): Graph {
  const editor = new GraphEditor(source);
  for (const node of editor.list()) {
    if (node.op !== 'batchNorm') continue;
    const affine = affineOf(editor, node);
    if (!affine) continue;
    const before = editor.producer(node.inputs[0]);
    const alone = editor.soleConsumer(node.inputs[0]) === node;
    if (alone && isWeighted(before) && foldAfter(editor, before, affine)) adoptOutput(editor, before, node);
    else lower(editor, node, affine);
  }
  return editor.finish();
}

function affineOf(editor: GraphEditor, node: Node): Affine | undefined {
  const [scale, bias, mean, variance] = [1, 2, 3, 4].map((i) => realConstant(editor, node.inputs[i]));
  if (!scale || !bias || !mean || !variance) return undefined;
  const epsilon = Number(node.attrs.epsilon ?? 1e-5);
  const a = scale.map((s, c) => s / Math.sqrt(variance[c] + epsilon));
  return { scale: a, offset: bias.map((b, c) => b - mean[c] * a[c]) };
}

/** The layer before writes what the node wrote, and the node goes. */
export function adoptOutput(editor: GraphEditor, before: Node, node: Node): void {
  const outputs = [...node.outputs];
  editor.removeNode(node);
  editor.update(before, { outputs });
}

function lower(editor: GraphEditor, node: Node, affine: Affine): void {
  const [input, output] = [node.inputs[0], node.outputs[0]];
  const constant = (suffix: string, values: Float64Array): TensorId =>
    editor.addTensor(floatTensor(`${node.name}/${suffix}`, [values.length], values));
  const scaled = editor.addTensor({ ...editor.tensor(output), name: `${node.name}/scaled` });
  editor.removeNode(node);
  const mul = [input, constant('scale', affine.scale)];
  const add = [scaled, constant('offset', affine.offset)];
  editor.addNode({ op: 'mul', name: `${node.name}/mul`, inputs: mul, outputs: [scaled], attrs: {} });
  editor.addNode({ op: 'add', name: node.name, inputs: add, outputs: [output], attrs: {} });
}
