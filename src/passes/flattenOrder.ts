// SPDX-License-Identifier: Apache-2.0
// transpose -> flatten -> … -> fullyConnected: the order of the flattened elements moves into the columns of the
// weights, and the transpose goes.
import { elementCount, NO_TENSOR, type Node, type TensorId } from '../model/graph.js';
import { permutedIndices, storedConstant } from './constants.js';
import type { GraphEditor } from './editor.js';
import { binary, elementwise, permOf } from './sinkTranspose.js';

/** A constant whose last dimension follows the order of the flattened elements. */
interface Ordered {
  node: Node;
  input: number;
}

/** `flatten` is a reshape that reads `transpose`. Returns false, and changes nothing, where the order cannot move. */
export function absorbFlatten(editor: GraphEditor, transpose: Node, flatten: Node): boolean {
  const { shape } = editor.tensor(flatten.outputs[0]);
  const count = elementCount(shape);
  if (shape.at(-1) !== count) return false;
  const found: Ordered[] = [];
  if (!collect(editor, flatten.outputs[0], count, found)) return false;
  const order = permutedIndices(editor.tensor(transpose.inputs[0]).shape, permOf(transpose));
  for (const { node, input } of found) reorder(editor, node, input, order);
  editor.setInput(flatten, 0, transpose.inputs[0]);
  return true;
}

/** Follows elementwise nodes to dense layers; false when anything else sees the order of the elements. */
function collect(editor: GraphEditor, start: TensorId, count: number, found: Ordered[]): boolean {
  const open = [start];
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    if (editor.isOutput(id)) return false;
    for (const node of editor.consumers(id)) {
      const step = follow(editor, node, id, count);
      if (!step) return false;
      found.push(...step.ordered);
      if (step.next !== undefined) open.push(step.next);
    }
  }
  return true;
}

function follow(
  editor: GraphEditor,
  node: Node,
  id: TensorId,
  count: number,
): { ordered: Ordered[]; next?: TensorId } | undefined {
  const next = node.outputs[0];
  if (node.op === 'fullyConnected') {
    const weights = storedConstant(editor, node.inputs[1]);
    const isColumns = node.inputs[0] === id && weights?.shape[1] === count && (weights.quant?.axis ?? 0) === 0;
    return isColumns ? { ordered: [{ node, input: 1 }] } : undefined;
  }
  if (editor.tensor(next).shape.at(-1) !== count || elementCount(editor.tensor(next).shape) !== count) return undefined;
  if (elementwise.has(node.op) || node.op === 'reshape') return { ordered: [], next };
  if (!binary.has(node.op) && node.op !== 'batchNorm') return undefined;
  const ordered: Ordered[] = [];
  for (const [i, other] of node.inputs.entries()) {
    if (other === id || other === NO_TENSOR) continue;
    const constant = storedConstant(editor, other);
    if (!constant || (constant.quant?.scales.length ?? 1) > 1) return undefined;
    if (constant.data.length === 1) continue;
    if (constant.data.length !== count || constant.shape.at(-1) !== count) return undefined;
    ordered.push({ node, input: i });
  }
  return { ordered, next };
}

/** new[…, order[j]] = old[…, j]: column j met element order[j] of the untransposed tensor. */
function reorder(editor: GraphEditor, node: Node, input: number, order: Uint32Array): void {
  const id = node.inputs[input];
  const stored = storedConstant(editor, id);
  if (!stored) throw new Error(`tensor ${id} is no constant`);
  const data = stored.data.slice();
  const columns = order.length;
  for (let row = 0; row < data.length; row += columns) {
    for (let j = 0; j < columns; j++) data[row + order[j]] = stored.data[row + j];
  }
  let replacement = editor.addTensor({ ...stored, shape: [...stored.shape], data });
  const producer = editor.producer(id);
  if (producer) {
    const output = editor.addTensor({ ...editor.tensor(id) });
    editor.addNode({ ...producer, inputs: [replacement], outputs: [output] });
    replacement = output;
  }
  editor.setInput(node, input, replacement);
}
