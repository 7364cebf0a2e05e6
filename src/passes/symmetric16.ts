// SPDX-License-Identifier: Apache-2.0
// 16-bit activations of an ONNX model become int16 around zero, which is what kernels take. Unsigned ones around 32768 are
// the same numbers less 32768; other zero points cost a coarser scale (at most twice as coarse), and a clamp where only
// saturation kept values above or below zero: exporters leave out a Relu whose work the quantization does.
import { type Graph, type Node, perTensorQuant, quantOf, type Tensor, type TensorId } from '../model/graph.js';
import { clampOf } from './activation.js';
import { GraphEditor } from './editor.js';
import { clampsItself } from './fuseActivation.js';
import { passThrough } from './integerNodes.js';

const lowest: Readonly<Record<string, number>> = { uint16: 0, int16: -32_768 };

interface Bounds {
  low: number;
  high: number;
}

export function symmetric16(source: Graph): Graph {
  if (source.source.format !== 'onnx') return source;
  const editor = new GraphEditor(source);
  source.tensors.forEach((tensor, id) => {
    if (isShifted(tensor)) convert(editor, source, id);
  });
  return editor.finish();
}

const isShifted = ({ dtype, quant, data }: Tensor): boolean =>
  data === undefined &&
  quant?.scales.length === 1 &&
  (dtype === 'uint16' || (dtype === 'int16' && quant.zeroPoints[0] !== 0));

function convert(editor: GraphEditor, source: Graph, id: TensorId): void {
  const tensor = source.tensors[id];
  const { scale, zeroPoint } = perTensorQuant(tensor);
  const isCentred = zeroPoint - lowest[tensor.dtype] === 32_768;
  const bounds = boundsOf(tensor);
  const widest = Math.max(-bounds.low, bounds.high);
  editor.setTensor(id, { dtype: 'int16', quant: quantOf(isCentred ? scale : Math.fround(widest / 32_767), 0) });
  const producer = editor.producer(id);
  if (!isCentred && producer?.op === 'quantize') clampBefore(editor, source, producer, bounds, scale);
}

function boundsOf({ dtype, quant }: Tensor): Bounds {
  const [scale, zero] = [quant?.scales[0] ?? 0, quant?.zeroPoints[0] ?? 0];
  return { low: scale * (lowest[dtype] - zero), high: scale * (lowest[dtype] + 65_535 - zero) };
}

/** Bounds that the wider grid no longer keeps: of zero always, others where a layer clamps at no cost. What the
 *  application gives is within its own range. */
function clampBefore(editor: GraphEditor, source: Graph, node: Node, { low, high }: Bounds, scale: number): void {
  const x = node.inputs[0];
  const known = valuesOf(editor, source, x);
  const free = clampsItself(producerBehindMoves(editor, x)?.op ?? '');
  const lost = (bound: number, other: number): boolean =>
    Math.abs(bound) < 0.5 * scale || (free && Math.abs(bound) + scale < Math.abs(other));
  const min = lost(low, high) && !(known.low >= low - scale) ? low : null;
  const max = lost(high, low) && !(known.high <= high + scale) ? high : null;
  if ((min === null && max === null) || isInputBehindMoves(editor, x)) return;
  const { name, shape } = editor.tensor(x);
  const output = editor.addTensor({ name: `${name}/range`, dtype: 'float32', shape: [...shape] });
  editor.addNode({ op: 'clamp', name: `${node.name}/range`, inputs: [x], outputs: [output], attrs: { min, max } });
  editor.setInput(node, 0, output);
}

const moves = new Set(['transpose', 'reshape']);

function behindMoves(editor: GraphEditor, start: TensorId): TensorId {
  let id = start;
  for (let node = editor.producer(id); node && moves.has(node.op); node = editor.producer(id)) id = node.inputs[0];
  return id;
}

const producerBehindMoves = (editor: GraphEditor, id: TensorId): Node | undefined =>
  editor.producer(behindMoves(editor, id));

const isInputBehindMoves = (editor: GraphEditor, id: TensorId): boolean => editor.isInput(behindMoves(editor, id));

const everything: Bounds = { low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY };
const shares = new Set(['softmax', 'logistic']);
/** Their results lie between the values that they read. */
const between = new Set([...passThrough, 'averagePool2d', 'mean', 'concat']);

/** What the values of a float tensor are certainly between, as far as its producers say. */
function valuesOf(editor: GraphEditor, source: Graph, start: TensorId): Bounds {
  const bounds: Bounds = { low: Number.POSITIVE_INFINITY, high: Number.NEGATIVE_INFINITY };
  const seen = new Set<TensorId>();
  const open = [start];
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    if (seen.has(id)) continue;
    seen.add(id);
    const found = producedWithin(editor, source, id);
    if ('from' in found) open.push(...found.from);
    else {
      bounds.low = Math.min(bounds.low, found.low);
      bounds.high = Math.max(bounds.high, found.high);
    }
  }
  return bounds;
}

function producedWithin(editor: GraphEditor, source: Graph, id: TensorId): Bounds | { from: TensorId[] } {
  const node = editor.producer(id);
  if (node === undefined) return everything;
  if (shares.has(node.op)) return { low: 0, high: 1 };
  if (node.op === 'dequantize') {
    const stored = source.tensors[node.inputs[0]];
    return stored?.quant?.scales.length === 1 && stored.dtype in lowest ? boundsOf(stored) : everything;
  }
  if (between.has(node.op) && node.op !== 'pad' && node.op !== 'clamp')
    return { from: node.op === 'concat' ? node.inputs : [node.inputs[0]] };
  const { min, max } = clampOf(node.op === 'clamp' ? node.attrs : node.attrs.activation);
  return { low: min ?? everything.low, high: max ?? everything.high };
}
