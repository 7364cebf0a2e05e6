// SPDX-License-Identifier: Apache-2.0
// A quantize/dequantize graph becomes an integer graph: an operator between dequantized inputs and a quantized output
// computes on the integers themselves. A graph input that is only quantized becomes an integer input; an integer
// value behind the last dequantize becomes the output. Activations are int8 or int16; where both meet, the node computes in int16.
import type { Graph, Node, Quant, TensorId } from '../model/graph.js';
import { sameQuant } from './constants.js';
import { GraphEditor } from './editor.js';
import { makeInteger, passThrough } from './integerNodes.js';
import {
  type ActivationType,
  type IntegerContext,
  isActivationQuant,
  quantForRange,
  requantized,
} from './integerOperands.js';
import { removeDead } from './removeDead.js';

export function integerize(source: Graph): Graph {
  if (source.source.format !== 'onnx' || !source.nodes.some((n) => n.op === 'quantize' || n.op === 'dequantize'))
    return source;
  const editor = new GraphEditor(source);
  const ctx: IntegerContext = { editor, twins: new Map(), wanted: (id) => wantedBy(editor, id)?.quant };
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
    if (activation(editor, input) && !editor.constant(input)) twins.set(output, input);
    return false;
  }
  if (node.op === 'quantize') return replaceQuantize(ctx, node);
  if (editor.tensor(output).dtype !== 'float32') return false;
  return makeTyped(ctx, node);
}

/** int16 as soon as an input is, or the output should be: what is int8 among the inputs is widened before. */
function makeTyped(ctx: IntegerContext, node: Node): boolean {
  const { editor, twins } = ctx;
  const types = node.inputs.map((id) => typeOf(editor, twins.get(id)));
  if (!types.includes('int16') && wantedBy(editor, node.outputs[0])?.dtype !== 'int16') return makeInteger(ctx, node);
  const wide: IntegerContext = {
    ...ctx,
    activations: 'int16',
    twins: types.includes('int8') ? widened(ctx, node) : twins,
    wanted: (id) => wideQuant(wantedBy(editor, id)),
  };
  const done = makeInteger(wide, node);
  for (const id of node.outputs) {
    const twin = wide.twins.get(id);
    if (twin !== undefined) twins.set(id, twin);
  }
  return done;
}

const typeOf = (editor: GraphEditor, twin: TensorId | undefined): string | undefined =>
  twin === undefined ? undefined : editor.tensor(twin).dtype;

function widened(ctx: IntegerContext, node: Node): Map<TensorId, TensorId> {
  const twins = new Map(ctx.twins);
  for (const id of node.inputs) {
    const twin = twins.get(id);
    if (twin === undefined || typeOf(ctx.editor, twin) !== 'int8') continue;
    const { quant } = ctx.editor.tensor(twin);
    const wide = wideQuant({ dtype: 'int8', quant });
    if (wide) twins.set(id, requantized(ctx, twin, wide, 'int16'));
  }
  return twins;
}

/** The int16 quantization of the same range. */
function wideQuant(wanted: Activation | undefined): Quant | undefined {
  if (wanted?.dtype !== 'int8' || !wanted.quant) return wanted?.quant;
  const { scales, zeroPoints } = wanted.quant;
  return quantForRange(scales[0] * (-128 - zeroPoints[0]), scales[0] * (127 - zeroPoints[0]), 'int16');
}

/** A quantize whose input has an integer twin is that twin, requantized where the scales differ. */
function replaceQuantize(ctx: IntegerContext, node: Node): boolean {
  const { editor, twins } = ctx;
  const twin = twins.get(node.inputs[0]);
  const wanted = activation(editor, node.outputs[0]);
  if (twin === undefined || !wanted?.quant) return false;
  const result = requantized(ctx, twin, wanted.quant, wanted.dtype);
  if (!editor.canReplace(node.outputs[0], result)) return false;
  editor.replaceUses(node.outputs[0], result);
  editor.removeNode(node);
  return true;
}

interface Activation {
  dtype: ActivationType;
  quant?: Quant;
}

function activation(editor: GraphEditor, id: TensorId): Activation | undefined {
  const tensor = editor.tensor(id);
  const { dtype, quant } = tensor;
  return (dtype === 'int8' || dtype === 'int16') && isActivationQuant(tensor) ? { dtype, quant } : undefined;
}

/** What the quantize nodes behind a tensor ask for; looked for through nodes that keep the values. */
function wantedBy(editor: GraphEditor, start: TensorId): Activation | undefined {
  const seen = new Set<TensorId>();
  for (let id = start; !seen.has(id); ) {
    seen.add(id);
    const readers = editor.consumers(id);
    const direct = readers.find((n) => n.op === 'quantize' && activation(editor, n.outputs[0]));
    if (direct) return activation(editor, direct.outputs[0]);
    const [next] = readers;
    if (readers.length !== 1 || !passThrough.has(next.op) || editor.isOutput(id)) return undefined;
    id = next.outputs[0];
  }
  return undefined;
}

/** Graph inputs that are only quantized, all with the same parameters (perhaps behind reshapes), become integers. */
function integerInputs(ctx: IntegerContext): boolean {
  const { editor, twins } = ctx;
  let changed = false;
  for (const id of editor.graph.inputs) {
    if (editor.tensor(id).dtype !== 'float32' || editor.isOutput(id)) continue;
    const wanted = inputActivation(editor, id);
    if (!wanted) continue;
    editor.setTensor(id, { ...wanted });
    twins.set(id, id);
    changed = true;
  }
  return changed;
}

function inputActivation(editor: GraphEditor, input: TensorId): Activation | undefined {
  const found: (Activation | undefined)[] = [];
  const open = [input];
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    const readers = editor.consumers(id);
    if (readers.length === 0 || editor.isOutput(id)) return undefined;
    for (const node of readers) {
      const wanted = node.op === 'quantize' ? activation(editor, node.outputs[0]) : undefined;
      if (wanted) found.push(wanted);
      else if (node.op === 'reshape' || node.op === 'transpose') open.push(node.outputs[0]);
      else return undefined;
    }
  }
  const [first] = found;
  return found.every((a) => a?.dtype === first?.dtype && sameQuant(a?.quant, first?.quant)) ? first : undefined;
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
