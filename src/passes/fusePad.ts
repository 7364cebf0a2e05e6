// SPDX-License-Identifier: Apache-2.0
// A pad node over height and width becomes the padding of the convolution or pooling behind it.
import type { Graph, Node, TensorId } from '../model/graph.js';
import { clampOf } from './activation.js';
import { GraphEditor } from './editor.js';

type Pads = [top: number, left: number, bottom: number, right: number];

export function fusePad(source: Graph): Graph {
  const editor = new GraphEditor(source);
  for (const node of editor.list()) {
    if (node.op !== 'pad') continue;
    const behind = editor.soleConsumer(node.outputs[0]);
    const pads = spatialPads(node);
    if (!behind || !pads || behind.inputs[0] !== node.outputs[0]) continue;
    const attrs = fused(editor, node, behind, pads);
    if (!attrs) continue;
    editor.update(behind, { attrs, inputs: [node.inputs[0], ...behind.inputs.slice(1)] });
    editor.removeNode(node);
  }
  return editor.finish();
}

function spatialPads(node: Node): Pads | undefined {
  const pads = node.attrs.pads;
  if (!Array.isArray(pads) || pads.length !== 4) return undefined;
  const [n, h, w, c] = (pads as unknown[]).map((p) => (Array.isArray(p) ? p.map(Number) : [0, 0]));
  if ([...n, ...c].some((p) => p !== 0) || [...h, ...w].some((p) => p < 0)) return undefined;
  return [h[0], w[0], h[1], w[1]];
}

/** The attributes of the node behind with the padding in them; undefined where that would change its result. */
function fused(editor: GraphEditor, node: Node, behind: Node, extra: Pads): Node['attrs'] | undefined {
  const { attrs } = behind;
  if (Number(node.attrs.value ?? 0) !== 0) return undefined;
  const own = numbers(attrs.pads, [0, 0, 0, 0]);
  const pads = own.map((p, i) => p + extra[i]);
  if (behind.op === 'conv2d' || behind.op === 'depthwiseConv2d') return { ...attrs, pads };
  const [height, width] = numbers(attrs.kernel, [1, 1]);
  if (!pads.every((p, i) => p < (i % 2 === 0 ? height : width))) return undefined;
  // A pooling that pads by itself takes no maximum with the padding: the same where no input is below zero.
  if (behind.op === 'maxPool2d') return isNonNegative(editor, node.inputs[0]) ? { ...attrs, pads } : undefined;
  if (behind.op !== 'averagePool2d' || editor.tensor(node.inputs[0]).dtype !== 'float32') return undefined;
  // What the pad node added is counted; what the pooling itself added is counted only when it says so.
  return attrs.countIncludePad === true || own.every((p) => p === 0)
    ? { ...attrs, pads, countIncludePad: true }
    : undefined;
}

const numbers = (value: unknown, otherwise: number[]): number[] =>
  Array.isArray(value) ? value.map(Number) : otherwise;

function isNonNegative(editor: GraphEditor, id: TensorId): boolean {
  const producer = editor.producer(id);
  if (producer === undefined) return false;
  const { min } = clampOf(producer.op === 'clamp' ? { ...producer.attrs } : producer.attrs.activation);
  return min !== null && min >= 0;
}
