// SPDX-License-Identifier: Apache-2.0
// A pad node over height and width becomes the padding of the convolution or pooling behind it.
import type { Graph, Node } from '../model/graph.js';
import { GraphEditor } from './editor.js';

type Pads = [top: number, left: number, bottom: number, right: number];

export function fusePad(source: Graph): Graph {
  const editor = new GraphEditor(source);
  for (const node of editor.list()) {
    if (node.op !== 'pad') continue;
    const behind = editor.soleConsumer(node.outputs[0]);
    const pads = spatialPads(node);
    if (!behind || !pads || behind.inputs[0] !== node.outputs[0]) continue;
    const attrs = fused(behind, pads, Number(node.attrs.value ?? 0), editor.tensor(node.inputs[0]).dtype === 'float32');
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
function fused(behind: Node, extra: Pads, value: number, isFloat: boolean): Node['attrs'] | undefined {
  const { attrs } = behind;
  const own = Array.isArray(attrs.pads) ? attrs.pads.map(Number) : [0, 0, 0, 0];
  const pads = own.map((p, i) => p + extra[i]);
  switch (behind.op) {
    case 'conv2d':
    case 'depthwiseConv2d':
      return value === 0 ? { ...attrs, pads } : undefined;
    case 'maxPool2d':
      return value === Number.NEGATIVE_INFINITY ? { ...attrs, pads } : undefined;
    case 'averagePool2d':
      // What the pad node added is counted; what the pool itself added is counted only when it says so.
      if (value !== 0 || !isFloat || !(attrs.countIncludePad === true || own.every((p) => p === 0))) return undefined;
      return { ...attrs, pads, countIncludePad: true };
    default:
      return undefined;
  }
}
