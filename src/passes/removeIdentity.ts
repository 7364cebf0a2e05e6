// SPDX-License-Identifier: Apache-2.0
// Removes nodes that change nothing, and merges reshapes that follow each other.
import type { Graph, Node, TensorId } from '../model/graph.js';
import { clampOf, hasActivation } from './activation.js';
import { isIdentityPerm, realConstant, sameQuant } from './constants.js';
import { GraphEditor } from './editor.js';

type Rule = (node: Node, editor: GraphEditor) => TensorId | undefined;

const numbers = (value: unknown): number[] => (Array.isArray(value) ? value.flat(Infinity).map(Number) : []);
const sameShape = (editor: GraphEditor, a: TensorId, b: TensorId): boolean => {
  const [x, y] = [editor.tensor(a).shape, editor.tensor(b).shape];
  return x.length === y.length && x.every((d, i) => d === y[i]);
};

/** For each operator, the tensor that the output equals, if there is one. */
const rules: Record<string, Rule> = {
  reshape: (node, editor) => (sameShape(editor, node.inputs[0], node.outputs[0]) ? node.inputs[0] : undefined),
  transpose: (node) => (isIdentityPerm(numbers(node.attrs.perm)) ? node.inputs[0] : undefined),
  pad: (node) => (numbers(node.attrs.pads).every((n) => n === 0) ? node.inputs[0] : undefined),
  slice: (node, editor) =>
    sameShape(editor, node.inputs[0], node.outputs[0]) && numbers(node.attrs.strides).every((s) => s === 1)
      ? node.inputs[0]
      : undefined,
  concat: (node) => (node.inputs.length === 1 ? node.inputs[0] : undefined),
  mean: (node, editor) =>
    numbers(node.attrs.axes).every((axis) => editor.tensor(node.inputs[0]).shape[axis] === 1) &&
    sameShape(editor, node.inputs[0], node.outputs[0])
      ? node.inputs[0]
      : undefined,
  clamp: (node, editor) => (clampKeepsAll(node, editor) ? node.inputs[0] : undefined),
  quantize: (node, editor) => requantizedFrom(node, editor),
  mul: (node, editor) => neutralOperand(node, editor, 1, true),
  add: (node, editor) => neutralOperand(node, editor, 0, true),
  sub: (node, editor) => neutralOperand(node, editor, 0, false),
  div: (node, editor) => neutralOperand(node, editor, 1, false),
};

export function removeIdentity(source: Graph): Graph {
  const editor = new GraphEditor(source);
  for (const node of editor.list()) {
    if (node.op === 'reshape') skipReshapeBefore(editor, node);
    const equal = rules[node.op]?.(node, editor);
    if (equal === undefined || !interchangeable(editor, equal, node.outputs[0])) continue;
    if (!editor.canReplace(node.outputs[0], equal)) continue;
    editor.replaceUses(node.outputs[0], equal);
    editor.removeNode(node);
  }
  return editor.finish();
}

const interchangeable = (editor: GraphEditor, a: TensorId, b: TensorId): boolean =>
  editor.tensor(a).dtype === editor.tensor(b).dtype && sameQuant(editor.tensor(a).quant, editor.tensor(b).quant);

function skipReshapeBefore(editor: GraphEditor, node: Node): void {
  const before = editor.producer(node.inputs[0]);
  if (before?.op !== 'reshape' || !interchangeable(editor, before.inputs[0], node.inputs[0])) return;
  editor.setInput(node, 0, before.inputs[0]);
}

/** No bounds at all, or bounds that the integers of the input cannot pass. */
function clampKeepsAll(node: Node, editor: GraphEditor): boolean {
  const { min, max } = clampOf(node.attrs);
  if (min === null && max === null) return true;
  const { dtype, quant } = editor.tensor(node.inputs[0]);
  if (dtype !== 'int8' || quant?.scales.length !== 1) return false;
  const [scale, zero] = [quant.scales[0], quant.zeroPoints[0]];
  const bound = (real: number): number => Math.round(real / scale) + zero;
  return (min === null || bound(min) <= -128) && (max === null || bound(max) >= 127);
}

/** Quantizing what was dequantized from the same integers gives them back; so does requantizing to the same scale. */
function requantizedFrom(node: Node, editor: GraphEditor): TensorId | undefined {
  const input = editor.tensor(node.inputs[0]);
  if (input.dtype !== 'float32') return node.inputs[0];
  const before = editor.producer(node.inputs[0]);
  return before?.op === 'dequantize' ? before.inputs[0] : undefined;
}

/** The other operand when one is a float constant full of the neutral element. */
function neutralOperand(node: Node, editor: GraphEditor, neutral: number, commutes: boolean): TensorId | undefined {
  if (hasActivation(node)) return undefined;
  for (const i of commutes ? [1, 0] : [1]) {
    const [id, other] = [node.inputs[i], node.inputs[1 - i]];
    if (editor.tensor(other).dtype !== 'float32' || !sameShape(editor, other, node.outputs[0])) continue;
    if (realConstant(editor, id)?.every((v) => v === neutral)) return other;
  }
  return undefined;
}
