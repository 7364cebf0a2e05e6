// SPDX-License-Identifier: Apache-2.0
// Kernels join up to four tensors; longer concatenations become a tree of such, in the same order.
import type { Graph, Node, TensorId } from '../model/graph.js';
import { GraphEditor } from './editor.js';

const maxInputs = 4;

export function splitConcat(source: Graph): Graph {
  const editor = new GraphEditor(source);
  for (const node of editor.list()) {
    if (node.op === 'concat' && node.inputs.length > maxInputs) split(editor, node);
  }
  return editor.finish();
}

function split(editor: GraphEditor, node: Node): void {
  let level = node.inputs;
  while (level.length > maxInputs) {
    const next: TensorId[] = [];
    for (let i = 0; i < level.length; i += maxInputs) next.push(joined(editor, node, level.slice(i, i + maxInputs)));
    level = next;
  }
  editor.update(node, { inputs: level });
}

function joined(editor: GraphEditor, node: Node, parts: TensorId[]): TensorId {
  if (parts.length === 1) return parts[0];
  const tensor = editor.tensor(node.outputs[0]);
  const axis = Number(node.attrs.axis ?? 0);
  const at = axis < 0 ? axis + tensor.shape.length : axis;
  const size = parts.reduce((sum, id) => sum + editor.tensor(id).shape[at], 0);
  const shape = tensor.shape.map((n, d) => (d === at ? size : n));
  const name = `${tensor.name}/part`;
  const output = editor.addTensor({ ...tensor, name, shape });
  editor.addNode({ op: 'concat', name: `${node.name}/part`, inputs: parts, outputs: [output], attrs: node.attrs });
  return output;
}
