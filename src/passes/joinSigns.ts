// SPDX-License-Identifier: Apache-2.0
// A binaryConv2d of which only the signs are wanted gives them itself.
import type { Graph, Node } from '../model/graph.js';
import { wordBits, wordsOf } from '../ops/bits.js';
import { GraphEditor } from './editor.js';

export function joinSigns(source: Graph): Graph {
  const editor = new GraphEditor(source);
  for (const node of editor.list()) if (node.op === 'binarize') join(editor, node);
  return editor.finish();
}

/** The layer whose output, perhaps under another shape, is read by this node alone. */
function layerBefore(editor: GraphEditor, node: Node): Node | undefined {
  let reader = node;
  for (;;) {
    const before = editor.producer(reader.inputs[0]);
    if (!before || editor.soleConsumer(reader.inputs[0]) !== reader) return undefined;
    if (before.op === 'binaryConv2d') return before;
    if (before.op !== 'reshape') return undefined;
    reader = before;
  }
}

function join(editor: GraphEditor, node: Node): void {
  const layer = layerBefore(editor, node);
  if (!layer) return;
  const made = editor.tensor(layer.outputs[0]);
  const channels = made.shape[3];
  const read = editor.tensor(node.inputs[0]).shape.at(-1) ?? 1;
  // Under another shape, bits keep their places only where words are whole.
  if (channels !== read && (channels % wordBits || read % wordBits)) return;
  const [output] = node.outputs;
  const { shape } = editor.tensor(output);
  const words = [...made.shape.slice(0, 3), wordsOf(channels)];
  const attrs = { ...layer.attrs, strict: node.attrs.strict };
  editor.removeNode(node);
  if (`${words}` === `${shape}`) {
    editor.update(layer, { outputs: [output], attrs });
    return;
  }
  const bits = editor.addTensor({ name: `${made.name}/bits`, dtype: 'int32', shape: words });
  editor.update(layer, { outputs: [bits], attrs });
  const reshape = { op: 'reshape', name: `${node.name}/reshape`, inputs: [bits], outputs: [output] };
  editor.addNode({ ...reshape, attrs: { shape: [...shape] } });
}
