// SPDX-License-Identifier: Apache-2.0
// One row per IR operator that TFLite has: how it is written. What has no row cannot be exported. Versions are the first
// that take int8 (tensorflow/compiler/mlir/lite/tools/versioning/op_version.cc).
import type { Attrs, Clamp, Node, Tensor, TensorId } from '../graph.js';
import { samePadding } from '../windows.js';
import type { Field } from './flatbuffer.js';
import * as schema from './schema.js';
import type { FileOperator } from './tfliteFile.js';

/** What a row sees of the file that is written. */
export interface Writing {
  tensor(id: TensorId): Tensor;
  /** A new constant; its id. */
  constant(name: string, like: Pick<Tensor, 'dtype' | 'shape' | 'data' | 'quant'>): TensorId;
  /** Another operator before this one, with an output of its own like the input but of this shape. */
  before(row: WrittenOperator, shape: number[]): TensorId;
  refuse(reason: string): never;
}

/** Inputs are ids of tensors; the output is that of the node, or a new one. */
export interface WrittenOperator {
  /** Name in builtins.ts. */
  builtin: string;
  version: number;
  inputs: TensorId[];
  options?: NonNullable<FileOperator['options']>;
}

type Row = (node: Node, w: Writing) => WrittenOperator;

const clamps: readonly (readonly [number | null, number | null])[] = [
  [null, null],
  [0, null],
  [-1, 1],
  [0, 6],
];

/** Number of a fused activation in the enum ActivationFunctionType. */
function activationCode(attrs: Attrs, w: Writing): number {
  const { min = null, max = null } = (attrs.activation ?? {}) as Partial<Clamp>;
  const code = clamps.findIndex(([low, high]) => low === min && high === max);
  return code >= 0 ? code : w.refuse(`its activation is a clamp to [${min}, ${max}], which TFLite has not`);
}

const ints = (w: Writing, name: string, values: readonly number[], shape = [values.length]): TensorId =>
  w.constant(name, { dtype: 'int32', shape, data: Int32Array.from(values) });

const pair = (value: unknown, otherwise: readonly [number, number]): readonly [number, number] =>
  (value as [number, number] | undefined) ?? otherwise;

const [same, valid] = [0, 1];

/** SAME or VALID, where the pads are either's. */
function paddingCode(node: Node, w: Writing, kernel: readonly [number, number]): number | undefined {
  const { shape } = w.tensor(node.inputs[0]);
  const pads = (node.attrs.pads ?? [0, 0, 0, 0]) as readonly number[];
  if (pads.every((p) => p === 0)) return valid;
  const [strides, dilations] = [pair(node.attrs.strides, [1, 1]), pair(node.attrs.dilations, [1, 1])];
  const total = [0, 1].map((d) => samePadding(shape[d + 1], kernel[d], strides[d], dilations[d]));
  const isSame = [0, 1].every((d) => {
    const before = Math.floor(total[d] / 2);
    return pads[d] === before && pads[d + 2] === total[d] - before;
  });
  return isSame ? same : undefined;
}

/** A PAD of the real number zero in front of a layer whose pads TFLite cannot say. */
function padded(node: Node, w: Writing): TensorId {
  const { shape } = w.tensor(node.inputs[0]);
  const pads = node.attrs.pads as readonly number[];
  const flat = [0, 0, pads[0], pads[2], pads[1], pads[3], 0, 0];
  const inputs = [node.inputs[0], ints(w, `${node.name}/pads`, flat, [4, 2])];
  const wide = [shape[0], shape[1] + pads[0] + pads[2], shape[2] + pads[1] + pads[3], shape[3]];
  return w.before({ builtin: 'PAD', version: 2, inputs, options: { table: schema.PadOptions } }, wide);
}

interface WindowTable {
  union: number;
  padding: Field;
  strideH: Field;
  strideW: Field;
  activation: Field;
}

function windowSet(node: Node, w: Writing, table: WindowTable, padding: number): [Field, number][] {
  const [strideH, strideW] = pair(node.attrs.strides, [1, 1]);
  return [
    [table.padding, padding],
    [table.strideH, strideH],
    [table.strideW, strideW],
    [table.activation, activationCode(node.attrs, w)],
  ];
}

/** Convolutions: input, weights, bias. */
function layer(node: Node, w: Writing, builtin: string, table: WindowTable, more: [Field, number][]): WrittenOperator {
  const [, kernelH, kernelW] = w.tensor(node.inputs[1]).shape;
  const code = paddingCode(node, w, [kernelH, kernelW]);
  const [x, ...rest] = node.inputs;
  const input = code === undefined ? padded(node, w) : x;
  const set = [...windowSet(node, w, table, code ?? valid), ...more];
  return { builtin, version: 3, inputs: [input, ...rest], options: { table, set } };
}

const conv2d: Row = (node, w) => {
  const t = schema.Conv2DOptions;
  const [dilationH, dilationW] = pair(node.attrs.dilations, [1, 1]);
  return layer(node, w, 'CONV_2D', t, [
    [t.dilationH, dilationH],
    [t.dilationW, dilationW],
  ]);
};

const depthwiseConv2d: Row = (node, w) => {
  const t = schema.DepthwiseConv2DOptions;
  const [dilationH, dilationW] = pair(node.attrs.dilations, [1, 1]);
  return layer(node, w, 'DEPTHWISE_CONV_2D', t, [
    [t.dilationH, dilationH],
    [t.dilationW, dilationW],
    [t.multiplier, Number(node.attrs.multiplier ?? 1)],
  ]);
};

const pool =
  (builtin: string): Row =>
  (node, w) => {
    const table = schema.Pool2DOptions;
    const kernel = pair(node.attrs.kernel, [1, 1]);
    const code = paddingCode(node, w, kernel) ?? w.refuse('its pads are neither SAME nor VALID');
    if (node.attrs.countIncludePad === true && code === same) w.refuse('its mean counts the pads');
    if (pair(node.attrs.dilations, [1, 1]).some((d) => d !== 1)) w.refuse('its window is dilated');
    const set: [Field, number][] = [
      ...windowSet(node, w, table, code),
      [table.filterH, kernel[0]],
      [table.filterW, kernel[1]],
    ];
    return { builtin, version: 2, inputs: node.inputs, options: { table, set } };
  };

const fullyConnected: Row = (node, w) => {
  const table = schema.FullyConnectedOptions;
  const { shape } = w.tensor(node.outputs[0]);
  const set: [Field, number][] = [
    [table.activation, activationCode(node.attrs, w)],
    [table.keepNumDims, shape.length === 2 ? 0 : 1],
  ];
  // Without a bias TFLite wants the optional input said.
  const inputs = node.inputs.length > 2 ? node.inputs : [...node.inputs, -1];
  return { builtin: 'FULLY_CONNECTED', version: 4, inputs, options: { table, set } };
};

const binary =
  (builtin: string, version: number, table?: { union: number; activation?: Field }): Row =>
  (node, w) => {
    const code = activationCode(node.attrs, w);
    if (code !== 0 && !table?.activation) w.refuse('TFLite fuses no activation into it');
    const set: [Field, number][] = table?.activation ? [[table.activation, code]] : [];
    return { builtin, version, inputs: node.inputs, ...(table ? { options: { table, set } } : {}) };
  };

const unary =
  (builtin: string, version: number): Row =>
  (node) => ({ builtin, version, inputs: node.inputs });

const softmax: Row = (node, w) => {
  const rank = w.tensor(node.inputs[0]).shape.length;
  const axis = Number(node.attrs.axis ?? rank - 1);
  if (axis !== rank - 1 && axis !== -1) w.refuse(`its axis ${axis} is not the last`);
  const table = schema.SoftmaxOptions;
  const set: [Field, number][] = [[table.beta, Number(node.attrs.beta ?? 1)]];
  return { builtin: 'SOFTMAX', version: 2, inputs: node.inputs, options: { table, set } };
};

const reshape: Row = (node, w) => ({
  builtin: 'RESHAPE',
  version: 1,
  inputs: [node.inputs[0], ints(w, `${node.name}/shape`, w.tensor(node.outputs[0]).shape)],
});

const mean: Row = (node, w) => {
  const table = schema.ReducerOptions;
  const set: [Field, number][] = [[table.keepDims, node.attrs.keepDims ? 1 : 0]];
  const inputs = [node.inputs[0], ints(w, `${node.name}/axes`, node.attrs.axes as number[])];
  return { builtin: 'MEAN', version: 2, inputs, options: { table, set } };
};

const pad: Row = (node, w) => {
  const { dtype, quant } = w.tensor(node.inputs[0]);
  const pairs = node.attrs.pads as readonly (readonly [number, number])[];
  const inputs = [node.inputs[0], ints(w, `${node.name}/pads`, pairs.flat(), [pairs.length, 2])];
  const value = Number(node.attrs.value ?? 0);
  if (value === 0) return { builtin: 'PAD', version: 2, inputs, options: { table: schema.PadOptions } };
  if (dtype !== 'int8' || !quant) return w.refuse(`it pads ${dtype} with ${value}`);
  const stored = Math.round(value / quant.scales[0]) + quant.zeroPoints[0];
  const data = Int8Array.of(Math.max(-128, Math.min(127, stored)));
  const fill = w.constant(`${node.name}/value`, { dtype, quant, shape: [1], data });
  return { builtin: 'PADV2', version: 2, inputs: [...inputs, fill], options: { table: schema.PadV2Options } };
};

const clamp: Row = (node, w) => {
  const builtins = ['', 'RELU', 'RELU_N1_TO_1', 'RELU6'];
  const code = activationCode({ activation: node.attrs }, w);
  if (code === 0) return w.refuse('it clamps to nothing');
  return { builtin: builtins[code], version: code === 2 ? 1 : 2, inputs: node.inputs };
};

const concat: Row = (node) => {
  const table = schema.ConcatenationOptions;
  const set: [Field, number][] = [[table.axis, Number(node.attrs.axis)]];
  return { builtin: 'CONCATENATION', version: 2, inputs: node.inputs, options: { table, set } };
};

const slice: Row = (node, w) => {
  const [begin, size] = [node.attrs.begin as number[], node.attrs.size as number[]];
  const strides = (node.attrs.strides ?? begin.map(() => 1)) as number[];
  const first = ints(w, `${node.name}/begin`, begin);
  if (strides.every((s) => s === 1)) {
    const inputs = [node.inputs[0], first, ints(w, `${node.name}/size`, size)];
    return { builtin: 'SLICE', version: 2, inputs, options: { table: schema.SliceOptions } };
  }
  if (strides.some((s) => s < 1)) w.refuse('it slices backwards');
  // The end is behind the last element that is taken.
  const end = begin.map((b, d) => b + (size[d] - 1) * strides[d] + 1);
  const inputs = [node.inputs[0], first, ints(w, `${node.name}/end`, end), ints(w, `${node.name}/strides`, strides)];
  return { builtin: 'STRIDED_SLICE', version: 2, inputs, options: { table: schema.StridedSliceOptions } };
};

const transpose: Row = (node, w) => ({
  builtin: 'TRANSPOSE',
  version: 2,
  inputs: [node.inputs[0], ints(w, `${node.name}/perm`, node.attrs.perm as number[])],
  options: { table: schema.TransposeOptions },
});

const leakyRelu: Row = (node) => {
  const table = schema.LeakyReluOptions;
  const set: [Field, number][] = [[table.alpha, Number(node.attrs.alpha)]];
  return { builtin: 'LEAKY_RELU', version: 2, inputs: node.inputs, options: { table, set } };
};

export const writers: Readonly<Record<string, Row>> = {
  conv2d,
  depthwiseConv2d,
  fullyConnected,
  averagePool2d: pool('AVERAGE_POOL_2D'),
  maxPool2d: pool('MAX_POOL_2D'),
  softmax,
  reshape,
  mean,
  pad,
  clamp,
  concat,
  slice,
  transpose,
  leakyRelu,
  add: binary('ADD', 2, schema.AddOptions),
  sub: binary('SUB', 2, schema.SubOptions),
  mul: binary('MUL', 2, schema.MulOptions),
  div: binary('DIV', 1, schema.DivOptions),
  minimum: binary('MINIMUM', 2),
  maximum: binary('MAXIMUM', 2),
  squaredDifference: binary('SQUARED_DIFFERENCE', 2),
  logistic: unary('LOGISTIC', 2),
  tanh: unary('TANH', 2),
  hardSwish: unary('HARD_SWISH', 1),
  quantize: unary('QUANTIZE', 2),
  dequantize: unary('DEQUANTIZE', 2),
  abs: unary('ABS', 2),
  neg: unary('NEG', 1),
  exp: unary('EXP', 1),
};
