// SPDX-License-Identifier: Apache-2.0
// Writes small TFLite files for tests.
import { Builder } from 'flatbuffers';
import { toLittleEndian } from '../bytes.js';
import type { TensorData } from '../graph.js';
import type { Field, FieldType } from '../tflite/flatbuffer.js';
import { Buffer, Model, Operator, OperatorCode, Quantization, SubGraph, Tensor } from '../tflite/schema.js';

export const tensorType = {
  float32: 0,
  float16: 1,
  int32: 2,
  uint8: 3,
  int64: 4,
  string: 5,
  bool: 6,
  int16: 7,
  int8: 9,
} as const;

/** Codes of enum BuiltinOperator. */
export const code = {
  add: 0,
  averagePool2d: 1,
  concatenation: 2,
  conv2d: 3,
  depthwiseConv2d: 4,
  dequantize: 6,
  fullyConnected: 9,
  logistic: 14,
  lstm: 16,
  maxPool2d: 17,
  mul: 18,
  relu: 19,
  reluN1To1: 20,
  relu6: 21,
  reshape: 22,
  softmax: 25,
  svdf: 27,
  tanh: 28,
  custom: 32,
  pad: 34,
  transpose: 39,
  mean: 40,
  sub: 41,
  sequenceLstm: 44,
  div: 42,
  squeeze: 43,
  stridedSlice: 45,
  maximum: 55,
  minimum: 57,
  padV2: 60,
  slice: 65,
  expandDims: 70,
  leakyRelu: 98,
  quantize: 114,
  hardSwish: 117,
  dilate: 203,
} as const;

export interface TestTensor {
  name?: string;
  type: keyof typeof tensorType;
  shape: number[];
  signature?: number[];
  data?: TensorData;
  scales?: number[];
  zeroPoints?: number[];
  axis?: number;
  isVariable?: boolean;
  isSparse?: boolean;
}

export interface TestOperator {
  code: number;
  customCode?: string;
  inputs: number[];
  outputs: number[];
  /** The options table of schema.ts, and its fields that are set. */
  options?: { table: { union: number }; set?: [Field, number][] };
}

export interface TestModel {
  tensors: TestTensor[];
  operators: TestOperator[];
  inputs: number[];
  outputs: number[];
  version?: number;
  description?: string;
}

type Fields = [Field<FieldType>, number | undefined][];

const adders: Partial<Record<FieldType, (b: Builder, id: number, value: number) => void>> = {
  bool: (b, id, v) => b.addFieldInt8(id, v, 0),
  int8: (b, id, v) => b.addFieldInt8(id, v, 0),
  uint8: (b, id, v) => b.addFieldInt8(id, v, 0),
  int32: (b, id, v) => b.addFieldInt32(id, v, 0),
  uint32: (b, id, v) => b.addFieldInt32(id, v, 0),
  float32: (b, id, v) => b.addFieldFloat32(id, v, 0),
};

/** A table; scalars by value, everything else by the offset that was written before. */
function table(b: Builder, fields: Fields): number {
  b.forceDefaults(true);
  b.startObject(Math.max(0, ...fields.map(([f]) => f.id + 1)));
  for (const [field, value] of fields) {
    if (value === undefined) continue;
    const add = adders[field.type];
    if (add) add(b, field.id, value);
    else b.addFieldOffset(field.id, value, 0);
  }
  return b.endObject();
}

function vector(b: Builder, bytesEach: number, values: readonly number[], add: (v: number) => void): number {
  b.startVector(bytesEach, values.length, bytesEach);
  for (const v of [...values].reverse()) add(v);
  return b.endVector();
}

const int32s = (b: Builder, values: readonly number[]): number => vector(b, 4, values, (v) => b.addInt32(v));
const offsets = (b: Builder, values: readonly number[]): number => vector(b, 4, values, (v) => b.addOffset(v));

function writeQuant(b: Builder, t: TestTensor): number | undefined {
  if (t.scales === undefined) return undefined;
  const scale = vector(b, 4, t.scales, (v) => b.addFloat32(v));
  const zeroPoint = vector(b, 8, t.zeroPoints ?? [0], (v) => b.addInt64(BigInt(v)));
  return table(b, [
    [Quantization.scale, scale],
    [Quantization.zeroPoint, zeroPoint],
    [Quantization.quantizedDimension, t.axis ?? 0],
  ]);
}

function writeTensor(b: Builder, t: TestTensor, index: number): number {
  const name = t.name === undefined ? undefined : b.createString(t.name);
  const quantization = writeQuant(b, t);
  const sparsity = t.isSparse ? table(b, []) : undefined;
  const signature = t.signature === undefined ? undefined : int32s(b, t.signature);
  const shape = int32s(b, t.shape);
  // Buffer 0 is the empty one; constants have one each.
  const buffer = t.data === undefined ? 0 : index + 1;
  return table(b, [
    [Tensor.shape, shape],
    [Tensor.type, tensorType[t.type]],
    [Tensor.buffer, buffer],
    [Tensor.name, name],
    [Tensor.quantization, quantization],
    [Tensor.isVariable, t.isVariable ? 1 : undefined],
    [Tensor.sparsity, sparsity],
    [Tensor.shapeSignature, signature],
  ]);
}

function writeBuffer(b: Builder, t: TestTensor): number {
  const bytes = t.data === undefined ? undefined : toLittleEndian(t.data);
  return table(b, [[Buffer.data, bytes === undefined ? undefined : b.createByteVector(bytes)]]);
}

function writeOperator(b: Builder, op: TestOperator, index: number): number {
  const inputs = int32s(b, op.inputs);
  const outputs = int32s(b, op.outputs);
  const options = op.options === undefined ? undefined : table(b, op.options.set ?? []);
  return table(b, [
    [Operator.opcodeIndex, index],
    [Operator.inputs, inputs],
    [Operator.outputs, outputs],
    [Operator.optionsType, op.options?.table.union],
    [Operator.options, options],
  ]);
}

function writeCode(b: Builder, op: TestOperator): number {
  const custom = op.customCode === undefined ? undefined : b.createString(op.customCode);
  return table(b, [
    [OperatorCode.deprecatedBuiltinCode, Math.min(op.code, 127)],
    [OperatorCode.customCode, custom],
    [OperatorCode.builtinCode, op.code],
  ]);
}

export function writeTflite(model: TestModel): Uint8Array {
  const b = new Builder(1024);
  const tensors = offsets(
    b,
    model.tensors.map((t, i) => writeTensor(b, t, i)),
  );
  const operators = offsets(
    b,
    model.operators.map((op, i) => writeOperator(b, op, i)),
  );
  const inputs = int32s(b, model.inputs);
  const outputs = int32s(b, model.outputs);
  const subgraph = table(b, [
    [SubGraph.tensors, tensors],
    [SubGraph.inputs, inputs],
    [SubGraph.outputs, outputs],
    [SubGraph.operators, operators],
  ]);
  const subgraphs = offsets(b, [subgraph]);
  const codes = offsets(
    b,
    model.operators.map((op) => writeCode(b, op)),
  );
  const buffers = offsets(b, [table(b, []), ...model.tensors.map((t) => writeBuffer(b, t))]);
  const description = b.createString(model.description ?? 'test');
  b.finish(
    table(b, [
      [Model.version, model.version ?? 3],
      [Model.operatorCodes, codes],
      [Model.subgraphs, subgraphs],
      [Model.description, description],
      [Model.buffers, buffers],
    ]),
    'TFL3',
  );
  return b.asUint8Array();
}
