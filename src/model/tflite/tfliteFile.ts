// SPDX-License-Identifier: Apache-2.0
// Writes TFLite files: tensors, operators and their options as plain values -> bytes. Layout and field numbers: schema.ts;
// constants lie on 16 bytes, as schema.fbs asks (force_align of Buffer.data).
import { Builder } from 'flatbuffers';
import { toLittleEndian } from '../bytes.js';
import type { TensorData } from '../graph.js';
import type { Field, FieldType } from './flatbuffer.js';
import { Buffer, Model, Operator, OperatorCode, Quantization, SubGraph, Tensor } from './schema.js';

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

export interface FileTensor {
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

export interface FileOperator {
  /** Of enum BuiltinOperator. */
  code: number;
  /** 1 when left out. */
  version?: number;
  customCode?: string;
  inputs: number[];
  outputs: number[];
  /** The options table of schema.ts, and its fields that are set. */
  options?: { table: { union: number }; set?: [Field, number][] };
}

/** The entry of the model's list of operator codes. */
const codeKey = ({ code, version, customCode }: FileOperator): string => `${code} ${version ?? 1} ${customCode ?? ''}`;

export interface FileModel {
  tensors: FileTensor[];
  operators: FileOperator[];
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

function writeQuant(b: Builder, t: FileTensor): number | undefined {
  if (t.scales === undefined) return undefined;
  const scale = vector(b, 4, t.scales, (v) => b.addFloat32(v));
  const zeroPoint = vector(b, 8, t.zeroPoints ?? [0], (v) => b.addInt64(BigInt(v)));
  return table(b, [
    [Quantization.scale, scale],
    [Quantization.zeroPoint, zeroPoint],
    [Quantization.quantizedDimension, t.axis ?? 0],
  ]);
}

function writeTensor(b: Builder, t: FileTensor, index: number): number {
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

const bufferAlignBytes = 16;

function alignedBytes(b: Builder, bytes: Uint8Array): number {
  b.startVector(1, bytes.length, bufferAlignBytes);
  // Builders write backwards: what is set here ends up in front.
  for (let i = bytes.length - 1; i >= 0; i--) b.writeInt8(bytes[i]);
  return b.endVector();
}

function writeBuffer(b: Builder, t: FileTensor): number {
  return table(b, [[Buffer.data, t.data === undefined ? undefined : alignedBytes(b, toLittleEndian(t.data))]]);
}

function writeOperator(b: Builder, op: FileOperator, index: number): number {
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

function writeCode(b: Builder, op: FileOperator): number {
  const custom = op.customCode === undefined ? undefined : b.createString(op.customCode);
  return table(b, [
    [OperatorCode.deprecatedBuiltinCode, Math.min(op.code, 127)],
    [OperatorCode.customCode, custom],
    [OperatorCode.version, op.version ?? 1],
    [OperatorCode.builtinCode, op.code],
  ]);
}

export function writeTflite(model: FileModel): Uint8Array {
  const b = new Builder(1024);
  const codeOf = new Map(model.operators.map((op) => [codeKey(op), op]));
  const keys = [...codeOf.keys()];
  const tensors = offsets(
    b,
    model.tensors.map((t, i) => writeTensor(b, t, i)),
  );
  const operators = offsets(
    b,
    model.operators.map((op) => writeOperator(b, op, keys.indexOf(codeKey(op)))),
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
    [...codeOf.values()].map((op) => writeCode(b, op)),
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
