// SPDX-License-Identifier: Apache-2.0
// What the rules for integer twins share: their context, operands as integers, and the node that is added.
import { type Node, type Quant, quantOf, type Tensor, type TensorData, type TensorId } from '../model/graph.js';
import { realValues, sameQuant, storedConstant } from './constants.js';
import type { GraphEditor } from './editor.js';
import type { Correct, RoundWeights } from './integerWeights.js';

/** Types of integer activations. */
export type ActivationType = 'int8' | 'int16';

export interface IntegerContext {
  editor: GraphEditor;
  /** Of the activations; int8 where nothing is said. */
  activations?: ActivationType;
  /** Integer tensor that stands for each float tensor converted so far. */
  twins: Map<TensorId, TensorId>;
  /** What the state of a layer becomes after an inference, as integers: by the float tensor it was. */
  stateTwins?: Map<TensorId, TensorId>;
  /** Quantization that a float tensor should have, where something says so. */
  wanted(id: TensorId): Quant | undefined;
  /** Whether all values of a float tensor are whole numbers that an activation holds at this quantization. */
  holds?(id: TensorId, quant: Quant): boolean;
  /** Corrects biases for the rounding of weights, when that is asked for. */
  correct?: Correct;
  /** Rounds weights to less than eight bits, when that is asked for. */
  round?: RoundWeights;
}

/** An integer tensor like a float one, and the integer node that computes it. */
export function emit(
  ctx: IntegerContext,
  node: Node,
  inputs: TensorId[],
  quant: Quant,
  change: Partial<Node> = {},
): TensorId {
  const { name, shape } = ctx.editor.tensor(node.outputs[0]);
  const output = ctx.editor.addTensor({ name, dtype: activationOf(ctx), shape: [...shape], quant });
  ctx.editor.addNode({ op: node.op, name: node.name, attrs: node.attrs, ...change, inputs, outputs: [output] });
  return output;
}

/** One scale, and of int16 no zero point. */
export const isActivationQuant = ({ dtype, quant }: Pick<Tensor, 'dtype' | 'quant'>): boolean =>
  quant?.scales.length === 1 && (dtype !== 'int16' || quant.zeroPoints[0] === 0);

export const activationOf = ({ activations = 'int8' }: IntegerContext): ActivationType => activations;

/** The same numbers with another quantization. */
export function requantized(ctx: IntegerContext, id: TensorId, quant: Quant, dtype = activationOf(ctx)): TensorId {
  const tensor = ctx.editor.tensor(id);
  if (sameQuant(tensor.quant, quant) && tensor.dtype === dtype) return id;
  const output = ctx.editor.addTensor({
    name: `${tensor.name}/requantized`,
    dtype,
    shape: [...tensor.shape],
    quant,
  });
  ctx.editor.addNode({ op: 'quantize', name: `${tensor.name}/requantize`, inputs: [id], outputs: [output], attrs: {} });
  return output;
}

/** Integer twin of an operand: computed before, or a constant quantized here (per tensor). */
export function operand(ctx: IntegerContext, id: TensorId): TensorId | undefined {
  const known = ctx.twins.get(id);
  if (known !== undefined) return known;
  const stored = storedConstant(ctx.editor, id);
  if (!stored) return undefined;
  if (stored.dtype === activationOf(ctx) && isActivationQuant(stored)) {
    return ctx.editor.addTensor({ ...stored, shape: [...ctx.editor.tensor(id).shape] });
  }
  const values = realValues(stored);
  if (!values.every(Number.isFinite)) return undefined;
  const range = quantForRange(
    values.reduce((a, b) => Math.min(a, b), 0),
    values.reduce((a, b) => Math.max(a, b), 0),
    activationOf(ctx),
  );
  return addConstant(ctx, stored, range);
}

/** An addend that saturates the sum at an end of `sum`, whatever the other operand, need not be larger than that takes: a mask
 *  of minus infinity is a number as good as any. Undefined for what is no constant, or changed by nothing. */
export function boundedAddend(ctx: IntegerContext, id: TensorId, other: Quant, sum: Quant): TensorId | undefined {
  const stored = storedConstant(ctx.editor, id);
  if (!stored) return undefined;
  const [x, y] = [other, sum].map((quant) => rangeOf(quant, activationOf(ctx)));
  const [low, high] = [Math.min(0, y.min - x.max), Math.max(0, y.max - x.min)];
  const values = realValues(stored);
  if (values.some(Number.isNaN) || values.every((v) => v >= low && v <= high)) return undefined;
  const data = Float32Array.from(values, (v) => Math.min(high, Math.max(low, v)));
  return ctx.editor.addTensor({ name: stored.name, dtype: 'float32', shape: [...ctx.editor.tensor(id).shape], data });
}

const rangeOf = (
  { scales: [scale], zeroPoints: [zero] }: Quant,
  type: ActivationType,
): { min: number; max: number } => ({
  min: scale * (-largest[type] - 1 - zero),
  max: scale * (largest[type] - zero),
});

function addConstant(ctx: IntegerContext, stored: Tensor & { data: TensorData }, quant: Quant): TensorId {
  const dtype = activationOf(ctx);
  const data = quantizeValues(realValues(stored), quant, dtype);
  return ctx.editor.addTensor({ name: stored.name, dtype, shape: [...stored.shape], quant, data });
}

/** Integer twin of an operand with a given quantization. No node computes a constant: its numbers are quantized anew. */
export function operandIn(ctx: IntegerContext, id: TensorId, quant: Quant): TensorId | undefined {
  const known = ctx.twins.get(id);
  if (known !== undefined) return requantized(ctx, known, quant);
  const stored = storedConstant(ctx.editor, id);
  return stored && !realValues(stored).some(Number.isNaN) ? addConstant(ctx, stored, quant) : undefined;
}

const largest: Readonly<Record<ActivationType, number>> = { int8: 127, int16: 32_767 };

export function quantizeValue(value: number, quant: Quant, dtype: ActivationType = 'int8'): number {
  const most = largest[dtype];
  return Math.min(most, Math.max(-most - 1, Math.round(value / quant.scales[0]) + quant.zeroPoints[0]));
}

export const quantizeValues = (
  values: ArrayLike<number>,
  quant: Quant,
  dtype: ActivationType = 'int8',
): Int8Array | Int16Array => {
  const out = dtype === 'int8' ? new Int8Array(values.length) : new Int16Array(values.length);
  for (let i = 0; i < out.length; i++) out[i] = quantizeValue(values[i], quant, dtype);
  return out;
};

/** Quantization of [min, max], widened to hold zero exactly; of int16 around zero. A range of nothing gets a scale of 1. */
export function quantForRange(min: number, max: number, dtype: ActivationType = 'int8'): Quant {
  const [low, high] = [Math.min(min, 0), Math.max(max, 0)];
  // Kernels take scales as float32; below this a range is rounding noise, not a signal.
  const isNothing = high - low < 2 ** -100;
  if (dtype === 'int16') return quantOf(isNothing ? 1 : Math.fround(Math.max(-low, high) / largest.int16), 0);
  const scale = isNothing ? 1 : Math.fround((high - low) / 255);
  const zeroPoint = Math.min(127, Math.max(-128, Math.round(-128 - low / scale)));
  return quantOf(scale, zeroPoint);
}
