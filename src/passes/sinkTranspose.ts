// SPDX-License-Identifier: Apache-2.0
// One step of moving a transpose below the node that reads it: op(transpose(x)) becomes transpose(op'(x)).
import { elementCount, type Node, type Tensor, type TensorId } from '../model/graph.js';
import { pairTable } from '../ops/pairTable.js';
import { unaryTable } from '../ops/unaryTable.js';
import { invertPerm, isIdentityPerm, keepsOrder, permuteShape, permuteTensor, storedConstant } from './constants.js';
import type { GraphEditor } from './editor.js';

/** Operators that treat every element alike. */
export const elementwise = new Set([
  'clamp',
  'leakyRelu',
  'logistic',
  'tanh',
  'hardSwish',
  'sign',
  'quantize',
  'dequantize',
  'cast',
  'not',
  ...unaryTable.map((row) => row.op),
]);
export const binary = new Set(['add', 'sub', 'mul', 'div', 'minimum', 'maximum', ...pairTable.map((row) => row.op)]);

export const permOf = (node: Node): number[] => (Array.isArray(node.attrs.perm) ? node.attrs.perm.map(Number) : []);
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

type Attrs = Node['attrs'];
/** The node's attributes for the untransposed input, and the transpose of its output. */
type Rule = (attrs: Attrs, perm: readonly number[]) => { attrs: Attrs; perm: readonly number[] } | undefined;

/** attribute[i] of the transposed tensor belongs to dimension perm[i] of the untransposed one. */
const perDimension = (value: unknown, perm: readonly number[]): Attrs[string] => {
  const back = invertPerm(perm);
  return back.map((i) => list(value)[i]) as Attrs[string];
};

const axisRule: Rule = (attrs, perm) => {
  const axis = Number(attrs.axis ?? -1);
  return { attrs: { ...attrs, axis: perm[axis < 0 ? axis + perm.length : axis] }, perm };
};

const rules: Record<string, Rule> = {
  // Kernels take the last axis; a softmax that has it keeps it.
  softmax: (attrs, perm) => {
    const moved = axisRule(attrs, perm);
    const hadLast = [-1, perm.length - 1].includes(Number(attrs.axis ?? -1));
    return hadLast && moved?.attrs.axis !== perm.length - 1 ? undefined : moved;
  },
  concat: axisRule,
  pad: (attrs, perm) => ({ attrs: { ...attrs, pads: perDimension(attrs.pads, perm) }, perm }),
  slice: (attrs, perm) => {
    const [begin, size, strides] = [attrs.begin, attrs.size, attrs.strides].map((v) => perDimension(v, perm));
    return { attrs: { ...attrs, begin, size, strides }, perm };
  },
  mean: (attrs, perm) => {
    const axes = list(attrs.axes)
      .map((a) => perm[Number(a) < 0 ? Number(a) + perm.length : Number(a)])
      .sort((a, b) => a - b);
    if (attrs.keepDims === true) return { attrs: { ...attrs, axes }, perm };
    const kept = perm.filter((d) => !axes.includes(d));
    const ascending = [...kept].sort((a, b) => a - b);
    return { attrs: { ...attrs, axes }, perm: kept.map((d) => ascending.indexOf(d)) };
  },
};

/** The rule for a node read through a transpose, or undefined where a transpose cannot pass. */
export function ruleOf(node: Node): Rule | undefined {
  if (elementwise.has(node.op) || binary.has(node.op)) return (attrs, perm) => ({ attrs, perm });
  return Object.hasOwn(rules, node.op) ? rules[node.op] : undefined;
}

/** Moves `transpose` below `node`, which reads it. Returns false, and changes nothing, where that is not possible. */
export function sink(editor: GraphEditor, transpose: Node, node: Node): boolean {
  const perm = permOf(transpose);
  const moved = ruleOf(node)?.(node.attrs, perm);
  if (!moved || node.outputs.length !== 1) return false;
  const inputs = node.inputs.map((id) => untransposed(editor, id, perm, node));
  if (inputs.some((make) => make === undefined)) return false;
  const output = node.outputs[0];
  const tensor = editor.tensor(output);
  if (tensor.shape.length !== moved.perm.length || (tensor.quant?.scales.length ?? 1) > 1) return false;
  const shape = permuteShape(tensor.shape, invertPerm(moved.perm));
  const computed = editor.addTensor({ ...tensor, name: `${tensor.name}/nhwc`, shape });
  editor.update(node, { attrs: moved.attrs, inputs: inputs.map((make) => (make ? make() : -1)), outputs: [computed] });
  editor.addNode({
    op: 'transpose',
    name: `${transpose.name}/${node.name}`,
    inputs: [computed],
    outputs: [output],
    attrs: { perm: moved.perm },
  });
  return true;
}

/**
 * How to get `id` without the permutation: from before a transpose that does the same, from a permuted constant, or by
 * a reshape where only dimensions of size 1 move. Undefined where it would take a new transpose that nothing cancels.
 */
function untransposed(
  editor: GraphEditor,
  id: TensorId,
  perm: readonly number[],
  node: Node,
): (() => TensorId) | undefined {
  const producer = editor.producer(id);
  if (producer?.op === 'transpose' && samePerm(permOf(producer), perm)) return () => producer.inputs[0];
  const tensor = editor.tensor(id);
  if (elementCount(tensor.shape) === 1 && tensor.shape.length <= perm.length) {
    return tensor.shape.length === perm.length || binary.has(node.op) ? () => id : undefined;
  }
  if (tensor.shape.length > perm.length || (tensor.shape.length < perm.length && !binary.has(node.op)))
    return undefined;
  const shape = [...new Array<number>(perm.length - tensor.shape.length).fill(1), ...tensor.shape];
  const back = invertPerm(perm);
  if (storedConstant(editor, id)) return () => permutedConstant(editor, id, shape, back);
  if (keepsOrder(shape, back)) return () => reshaped(editor, id, permuteShape(shape, back));
  return cancelsBehind(editor, node, back) && shape.length === tensor.shape.length
    ? () => transposed(editor, id, back)
    : undefined;
}

const samePerm = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((d, i) => d === b[i]);

/** Every reader of the node's output undoes the permutation: moving it down removes more transposes than it adds. */
function cancelsBehind(editor: GraphEditor, node: Node, back: readonly number[]): boolean {
  const readers = editor.consumers(node.outputs[0]);
  const cancelled = readers.every((r) => r.op === 'transpose' && samePerm(permOf(r), back));
  return cancelled && readers.length > 0 && !editor.isOutput(node.outputs[0]);
}

function reshaped(editor: GraphEditor, id: TensorId, shape: number[]): TensorId {
  const tensor = editor.tensor(id);
  const output = editor.addTensor({ ...tensor, name: `${tensor.name}/reshaped`, shape });
  editor.addNode({ op: 'reshape', name: `${tensor.name}/reshape`, inputs: [id], outputs: [output], attrs: { shape } });
  return output;
}

function transposed(editor: GraphEditor, id: TensorId, perm: number[]): TensorId {
  const tensor = editor.tensor(id);
  const shape = permuteShape(tensor.shape, perm);
  const output = editor.addTensor({ ...tensor, name: `${tensor.name}/transposed`, shape });
  editor.addNode({
    op: 'transpose',
    name: `${tensor.name}/transpose`,
    inputs: [id],
    outputs: [output],
    attrs: { perm },
  });
  return output;
}

/** The constant (or the dequantized constant) with `shape`, then permuted. */
export function permutedConstant(
  editor: GraphEditor,
  id: TensorId,
  shape: number[],
  perm: readonly number[],
): TensorId {
  const direct = editor.constant(id);
  const make = (tensor: Tensor & { data: NonNullable<Tensor['data']> }): TensorId => {
    const grown = shape.length - tensor.shape.length;
    const quant = tensor.quant && { ...tensor.quant, axis: tensor.quant.axis + grown };
    return editor.addTensor(permuteTensor({ ...tensor, shape, ...(quant ? { quant } : {}) }, perm));
  };
  if (direct) return isIdentityPerm(perm) && direct.shape.length === shape.length ? id : make(direct);
  const producer = editor.producer(id);
  const stored = storedConstant(editor, id);
  if (!producer || !stored) throw new Error(`tensor ${id} is no constant`);
  const output = editor.addTensor({ ...editor.tensor(id), shape: permuteShape(shape, perm) });
  editor.addNode({ ...producer, inputs: [make(stored)], outputs: [output] });
  return output;
}
