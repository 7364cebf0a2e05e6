// SPDX-License-Identifier: Apache-2.0
// A power of one tensor by another, where calibration has seen no base below zero, is exp(exponent * log(base)): those have
// integer forms. A power by one number (or of one) is a table and stays as it is.
import type { Attrs, Graph, Node, TensorId } from '../model/graph.js';
import { realConstant } from '../passes/constants.js';
import { GraphEditor } from '../passes/editor.js';
import type { Range } from './range.js';

const isUniform = (values: Float64Array | undefined): boolean =>
  values !== undefined && values.length > 0 && values.every((v) => v === values[0]);

/** A base of zero is taken for this share of the largest: less than a step of int8, a few of int16. */
const leastShare = 2 ** -13;

/** The values of an input, as far as is known. */
function rangeOf(editor: GraphEditor, id: TensorId, extremes: ReadonlyMap<TensorId, Range>): Range | undefined {
  const values = realConstant(editor, id);
  if (!values) return extremes.get(id);
  return { min: values.reduce((a, b) => Math.min(a, b)), max: values.reduce((a, b) => Math.max(a, b)) };
}

function rewrite(editor: GraphEditor, node: Node, { min, max }: Range): void {
  const [base, exponent] = node.inputs;
  const [output] = node.outputs;
  const { shape } = editor.tensor(base);
  const add = (op: string, inputs: TensorId[], shape: readonly number[], attrs: Attrs = {}): TensorId => {
    const id = editor.addTensor({ name: `${node.name}/${op}`, dtype: 'float32', shape: [...shape] });
    editor.addNode({ op, name: `${node.name}/${op}`, inputs, outputs: [id], attrs });
    return id;
  };
  const positive = min > 0 ? base : add('clamp', [base], shape, { min: max * leastShare, max: null });
  const log = add('log', [positive], shape);
  const product = add('mul', [log, exponent], editor.tensor(output).shape);
  editor.removeNode(node);
  editor.addNode({ op: 'exp', name: node.name, inputs: [product], outputs: [output], attrs: {} });
}

export function positivePowers(source: Graph, extremes: ReadonlyMap<TensorId, Range>): Graph {
  const editor = new GraphEditor(source);
  for (const node of editor.list()) {
    if (node.op !== 'pow' || node.inputs.some((id) => isUniform(realConstant(editor, id)))) continue;
    const range = rangeOf(editor, node.inputs[0], extremes);
    if (range && range.min >= 0 && range.max > 0) rewrite(editor, node, range);
  }
  return editor.finish();
}
