// SPDX-License-Identifier: Apache-2.0
// GELU (with erf or with tanh) and SiLU that an exporter has written out become one operator each, which as int8 is one table.
import type { Graph, Node, TensorId } from '../model/graph.js';
import { hasActivation } from './activation.js';
import { GraphEditor } from './editor.js';
import { madeBy, numberOf, withNumber } from './recognizeNorm.js';

const close = (a: number | undefined, b: number): boolean => a !== undefined && Math.abs(a - b) < 1e-3 * b;

/** A tree of products: numbers multiplied out, the rest as it is. */
interface Product {
  number: number;
  factors: TensorId[];
}

const maxDepth = 4;

/** What a tensor is the product of; `whole` are not taken apart. */
function productOf(editor: GraphEditor, id: TensorId, whole: readonly TensorId[], depth = 0): Product {
  const number = numberOf(editor, id);
  if (number !== undefined) return { number, factors: [] };
  const node = editor.producer(id);
  const alone: Product = { number: 1, factors: [id] };
  if (!node || whole.includes(id) || hasActivation(node) || depth > maxDepth) return alone;
  const of = (input: TensorId): Product => productOf(editor, input, whole, depth + 1);
  if (node.op === 'mul') {
    const [a, b] = node.inputs.map(of);
    return { number: a.number * b.number, factors: [...a.factors, ...b.factors] };
  }
  if (node.op === 'div') {
    const divisor = numberOf(editor, node.inputs[1]);
    const above = divisor ? of(node.inputs[0]) : undefined;
    return above && divisor ? { ...above, number: above.number / divisor } : alone;
  }
  const power = node.op === 'pow' ? numberOf(editor, node.inputs[1]) : node.op === 'square' ? 2 : undefined;
  if (power === 2 || power === 3) return { number: 1, factors: new Array<TensorId>(power).fill(node.inputs[0]) };
  return alone;
}

/** number * x^power */
function isPower(editor: GraphEditor, id: TensorId, x: TensorId, number: number, power: number): boolean {
  const product = productOf(editor, id, [x]);
  return close(product.number, number) && product.factors.length === power && product.factors.every((f) => f === x);
}

interface Found {
  op: string;
  x: TensorId;
  /** What x is multiplied with, and the number that goes with it. */
  factor: TensorId;
  number: number;
}

/** x of x / sqrt(2) */
function ofErf(editor: GraphEditor, argument: TensorId): TensorId | undefined {
  const node = editor.producer(argument);
  const x = node && (node.op === 'mul' ? withNumber(editor, node)?.x : node.inputs[0]);
  return x !== undefined && isPower(editor, argument, x, Math.SQRT1_2, 1) ? x : undefined;
}

/** x of sqrt(2 / pi) * (x + 0.044715 * x^3) */
function ofTanh(editor: GraphEditor, argument: TensorId): TensorId | undefined {
  const node = madeBy(editor, argument, 'mul');
  const parts = node && withNumber(editor, node);
  const sum = parts && close(parts.number, Math.sqrt(2 / Math.PI)) ? madeBy(editor, parts.x, 'add') : undefined;
  return sum?.inputs.find((x, i) => isPower(editor, sum.inputs[1 - i], x, 0.044715, 3));
}

/** What a factor of a product makes of the rest. */
function found(editor: GraphEditor, factor: TensorId): Found | undefined {
  const logistic = madeBy(editor, factor, 'logistic');
  if (logistic) return { op: 'silu', x: logistic.inputs[0], factor, number: 1 };
  const sum = madeBy(editor, factor, 'add');
  const parts = sum && withNumber(editor, sum);
  if (parts?.number !== 1) return undefined;
  const [erf, tanh] = ['erf', 'tanh'].map((op) => madeBy(editor, parts.x, op)?.inputs[0]);
  const x = erf !== undefined ? ofErf(editor, erf) : tanh !== undefined ? ofTanh(editor, tanh) : undefined;
  return x === undefined ? undefined : { op: erf !== undefined ? 'gelu' : 'geluTanh', x, factor, number: 0.5 };
}

/** All operands in a tree of products. */
function operands(editor: GraphEditor, node: Node, depth = 0): TensorId[] {
  return node.inputs.flatMap((id) => {
    const before = depth < maxDepth ? madeBy(editor, id, 'mul') : undefined;
    return before ? [id, ...operands(editor, before, depth + 1)] : [id];
  });
}

function activationOf(editor: GraphEditor, node: Node): Found | undefined {
  const output = node.outputs[0];
  return operands(editor, node)
    .flatMap((id) => found(editor, id) ?? [])
    .find(({ x, factor, number }) => {
      const product = productOf(editor, output, [x, factor]);
      const both = product.factors.length === 2 && product.factors.includes(x) && product.factors.includes(factor);
      const sameShape = editor.tensor(x).shape.join() === editor.tensor(output).shape.join();
      return both && close(product.number, number) && sameShape;
    });
}

export function recognizeActivations(source: Graph): Graph {
  if (!source.nodes.some((n) => n.op === 'erf' || n.op === 'tanh' || n.op === 'logistic')) return source;
  const editor = new GraphEditor(source);
  for (const node of editor.list()) {
    if (node.op !== 'mul' || hasActivation(node) || editor.tensor(node.outputs[0]).dtype !== 'float32') continue;
    const match = activationOf(editor, node);
    if (match) editor.update(node, { op: match.op, inputs: [match.x], attrs: {} });
  }
  return editor.finish();
}
