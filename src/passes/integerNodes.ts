// SPDX-License-Identifier: Apache-2.0
// The integer twin of a float node, given integer twins of its inputs and the quantization that its output should
// have. Shared by the import of quantized ONNX models and by mote's own quantizer.
import { elementCount, NO_TENSOR, type Node, type Quant, quantOf, type TensorId } from '../model/graph.js';
import { unaryTable } from '../ops/unaryTable.js';
import { hasActivation } from './activation.js';
import { isWeighted } from './affine.js';
import { floatTensor, realValues, sameQuant, storedConstant } from './constants.js';
import {
  type ActivationType,
  activationOf,
  boundedAddend,
  emit,
  type IntegerContext,
  operand,
  operandIn,
} from './integerOperands.js';
import { choice, comparison, fromPlain, isPlain, scattered, toPlain } from './integerPlain.js';
import { integerRecurrent, isRecurrent } from './integerRecurrent.js';
import { integerWeights } from './integerWeights.js';

type Rule = (ctx: IntegerContext, node: Node) => TensorId | undefined;

// Output quantizations that TensorFlow Lite fixes for these operators (its 8-bit and 16x8 quantization specifications).
const fixedQuant: Readonly<Record<ActivationType, Readonly<Record<string, [scale: number, zeroPoint: number]>>>> = {
  // Casts are of bools and small whole numbers.
  int8: { softmax: [1 / 256, -128], logistic: [1 / 256, -128], tanh: [1 / 128, 0], cast: [1, 0] },
  int16: { softmax: [1 / 32_768, 0], logistic: [1 / 32_768, 0], tanh: [1 / 32_768, 0], cast: [1, 0] },
};
/** The quantization that an operator gives its output whatever is wanted. */
export function fixedQuantOf(node: Node, activations: ActivationType = 'int8'): Quant | undefined {
  const fixed = fixedQuant[activations];
  return Object.hasOwn(fixed, node.op) ? quantOf(...fixed[node.op]) : undefined;
}

/** Operators that only choose or move input values: output quantization is the input's. */
export const passThrough = new Set([
  'maxPool2d',
  'reshape',
  'transpose',
  'slice',
  'pad',
  'clamp',
  'expand',
  'tile',
  'gather',
  'reduceMax',
  'reduceMin',
  'resizeNearest',
  'resizeLinear',
  'resizeFilter',
]);

/** Operators that compare two numbers, which therefore share a scale. */
export const comparing = new Set(['equal', 'notEqual', 'less', 'lessEqual']);

const rules: Record<string, Rule> = {
  conv2d: weighted,
  depthwiseConv2d: weighted,
  fullyConnected: weighted,
  add: addition,
  constant: placed,
  sub: arithmetic,
  mul: arithmetic,
  div: division,
  matmul: arithmetic,
  prelu: arithmetic,
  squaredDifference: arithmetic,
  sum: arithmetic,
  sumSquare: arithmetic,
  sumAbs: arithmetic,
  product: arithmetic,
  layerNorm: normalized,
  treeEnsemble: fromTables,
  logSoftmax: arithmetic,
  pow: withNumber,
  floorDiv: withNumber,
  floorMod: withNumber,
  mod: withNumber,
  mean: arithmetic,
  leakyRelu: arithmetic,
  hardSwish: arithmetic,
  sign: arithmetic,
  binarize: toBits,
  binaryConv2d: fromBits,
  minimum: sameScale,
  maximum: sameScale,
  concat: sameScale,
  softmax: fixed,
  logistic: fixed,
  tanh: fixed,
  averagePool2d: averagePool,
  maxPool2d: passing,
  reshape: passing,
  transpose: passing,
  slice: passing,
  pad: passing,
  clamp: passing,
  expand: passing,
  tile: passing,
  gather: passing,
  reduceMax: passing,
  reduceMin: passing,
  resizeNearest: passing,
  resizeLinear: passing,
  resizeFilter: passing,
  transposeConv2d: transposed,
  where: choice,
  scatter: scattered,
  cast: fromPlain,
  argMax: toPlain,
  argMin: toPlain,
  ...Object.fromEntries([...comparing].map((op) => [op, comparison])),
  ...Object.fromEntries(unaryTable.map(({ op }) => [op, arithmetic])),
};

export const hasIntegerRule = (op: string): boolean => Object.hasOwn(rules, op) || isRecurrent(op);

/** Adds the integer node and records the twin of its output; false where the node has to stay float. */
export function makeInteger(ctx: IntegerContext, node: Node): boolean {
  if (isRecurrent(node.op)) return integerRecurrent(ctx, node);
  if (node.outputs.length !== 1) return false;
  const rule = isPlain(ctx, node) ? toPlain : Object.hasOwn(rules, node.op) ? rules[node.op] : undefined;
  const twin = rule?.(ctx, node);
  if (twin === undefined) return false;
  ctx.twins.set(node.outputs[0], twin);
  return true;
}

const scaleOf = (quant: Quant | undefined): number => quant?.scales[0] ?? Number.NaN;

function weighted(ctx: IntegerContext, node: Node): TensorId | undefined {
  const x = ctx.twins.get(node.inputs[0]);
  const quant = ctx.wanted(node.outputs[0]);
  if (x === undefined || !quant || !isWeighted(node)) return undefined;
  const { quant: given } = ctx.editor.tensor(x);
  const wide = activationOf(ctx) === 'int16';
  const scales = { input: scaleOf(given), output: scaleOf(quant), inputZero: given?.zeroPoints[0], wide };
  const constants = integerWeights(ctx.editor, node, scales, ctx.correct, ctx.round);
  if (!constants) return undefined;
  const inputs = [x, constants.weights, ...(constants.bias === NO_TENSOR ? [] : [constants.bias])];
  return emit(ctx, node, inputs, quant);
}

function arithmetic(ctx: IntegerContext, node: Node): TensorId | undefined {
  const quant = ctx.wanted(node.outputs[0]);
  const inputs = node.inputs.map((id) => operand(ctx, id));
  if (!quant || !inputs.every((id) => id !== undefined)) return undefined;
  return emit(ctx, node, inputs as TensorId[], quant);
}

function addition(ctx: IntegerContext, node: Node): TensorId | undefined {
  const sum = ctx.wanted(node.outputs[0]);
  const inputs = node.inputs.map((id, i) => {
    const other = ctx.twins.get(node.inputs[1 - i]);
    const quant = other === undefined ? undefined : ctx.editor.tensor(other).quant;
    return (sum && quant && boundedAddend(ctx, id, quant, sum)) ?? id;
  });
  return arithmetic(ctx, { ...node, inputs });
}

/** A constant in memory, in the quantization of what reads it. */
function placed(ctx: IntegerContext, node: Node): TensorId | undefined {
  const quant = ctx.wanted(node.outputs[0]);
  const x = quant && operandIn(ctx, node.inputs[0], quant);
  return x === undefined || !quant ? undefined : emit(ctx, node, [x], quant);
}

/** All inputs in the quantization of the output. */
function sameScale(ctx: IntegerContext, node: Node): TensorId | undefined {
  const first = operand(ctx, node.inputs[0]);
  const quant = ctx.wanted(node.outputs[0]) ?? (first === undefined ? undefined : ctx.editor.tensor(first).quant);
  if (!quant) return undefined;
  const inputs = node.inputs.map((id) => operandIn(ctx, id, quant));
  return inputs.every((id) => id !== undefined) ? emit(ctx, node, inputs, quant) : undefined;
}

/** By a constant, a product. */
function division(ctx: IntegerContext, node: Node): TensorId | undefined {
  const stored = storedConstant(ctx.editor, node.inputs[1]);
  if (!stored) return arithmetic(ctx, node);
  const values = realValues(stored).map((v) => 1 / v);
  if (!values.every(Number.isFinite)) return undefined;
  const inverse = ctx.editor.addTensor(floatTensor(`${stored.name}/inverse`, [...stored.shape], values));
  return arithmetic(ctx, { ...node, op: 'mul', inputs: [node.inputs[0], inverse] });
}

/** A function of two numbers of which one is constant and the same for all elements, which stays real: a table. */
function withNumber(ctx: IntegerContext, node: Node): TensorId | undefined {
  const quant = ctx.wanted(node.outputs[0]);
  const inputs = node.inputs.map((id) => {
    const stored = storedConstant(ctx.editor, id);
    if (!stored) return ctx.twins.get(id);
    const values = realValues(stored);
    return values.every((v) => v === values[0])
      ? ctx.editor.addTensor(floatTensor(stored.name, [1], [values[0]]))
      : undefined;
  });
  if (!quant || !inputs.every((id) => id !== undefined)) return undefined;
  return emit(ctx, node, inputs as TensorId[], quant);
}

/** The scale and bias of a norm stay real: the operator works out the integers. */
function normalized(ctx: IntegerContext, node: Node): TensorId | undefined {
  const x = ctx.twins.get(node.inputs[0]);
  const quant = ctx.wanted(node.outputs[0]);
  const constants = node.inputs.slice(1).map((id) => {
    if (id === NO_TENSOR) return id;
    const stored = storedConstant(ctx.editor, id);
    return stored && ctx.editor.addTensor(floatTensor(stored.name, [...stored.shape], realValues(stored)));
  });
  if (x === undefined || !quant || !constants.every((id) => id !== undefined)) return undefined;
  return emit(ctx, node, [x, ...(constants as TensorId[])], quant);
}

/** Trees keep their real tables: the operator works out the integers. */
function fromTables(ctx: IntegerContext, node: Node): TensorId | undefined {
  const x = ctx.twins.get(node.inputs[0]);
  const quant = ctx.wanted(node.outputs[0]);
  return x === undefined || !quant ? undefined : emit(ctx, node, [x, ...node.inputs.slice(1)], quant);
}

/** A transposed convolution has the weights of a convolution: by output channel first. */
function transposed(ctx: IntegerContext, node: Node): TensorId | undefined {
  const x = ctx.twins.get(node.inputs[0]);
  const quant = ctx.wanted(node.outputs[0]);
  if (x === undefined || !quant) return undefined;
  const wide = activationOf(ctx) === 'int16';
  const scales = { input: scaleOf(ctx.editor.tensor(x).quant), output: scaleOf(quant), wide };
  const constants = integerWeights(ctx.editor, { ...node, op: 'conv2d' }, scales);
  if (!constants) return undefined;
  return emit(ctx, node, [x, constants.weights, ...(constants.bias === NO_TENSOR ? [] : [constants.bias])], quant);
}

function fixed(ctx: IntegerContext, node: Node): TensorId | undefined {
  const x = ctx.twins.get(node.inputs[0]);
  const quant = fixedQuantOf(node, activationOf(ctx));
  return x === undefined || !quant ? undefined : emit(ctx, node, [x], quant);
}

/** Bits have no quantization. */
function emitBits(ctx: IntegerContext, node: Node, inputs: TensorId[]): TensorId {
  const { name, shape } = ctx.editor.tensor(node.outputs[0]);
  const output = ctx.editor.addTensor({ name, dtype: 'int32', shape: [...shape] });
  ctx.editor.addNode({ op: node.op, name: node.name, attrs: node.attrs, inputs, outputs: [output] });
  return output;
}

function toBits(ctx: IntegerContext, node: Node): TensorId | undefined {
  const x = ctx.twins.get(node.inputs[0]);
  return x === undefined ? undefined : emitBits(ctx, node, [x]);
}

/** Its scale and bias stay real: the operator works out the integers for the output's quantization. */
function fromBits(ctx: IntegerContext, node: Node): TensorId | undefined {
  const x = ctx.twins.get(node.inputs[0]);
  if (x === undefined) return undefined;
  const inputs = [x, ...node.inputs.slice(1)];
  if (ctx.editor.tensor(node.outputs[0]).dtype === 'int32') return emitBits(ctx, node, inputs);
  const quant = ctx.wanted(node.outputs[0]);
  return quant && emit(ctx, node, inputs, quant);
}

/** Further inputs (the indices of a gather) are plain numbers. */
function passing(ctx: IntegerContext, node: Node): TensorId | undefined {
  const x = node.op === 'gather' ? operand(ctx, node.inputs[0]) : ctx.twins.get(node.inputs[0]);
  if (x !== undefined && node.op === 'reshape' && ctx.editor.tensor(x).dtype === 'int32')
    return emitBits(ctx, node, [x]);
  const quant = x === undefined ? undefined : ctx.editor.tensor(x).quant;
  const rest = node.inputs.slice(1).map((id) => ctx.twins.get(id) ?? id);
  return x === undefined || !quant ? undefined : emit(ctx, node, [x, ...rest], quant);
}

/** Integer average pooling keeps the scale of its input; over the whole image it is a `mean`, which need not. */
function averagePool(ctx: IntegerContext, node: Node): TensorId | undefined {
  const x = ctx.twins.get(node.inputs[0]);
  if (x === undefined) return undefined;
  const quant = ctx.editor.tensor(x).quant;
  const wanted = ctx.wanted(node.outputs[0]);
  if (!quant) return undefined;
  if (wanted && !sameQuant(quant, wanted) && isGlobal(ctx, node)) {
    return emit(ctx, node, [x], wanted, { op: 'mean', attrs: { axes: [1, 2], keepDims: true } });
  }
  return emit(ctx, node, [x], quant);
}

/** One window over all of the image, no padding, no activation. */
export function isGlobal(ctx: Pick<IntegerContext, 'editor'>, node: Node): boolean {
  const [input, output] = [ctx.editor.tensor(node.inputs[0]).shape, ctx.editor.tensor(node.outputs[0]).shape];
  const kernel = Array.isArray(node.attrs.kernel) ? node.attrs.kernel.map(Number) : [];
  const pads = Array.isArray(node.attrs.pads) ? node.attrs.pads.map(Number) : [];
  return (
    !hasActivation(node) &&
    pads.every((p) => p === 0) &&
    kernel[0] === input[1] &&
    kernel[1] === input[2] &&
    elementCount(output.slice(1, 3)) === 1
  );
}
