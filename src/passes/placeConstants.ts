// SPDX-License-Identifier: Apache-2.0
// Where a kernel takes its operands from memory only, a constant operand is copied there first.
import type { Graph, Node, TensorId } from '../model/graph.js';
import { GraphEditor } from './editor.js';

/** Which inputs of an operator must be in memory; those of the others may be constants, or all are and it is folded. */
const fromMemory: Readonly<Record<string, (node: Node) => TensorId[]>> = {
  concat: (node) => node.inputs,
  where: (node) => node.inputs.slice(0, 1),
  rotary: (node) => node.inputs,
  scatter: (node) => node.inputs,
};

export function placeConstants(source: Graph): Graph {
  const editor = new GraphEditor(source);
  const placed = new Map<TensorId, TensorId>();
  for (const node of editor.list()) {
    for (const id of fromMemory[node.op]?.(node) ?? []) {
      const constant = editor.constant(id);
      if (!constant) continue;
      const copy = placed.get(id) ?? copied(editor, id);
      placed.set(id, copy);
      editor.update(node, { inputs: node.inputs.map((input) => (input === id ? copy : input)) });
    }
  }
  return editor.finish();
}

function copied(editor: GraphEditor, id: TensorId): TensorId {
  const { data: _, ...tensor } = editor.tensor(id);
  const output = editor.addTensor({ ...tensor, name: `${tensor.name}/copy`, shape: [...tensor.shape] });
  editor.addNode({ op: 'constant', name: `${tensor.name}/copy`, inputs: [id], outputs: [output], attrs: {} });
  return output;
}
