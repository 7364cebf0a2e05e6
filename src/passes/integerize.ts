// SPDX-License-Identifier: Apache-2.0
// A quantize/dequantize graph becomes an integer graph: an operator between dequantized inputs and a quantized output
// computes on the integers themselves. A graph input that is only quantized becomes an integer input; an integer
// value behind the last dequantize becomes the output.
import type { Graph, Node, Quant, TensorId } from '../model/graph.js';
import { sameQuant } from './constants.js';
import { GraphEditor } from './editor.js';
import { makeInteger, passThrough } from './integerNodes.js';
import { type IntegerContext, requantized } from './integerOperands.js';
import { removeDead } from './removeDead.js';

export function integerize(source: Graph): Graph {
  if (source.source.format !== 'onnx' || !source.nodes.some((n) => n.op === 'quantize' || n.op === 'dequantize'))
    return source;
  const editor = new GraphEditor(source);
  const ctx: IntegerContext = { editor, twins: new Map(), wanted: (id) => wantedQuant(editor, id) };
  let changed = integerInputs(ctx);
  const converted = new Set<Node>();
  for (const node of editor.list()) {
    if (!convert(ctx, node)) continue;
    converted.add(node);
    changed = true;
  }
  changed = integerOutputs(ctx) || changed;
  if (!changed) return source;
  dequantizeForFloat(ctx, converted);
  const graph = removeDead(editor.finish());
  return { ...graph, source: { ...graph.source, quantized: true } };
}

function convert(ctx: IntegerContext, node: Node): boolean {
  const { editor, twins } = ctx;
  const [input, output] = [node.inputs[0], node.outputs[0]];
  if (node.op === 'dequantize') {
    if (isInt8(editor, input) && !editor.constant(input)) twins.set(output, input);
    return false;
  }
  if (node.op === 'quantize') return replaceQuantize(ctx, node);
  if (editor.tensor(output).dtype !== 'float32') return false;
  return makeInteger(ctx, node);
}

/** A quantize whose input has an integer twin is that twin, requantized where the scales differ. */
function replaceQuantize(ctx: IntegerContext, node: Node): boolean {
  const { editor, twins } = ctx;
  const twin = twins.get(node.inputs[0]);
  const { quant } = editor.tensor(node.outputs[0]);
  if (twin === undefined || !quant || !isInt8(editor, node.outputs[0])) return false;
  const result = requantized(ctx, twin, quant);
  if (!editor.canReplace(node.outputs[0], result)) return false;
  editor.replaceUses(node.outputs[0], result);
  editor.removeNode(node);
  return true;
}

const isInt8 = (editor: GraphEditor, id: TensorId): boolean =>
  editor.tensor(id).dtype === 'int8' && editor.tensor(id).quant?.scales.length === 1;

/** What the quantize nodes behind a tensor ask for; looked for through nodes that keep the values. */
function wantedQuant(editor: GraphEditor, start: TensorId): Quant | undefined {
  const seen = new Set<TensorId>();
  for (let id = start; !seen.has(id); ) {
    seen.add(id);
    const readers = editor.consumers(id);
    const direct = readers.find((n) => n.op === 'quantize' && isInt8(editor, n.outputs[0]));
    if (direct) return editor.tensor(direct.outputs[0]).quant;
    const [next] = readers;
    if (readers.length !== 1 || !passThrough.has(next.op) || editor.isOutput(id)) return undefined;
    id = next.outputs[0];
  }
  return undefined;
}

/** Graph inputs that are only quantized, all with the same parameters (perhaps behind reshapes), become int8. */
function integerInputs(ctx: IntegerContext): boolean {
  const { editor, twins } = ctx;
  let changed = false;
  for (const id of editor.graph.inputs) {
    if (editor.tensor(id).dtype !== 'float32' || editor.isOutput(id)) continue;
    const quant = inputQuant(editor, id);
    if (!quant) continue;
    editor.setTensor(id, { dtype: 'int8', quant });
    twins.set(id, id);
    changed = true;
  }
  return changed;
}

function inputQuant(editor: GraphEditor, input: TensorId): Quant | undefined {
  const found: (Quant | undefined)[] = [];
  const open = [input];
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    const readers = editor.consumers(id);
    if (readers.length === 0 || editor.isOutput(id)) return undefined;
    for (const node of readers) {
      if (node.op === 'quantize' && isInt8(editor, node.outputs[0])) found.push(editor.tensor(node.outputs[0]).quant);
      else if (node.op === 'reshape' || node.op === 'transpose') open.push(node.outputs[0]);
      else return undefined;
    }
  }
  return found.every((quant) => sameQuant(quant, found[0])) ? found[0] : undefined;
}

/** Nodes that stay float read the integers through a dequantize, rather than a second, float, computation of them. */
function dequantizeForFloat(ctx: IntegerContext, converted: ReadonlySet<Node>): void {
  const { editor, twins } = ctx;
  const dequantized = new Map<TensorId, TensorId>();
  for (const node of editor.list()) {
    if (converted.has(node)) continue;
    node.inputs.forEach((id, i) => {
      const twin = twins.get(id);
      if (twin === undefined || twin === id || editor.producer(id)?.op === 'dequantize') return;
      const known = dequantized.get(id) ?? dequantize(editor, id, twin);
      dequantized.set(id, known);
      editor.setInput(node, i, known);
    });
  }
}

function dequantize(editor: GraphEditor, id: TensorId, twin: TensorId): TensorId {
  const tensor = editor.tensor(id);
  const output = editor.addTensor({ ...tensor, name: `${tensor.name}/real`, shape: [...tensor.shape] });
  editor.addNode({ op: 'dequantize', name: `${tensor.name}/dequantize`, inputs: [twin], outputs: [output], attrs: {} });
  return output;
}

function integerOutputs(ctx: IntegerContext): boolean {
  const { editor, twins } = ctx;
  let changed = false;
  for (const id of [...editor.graph.outputs]) {
    const twin = twins.get(id);
    if (twin === undefined || !editor.canReplace(id, twin)) continue;
    editor.replaceUses(id, twin);
    changed = true;
  }
  return changed;
}
