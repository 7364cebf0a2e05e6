// SPDX-License-Identifier: Apache-2.0
// Moves transposes down until they cancel, turn into reshapes, or end in dense weights or graph outputs; graph inputs
// take the layout that their readers want. What a reader of an NCHW format put around spatial operators disappears.
import { elementCount, type Graph, type Node, type TensorId } from '../model/graph.js';
import { invertPerm, isIdentityPerm, keepsOrder, permuteShape } from './constants.js';
import { GraphEditor } from './editor.js';
import { absorbFlatten } from './flattenOrder.js';
import { removeDead } from './removeDead.js';
import { permOf, permutedConstant, ruleOf, sink } from './sinkTranspose.js';
import { squeezeBefore } from './squeezeBefore.js';

/** Each turned input costs another run over the graph; no real model has this many images as inputs. */
const maxTurnedInputs = 64;

export function removeTransposes(source: Graph): Graph {
  if (!source.nodes.some((node) => node.op === 'transpose')) return source;
  let best = cheaper(source, settle(source));
  for (const id of source.inputs.slice(0, maxTurnedInputs)) {
    const index = source.inputs.indexOf(id);
    const perm = layoutWanted(best, best.inputs[index]);
    if (perm) best = cheaper(best, settle(turnInput(best, best.inputs[index], perm)));
  }
  return best;
}

/** Bytes do not matter here: an element moved is an element moved. */
function cost(graph: Graph): number {
  const moves = graph.nodes.filter((node) => node.op === 'transpose');
  return moves.reduce((sum, node) => sum + 1 + elementCount(graph.tensors[node.outputs[0]].shape), 0);
}

const cheaper = (before: Graph, after: Graph): Graph => (cost(after) < cost(before) ? after : before);

/** Applies the rules until none fits. Every rule removes a transpose or moves one down, so this ends; the bound is
 *  for the rule that adds one (sink's cancelling case). */
function settle(source: Graph): Graph {
  const editor = new GraphEditor(source);
  const open = editor.list().filter((node) => node.op === 'transpose');
  let steps = 1000 + 50 * source.nodes.length;
  for (let node = open.shift(); node && steps > 0; node = open.shift()) {
    // One that waits twice may have gone, or become a reshape.
    if (!editor.has(node) || node.op !== 'transpose') continue;
    steps--;
    open.push(...step(editor, node));
  }
  return removeDead(editor.finish());
}

/** Does what can be done about one transpose and returns the transposes to look at again. */
function step(editor: GraphEditor, node: Node): Node[] {
  const perm = permOf(node);
  const [input, output] = [node.inputs[0], node.outputs[0]];
  const { shape } = editor.tensor(input);
  const equal = isIdentityPerm(perm) && editor.canReplace(output, input);
  if (equal) {
    const behind = editor.consumers(output).filter((reader) => reader.op === 'transpose');
    editor.replaceUses(output, input);
    editor.removeNode(node);
    return behind;
  }
  if (keepsOrder(shape, perm)) {
    editor.update(node, { op: 'reshape', attrs: { shape: [...editor.tensor(output).shape] } });
    return [];
  }
  if (dequantizedConstant(editor, node)) return [];
  if (editor.isOutput(output) && turnOutput(editor, node)) return [node];
  return editor.consumers(output).flatMap((reader) => (editor.has(node) ? passReader(editor, node, reader) : []));
}

function passReader(editor: GraphEditor, node: Node, reader: Node): Node[] {
  const again: Node[] = [];
  if (reader.op === 'transpose') {
    const first = permOf(node);
    editor.update(reader, { inputs: [node.inputs[0]], attrs: { perm: permOf(reader).map((d) => first[d]) } });
    again.push(reader);
  } else if (reader.op === 'reshape') {
    const behind = absorbFlatten(editor, node, reader) ? node : squeezeBefore(editor, node, reader);
    if (behind) again.push(behind);
  } else if (sink(editor, node, reader)) {
    const moved = editor.producer(reader.outputs[0]) === reader ? editor.consumers(reader.outputs[0]) : [];
    again.push(...moved.filter((n) => n.op === 'transpose'));
    const added = reader.inputs.map((id) => editor.producer(id)).filter((n) => n?.op === 'transpose');
    again.push(...(added as Node[]));
  }
  if (editor.consumers(node.outputs[0]).length === 0 && !editor.isOutput(node.outputs[0])) editor.removeNode(node);
  return again;
}

/** A transposed dequantized constant is the dequantized transposed constant. */
function dequantizedConstant(editor: GraphEditor, node: Node): boolean {
  const producer = editor.producer(node.inputs[0]);
  if (producer?.op !== 'dequantize' || !editor.constant(producer.inputs[0])) return false;
  const id = permutedConstant(editor, node.inputs[0], editor.tensor(node.inputs[0]).shape, permOf(node));
  if (!editor.canReplace(node.outputs[0], id)) return false;
  editor.replaceUses(node.outputs[0], id);
  editor.removeNode(node);
  return true;
}

/** The graph gives its output in the layout that it has; ioPermutation remembers the file's. */
function turnOutput(editor: GraphEditor, node: Node): boolean {
  const [input, output] = [node.inputs[0], node.outputs[0]];
  if (!editor.canReplace(output, input)) return false;
  const outputs = editor.graph.outputs.filter((id) => id === output);
  if (outputs.length !== 1) return false;
  const back = invertPerm(permOf(node));
  const before = editor.graph.ioPermutation.get(output);
  const name = editor.tensor(output).name;
  editor.graph.outputs = editor.graph.outputs.map((id) => (id === output ? input : id));
  editor.graph.ioPermutation.delete(output);
  editor.graph.ioPermutation.set(input, before ? back.map((d) => before[d]) : back);
  editor.setTensor(output, { name: `${name}/transposed` });
  editor.setTensor(input, { name });
  if (editor.consumers(output).length === 0) editor.removeNode(node);
  return true;
}

/** The permutation of the first transpose that a graph input meets behind nodes that do not mind the layout. */
function layoutWanted(graph: Graph, input: TensorId): number[] | undefined {
  const reached = new Set<TensorId>([input]);
  for (const node of graph.nodes) {
    if (!node.inputs.some((id) => reached.has(id))) continue;
    if (node.op === 'transpose') return permOf(node);
    if (ruleOf(node)) for (const id of node.outputs) reached.add(id);
  }
  return undefined;
}

/** Stores the graph input permuted, and permutes it back for its readers: transposes that then sink and cancel. */
function turnInput(source: Graph, input: TensorId, perm: number[]): Graph {
  const editor = new GraphEditor(source);
  const tensor = editor.tensor(input);
  if (tensor.shape.length !== perm.length || editor.isOutput(input)) return source;
  const original = editor.addTensor({ ...tensor, name: `${tensor.name}/file` });
  editor.replaceUses(input, original);
  const before = editor.graph.ioPermutation.get(input);
  editor.setTensor(input, { shape: permuteShape(tensor.shape, perm) });
  editor.graph.ioPermutation.set(input, before ? perm.map((d) => before[d]) : perm);
  editor.addNode({
    op: 'transpose',
    name: `${tensor.name}/layout`,
    inputs: [input],
    outputs: [original],
    attrs: { perm: invertPerm(perm) },
  });
  return editor.finish();
}
