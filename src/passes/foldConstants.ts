// SPDX-License-Identifier: Apache-2.0
// Computes at pack time what depends on constants alone.
import { type DType, elementCount, type Graph, NO_TENSOR, type Node, type TensorData } from '../model/graph.js';
import { opSpec } from '../ops/index.js';
import type { OpSpec } from '../ops/op.js';
import { GraphEditor } from './editor.js';

/** A folded constant larger than this is more than any microcontroller holds, and may come from a hostile file. */
const maxFoldedElements = 1 << 24;
const maxFoldedMacs = 1e8;

/** Operators that move or decode elements of any type; the others compute with these types. */
const anyType = new Set([
  'reshape',
  'transpose',
  'slice',
  'concat',
  'dequantize',
  'expand',
  'tile',
  'gather',
  'where',
  'cast',
]);
const computed = new Set<DType>(['float32', 'int8', 'int32', 'bool']);

/** Leaves `dequantize` alone: integer constants are worth more to the integer passes than their real values. */
export function foldConstants(graph: Graph): Graph {
  return fold(graph, (node) => node.op !== 'dequantize' && node.op !== 'constant');
}

/** For what the integer passes did not want: dequantized constants become float constants. */
export function foldDequantize(graph: Graph): Graph {
  return fold(graph, (node) => node.op === 'dequantize');
}

function fold(source: Graph, wanted: (node: Node) => boolean): Graph {
  const editor = new GraphEditor(source);
  for (const node of editor.list()) {
    const spec = opSpec(node.op);
    if (!spec || !wanted(node) || !isFoldable(editor, node, spec)) continue;
    const inputs = node.inputs.map((id) => editor.constant(id)?.data);
    const results = spec.evaluate(node, inputs, { graph: editor.graph, rounding: 'tflite' });
    keep(editor, node, results);
  }
  return editor.finish();
}

function isFoldable(editor: GraphEditor, node: Node, spec: OpSpec): boolean {
  const constants = node.inputs.filter((id) => id !== NO_TENSOR);
  if (constants.length === 0 || constants.some((id) => !editor.constant(id))) return false;
  const types = [...constants, ...node.outputs].map((id) => editor.tensor(id).dtype);
  if (!anyType.has(node.op) && !types.every((dtype) => computed.has(dtype))) return false;
  if (node.outputs.some((id) => editor.isOutput(id))) return false;
  if (!anyType.has(node.op) && !computes(spec, node, editor.graph)) return false;
  const elements = node.outputs.reduce((sum, id) => sum + elementCount(editor.tensor(id).shape), 0);
  return elements <= maxFoldedElements && spec.macs(node, editor.graph) <= maxFoldedMacs;
}

/** Whether the operator has arithmetic for these types. Constants alone may be what it refuses: no kernel takes them. */
function computes(spec: OpSpec, node: Node, graph: Graph): boolean {
  if (!spec.unsupported?.(node, graph)) return true;
  const tensors = graph.tensors.map((t, id) => (node.inputs.includes(id) ? { ...t, data: undefined } : t));
  return !spec.unsupported(node, { ...graph, tensors });
}

function keep(editor: GraphEditor, node: Node, results: TensorData[]): void {
  results.forEach((data, i) => {
    editor.setTensor(node.outputs[i], { data });
  });
  editor.removeNode(node);
}
