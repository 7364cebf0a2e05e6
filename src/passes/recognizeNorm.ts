// SPDX-License-Identifier: Apache-2.0
// A layer norm or RMS norm that an exporter has written out as means, squares and a root becomes one `layerNorm`, which has
// an integer form of its own; the scale and bias behind it become its own.
import { elementCount, type Graph, NO_TENSOR, type Node, type TensorId } from '../model/graph.js';
import { hasActivation } from './activation.js';
import { realConstant } from './constants.js';
import { GraphEditor } from './editor.js';
import { adoptOutput } from './fuseBatchNorm.js';

/** The producer of a tensor where it is that operator and nothing is fused into it. */
export function madeBy(editor: GraphEditor, id: TensorId, op: string): Node | undefined {
  const node = editor.producer(id);
  return node?.op === op && !hasActivation(node) ? node : undefined;
}

/** The one number that a constant holds. */
export function numberOf(editor: GraphEditor, id: TensorId): number | undefined {
  const values = realConstant(editor, id);
  return values?.length === 1 ? values[0] : undefined;
}

/** The two inputs of a node as one tensor and one number. */
export function withNumber(editor: GraphEditor, node: Node): { x: TensorId; number: number } | undefined {
  for (const [x, other] of [node.inputs, node.inputs.toReversed()]) {
    const number = numberOf(editor, other);
    if (number !== undefined && !editor.constant(x)) return { x, number };
  }
  return undefined;
}

/** What the tensor is the square of. */
function squared(editor: GraphEditor, id: TensorId): TensorId | undefined {
  const node = editor.producer(id);
  if (!node || hasActivation(node)) return undefined;
  if (node.op === 'square') return node.inputs[0];
  if (node.op === 'mul' && node.inputs[0] === node.inputs[1]) return node.inputs[0];
  return node.op === 'pow' && numberOf(editor, node.inputs[1]) === 2 ? node.inputs[0] : undefined;
}

interface Mean {
  of: TensorId;
  /** Elements of the last dimensions that it is taken over. */
  depth: number;
}

/** A mean over the last dimensions, which stay as 1. */
function meanOf(editor: GraphEditor, id: TensorId): Mean | undefined {
  const node = madeBy(editor, id, 'mean');
  const axes = Array.isArray(node?.attrs.axes) ? node.attrs.axes.map(Number) : [];
  if (node?.attrs.keepDims !== true || axes.length === 0) return undefined;
  const { shape } = editor.tensor(node.inputs[0]);
  const first = shape.length - axes.length;
  const last = axes.map((a) => (a < 0 ? a + shape.length : a)).sort((a, b) => a - b);
  return last.every((a, i) => a === first + i)
    ? { of: node.inputs[0], depth: elementCount(shape.slice(first)) }
    : undefined;
}

interface Norm {
  x: TensorId;
  depth: number;
  epsilon: number;
  centre: boolean;
}

/** The mean square plus epsilon whose root divides `centred`. */
function deviation(editor: GraphEditor, centred: TensorId, id: TensorId): { mean: Mean; epsilon: number } | undefined {
  const sum = madeBy(editor, id, 'add');
  const parts = sum && withNumber(editor, sum);
  const mean = parts && meanOf(editor, parts.x);
  if (!parts || !mean || parts.number < 0) return undefined;
  const square = squared(editor, mean.of) ?? squaredDifference(editor, mean, centred);
  return square !== undefined && sameCentre(editor, square, centred) ? { mean, epsilon: parts.number } : undefined;
}

/** The square of a difference, as TensorFlow writes it: stands for `centred` where it is the same difference. */
function squaredDifference(editor: GraphEditor, { of }: Mean, centred: TensorId): TensorId | undefined {
  const node = madeBy(editor, of, 'squaredDifference');
  const difference = madeBy(editor, centred, 'sub');
  return node && difference?.inputs.join() === node.inputs.join() ? centred : undefined;
}

/** One tensor, or two differences of the same. */
function sameCentre(editor: GraphEditor, a: TensorId, b: TensorId): boolean {
  const [p, q] = [madeBy(editor, a, 'sub'), madeBy(editor, b, 'sub')];
  return a === b || (p !== undefined && q !== undefined && p.inputs.join() === q.inputs.join());
}

/** The tensor whose root the other side of a quotient or product is. */
function rootOf(editor: GraphEditor, node: Node): { centred: TensorId; under: TensorId } | undefined {
  if (node.op === 'div') {
    const root = madeBy(editor, node.inputs[1], 'sqrt');
    return root && { centred: node.inputs[0], under: root.inputs[0] };
  }
  for (const [centred, factor] of [node.inputs, node.inputs.toReversed()]) {
    const inverse = madeBy(editor, factor, 'rsqrt');
    if (inverse) return { centred, under: inverse.inputs[0] };
    const one = madeBy(editor, factor, 'reciprocal') ?? oneOver(editor, factor);
    const root = one && madeBy(editor, one.inputs[one.inputs.length - 1], 'sqrt');
    if (root) return { centred, under: root.inputs[0] };
  }
  return undefined;
}

function oneOver(editor: GraphEditor, id: TensorId): Node | undefined {
  const node = madeBy(editor, id, 'div');
  return node && numberOf(editor, node.inputs[0]) === 1 ? node : undefined;
}

function normOf(editor: GraphEditor, node: Node): Norm | undefined {
  const found = hasActivation(node) ? undefined : rootOf(editor, node);
  const spread = found && deviation(editor, found.centred, found.under);
  if (!found || !spread) return undefined;
  const { mean, epsilon } = spread;
  const difference = madeBy(editor, found.centred, 'sub');
  const centre = difference && meanOf(editor, difference.inputs[1]);
  const centred = centre !== undefined && centre.of === difference?.inputs[0] && centre.depth === mean.depth;
  const x = centred ? centre.of : found.centred;
  return { x, depth: mean.depth, epsilon, centre: centred };
}

export function recognizeNorm(source: Graph): Graph {
  if (!source.nodes.some((n) => n.op === 'mean' || n.op === 'layerNorm')) return source;
  const editor = new GraphEditor(source);
  for (const node of editor.list()) {
    if (!editor.has(node)) continue;
    if (node.op === 'div' || node.op === 'mul') {
      const norm = normOf(editor, node);
      if (!norm || editor.tensor(norm.x).dtype !== 'float32') continue;
      const { x, ...attrs } = norm;
      editor.update(node, { op: 'layerNorm', inputs: [x, NO_TENSOR, NO_TENSOR], attrs });
    }
    if (node.op === 'layerNorm') absorb(editor, node);
  }
  return editor.finish();
}

/** A product with a constant row behind a norm without a scale, then a sum with one. */
function absorb(editor: GraphEditor, norm: Node): void {
  for (const [op, at] of [
    ['mul', 1],
    ['add', 2],
  ] as const) {
    const reader = editor.soleConsumer(norm.outputs[0]);
    if (reader?.op !== op || hasActivation(reader) || (norm.inputs[at] ?? NO_TENSOR) !== NO_TENSOR) continue;
    const other = reader.inputs[0] === norm.outputs[0] ? reader.inputs[1] : reader.inputs[0];
    const row = rowConstant(editor, other, Number(norm.attrs.depth), editor.tensor(norm.outputs[0]).shape);
    if (row === undefined) continue;
    const inputs = [0, 1, 2].map((i) => norm.inputs[i] ?? NO_TENSOR);
    inputs[at] = row;
    editor.update(norm, { inputs });
    adoptOutput(editor, norm, reader);
  }
}

/** A constant of the norm's last dimensions as [depth]. */
function rowConstant(editor: GraphEditor, id: TensorId, depth: number, shape: readonly number[]): TensorId | undefined {
  const constant = editor.constant(id);
  if (constant?.dtype !== 'float32' || elementCount(constant.shape) !== depth) return undefined;
  const own = constant.shape.slice(constant.shape.findIndex((d) => d !== 1));
  const last = shape.slice(shape.length - own.length);
  if (depth > 1 && own.join() !== last.join()) return undefined;
  return editor.addTensor({ ...constant, shape: [depth] });
}
