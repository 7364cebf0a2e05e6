// SPDX-License-Identifier: Apache-2.0
// Folds a per-channel constant add, sub, mul or div into the float layer before it, or into the one behind it.
import type { Graph, Node, TensorId } from '../model/graph.js';
import { hasActivation } from './activation.js';
import { type Affine, foldAfter, foldBefore, isWeighted } from './affine.js';
import { perChannelConstant } from './constants.js';
import { GraphEditor } from './editor.js';
import { adoptOutput } from './fuseBatchNorm.js';

export function foldAffine(source: Graph): Graph {
  const editor = new GraphEditor(source);
  for (const node of editor.list()) {
    const found = affineOf(editor, node);
    if (found) foldIntoBefore(editor, node, found) || foldIntoBehind(editor, node, found);
  }
  return editor.finish();
}

interface Found {
  variable: TensorId;
  affine: Affine;
}

type Row = (c: number, first: boolean) => [scale: number, offset: number];

/** (scale, offset) of the variable operand, for constant c; `first` when the constant is the first operand. */
const rows: Record<string, Row> = {
  add: (c) => [1, c],
  sub: (c, first) => (first ? [-1, c] : [1, -c]),
  mul: (c) => [c, 0],
  div: (c) => [1 / c, 0],
};

function affineOf(editor: GraphEditor, node: Node): Found | undefined {
  const row = rows[node.op];
  if (!row || editor.tensor(node.outputs[0]).dtype !== 'float32') return undefined;
  const { shape } = editor.tensor(node.outputs[0]);
  const channels = shape.at(-1) ?? 1;
  for (const i of node.op === 'div' ? [1] : [1, 0]) {
    const variable = node.inputs[1 - i];
    const values = perChannelConstant(editor, node.inputs[i], channels);
    if (!values || editor.constant(variable) || !sameShape(editor.tensor(variable).shape, shape)) continue;
    const pairs = Array.from(values, (c) => row(c, i === 0));
    const affine = { scale: Float64Array.from(pairs, (p) => p[0]), offset: Float64Array.from(pairs, (p) => p[1]) };
    if ([...affine.scale, ...affine.offset].every(Number.isFinite)) return { variable, affine };
  }
  return undefined;
}

const sameShape = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((d, i) => d === b[i]);

function foldIntoBefore(editor: GraphEditor, node: Node, { variable, affine }: Found): boolean {
  const before = editor.producer(variable);
  if (!isWeighted(before) || editor.soleConsumer(variable) !== node || !foldAfter(editor, before, affine)) return false;
  if (hasActivation(node)) {
    editor.update(before, { attrs: { ...before.attrs, activation: node.attrs.activation } });
  }
  adoptOutput(editor, before, node);
  return true;
}

function foldIntoBehind(editor: GraphEditor, node: Node, { variable, affine }: Found): boolean {
  const behind = editor.soleConsumer(node.outputs[0]);
  if (hasActivation(node) || !isWeighted(behind) || behind.inputs[0] !== node.outputs[0]) return false;
  const columns = editor.tensor(behind.inputs[1]).shape[1];
  if (behind.op === 'fullyConnected' && columns !== affine.scale.length) return false;
  if (!foldBefore(editor, behind, affine)) return false;
  editor.setInput(behind, 0, variable);
  editor.removeNode(node);
  return true;
}
