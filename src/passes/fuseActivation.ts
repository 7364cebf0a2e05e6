// SPDX-License-Identifier: Apache-2.0
// A clamp behind a layer that can clamp by itself becomes the layer's activation; clamps in a row become one.
import type { Graph, Node } from '../model/graph.js';
import { clampOf, thenClamp } from './activation.js';
import { sameQuant } from './constants.js';
import { GraphEditor } from './editor.js';
import { adoptOutput } from './fuseBatchNorm.js';

const clamping = new Set([
  'conv2d',
  'depthwiseConv2d',
  'fullyConnected',
  'add',
  'sub',
  'mul',
  'div',
  'maxPool2d',
  'averagePool2d',
]);

/** Whether the operator has an activation of its own. */
export const clampsItself = (op: string): boolean => clamping.has(op);

export function fuseActivation(source: Graph): Graph {
  const editor = new GraphEditor(source);
  for (const node of editor.list()) {
    if (node.op !== 'clamp') continue;
    const before = editor.producer(node.inputs[0]);
    if (!before || editor.soleConsumer(node.inputs[0]) !== node || !sameNumbers(editor, node)) continue;
    const clamp = clampOf(node.attrs);
    if (before.op === 'clamp') {
      editor.update(before, { attrs: { ...thenClamp(clampOf(before.attrs), clamp) } });
    } else if (clamping.has(before.op)) {
      const activation = thenClamp(clampOf(before.attrs.activation), clamp);
      editor.update(before, { attrs: { ...before.attrs, activation } });
    } else continue;
    adoptOutput(editor, before, node);
  }
  return editor.finish();
}

/** Integer clamps fuse only when the integers mean the same before and after. */
function sameNumbers(editor: GraphEditor, node: Node): boolean {
  const [a, b] = [editor.tensor(node.inputs[0]), editor.tensor(node.outputs[0])];
  return a.dtype === b.dtype && sameQuant(a.quant, b.quant);
}
