// SPDX-License-Identifier: Apache-2.0
// Integer twins of what deals with plain numbers: indices, conditions, comparisons and choices.
import { NO_TENSOR, type Node, quantOf, type TensorId } from '../model/graph.js';
import { activationOf, emit, type IntegerContext, operandIn } from './integerOperands.js';

/** What neither reads nor gives real numbers: indices and conditions. */
export const isPlain = ({ editor }: IntegerContext, node: Node): boolean =>
  [...node.inputs, ...node.outputs].every(
    (id) => id === NO_TENSOR || ['int32', 'bool'].includes(editor.tensor(id).dtype),
  );

/** A constant in the scale of the other; what is computed is in the one scale that calibration gave both. */
export function comparison(ctx: IntegerContext, node: Node): TensorId | undefined {
  const computed = node.inputs.map((id) => ctx.twins.get(id)).find((id) => id !== undefined);
  const quant = computed === undefined ? undefined : ctx.editor.tensor(computed).quant;
  if (!quant) return undefined;
  const inputs = node.inputs.map((id) => operandIn(ctx, id, quant));
  return inputs.every((id) => id !== undefined) ? emitPlain(ctx, node, inputs) : undefined;
}

/** Both choices in the scale of the output. */
export function choice(ctx: IntegerContext, node: Node): TensorId | undefined {
  const [condition, ...choices] = node.inputs;
  const quant = ctx.wanted(node.outputs[0]);
  if (!quant) return undefined;
  const inputs = choices.map((id) => operandIn(ctx, id, quant));
  if (!inputs.every((id) => id !== undefined)) return undefined;
  return emit(ctx, node, [ctx.twins.get(condition) ?? condition, ...inputs], quant);
}

/** What is written in the scale of what is there. Sums and products of both would need scales of their own. */
export function scattered(ctx: IntegerContext, node: Node): TensorId | undefined {
  const [x, rows, updates] = node.inputs;
  const quant = ctx.wanted(node.outputs[0]);
  if (!quant || node.attrs.reduction !== 'none') return undefined;
  const inputs = [x, updates].map((id) => operandIn(ctx, id, quant));
  if (!inputs.every((id) => id !== undefined)) return undefined;
  return emit(ctx, node, [inputs[0], ctx.twins.get(rows) ?? rows, inputs[1]], quant);
}

/** Bools and whole numbers as activations of scale 1, by way of int32. */
export function fromPlain(ctx: IntegerContext, node: Node): TensorId | undefined {
  const quant = quantOf(1, 0);
  const x = ctx.twins.get(node.inputs[0]) ?? node.inputs[0];
  const { dtype, name, shape } = ctx.editor.tensor(x);
  if (!ctx.holds?.(node.outputs[0], quant)) return undefined;
  if (dtype === 'int32') return emit(ctx, node, [x], quant, { attrs: { to: activationOf(ctx) } });
  if (dtype !== 'bool') return undefined;
  const whole = ctx.editor.addTensor({ name: `${name}/int32`, dtype: 'int32', shape: [...shape] });
  ctx.editor.addNode({ op: 'cast', name: `${name}/cast`, inputs: [x], outputs: [whole], attrs: { to: 'int32' } });
  return emit(ctx, node, [whole], quant, { attrs: { to: activationOf(ctx) } });
}

/** Indices and conditions have no quantization. */
export function toPlain(ctx: IntegerContext, node: Node): TensorId | undefined {
  const inputs = node.inputs.map((id) => ctx.twins.get(id) ?? id);
  return inputs.some((id) => id !== NO_TENSOR && ctx.editor.tensor(id).dtype === 'float32')
    ? undefined
    : emitPlain(ctx, node, inputs);
}

function emitPlain(ctx: IntegerContext, node: Node, inputs: TensorId[]): TensorId {
  const { name, shape, dtype, labels } = ctx.editor.tensor(node.outputs[0]);
  const output = ctx.editor.addTensor({ name, dtype, shape: [...shape], ...(labels && { labels }) });
  ctx.editor.addNode({ op: node.op, name: node.name, attrs: node.attrs, inputs, outputs: [output] });
  return output;
}
