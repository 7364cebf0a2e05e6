// SPDX-License-Identifier: Apache-2.0
// TFLite tensors -> IR tensors, one at a time and only those that operators use.
import { fail } from '../../cli/errors.js';
import { bfloatsToFloats, fromLittleEndian, halvesToFloats } from '../bytes.js';
import {
  type DType,
  dtypeBytes,
  elementCount,
  type Tensor as IrTensor,
  type Quant,
  type TensorData,
} from '../graph.js';
import { maxRank, maxTensorBytes } from '../limits.js';
import { refuse } from '../refusal.js';
import type { FlatBuffer, FlatTable } from './flatbuffer.js';
import { Buffer, Quantization, Tensor } from './schema.js';

interface TypeRow {
  name: string;
  dtype?: DType;
  /** Bytes per element in the file where they differ from dtype's. */
  storedBytes?: number;
  widen?: (bytes: Uint8Array) => TensorData;
}

/** enum TensorType of the TFLite schema, by number. Without `dtype` mote has no such tensors. */
const tensorTypes: readonly TypeRow[] = [
  { name: 'FLOAT32', dtype: 'float32' },
  {
    name: 'FLOAT16',
    dtype: 'float32',
    storedBytes: 2,
    widen: (b) => halvesToFloats(fromLittleEndian('uint16', b) as Uint16Array),
  },
  { name: 'INT32', dtype: 'int32' },
  { name: 'UINT8', dtype: 'uint8' },
  { name: 'INT64', dtype: 'int64' },
  { name: 'STRING' },
  { name: 'BOOL', dtype: 'bool' },
  { name: 'INT16', dtype: 'int16' },
  { name: 'COMPLEX64' },
  { name: 'INT8', dtype: 'int8' },
  { name: 'FLOAT64', dtype: 'float64' },
  { name: 'COMPLEX128' },
  { name: 'UINT64' },
  { name: 'RESOURCE' },
  { name: 'VARIANT' },
  { name: 'UINT32', dtype: 'uint32' },
  { name: 'UINT16', dtype: 'uint16' },
  { name: 'INT4' },
  {
    name: 'BFLOAT16',
    dtype: 'float32',
    storedBytes: 2,
    widen: (b) => bfloatsToFloats(fromLittleEndian('uint16', b) as Uint16Array),
  },
];

const zeroPointRange: Partial<Record<DType, [number, number]>> = {
  int8: [-128, 127],
  uint8: [0, 255],
  int16: [-32768, 32767],
  uint16: [0, 65535],
};

export interface TfliteTensor {
  tensor: IrTensor;
  /** State that lives from one inference to the next. */
  isVariable: boolean;
}

/** The tensor with its data, or a Refusal where mote has no such tensors. */
export function readTensor(file: FlatBuffer, table: FlatTable, index: number, buffers: FlatTable[]): TfliteTensor {
  const name = table.get(Tensor.name) || `tensor${index}`;
  const shape = readShape(table, name);
  const type = tensorTypes[table.get(Tensor.type)];
  if (type === undefined) return fail('model.broken', { reason: `tensor '${name}' has an unknown element type` });
  const { dtype } = type;
  if (dtype === undefined)
    return refuse(`tensor '${name}' holds ${type.name} values`, 'convert the model to float32 or int8');
  const tensor: IrTensor = { name, dtype, shape };
  const quant = readQuant(table, tensor);
  if (quant !== undefined) tensor.quant = quant;
  const bytes = constantBytes(file, table, buffers, shape);
  if (bytes !== undefined) {
    if (table.get(Tensor.sparsity) !== undefined)
      refuse(`tensor '${name}' is stored sparse`, 'export it with dense weights');
    tensor.data = readData(file, tensor, type, bytes);
  } else {
    checkActivation(tensor, type);
  }
  return { tensor, isVariable: table.get(Tensor.isVariable) };
}

function readShape(table: FlatTable, name: string): number[] {
  const shape = table.get(Tensor.shape);
  if (shape.length > maxRank) fail('model.broken', { reason: `tensor '${name}' has ${shape.length} dimensions` });
  const signature = table.get(Tensor.shapeSignature);
  // A free batch is one: the signature says -1, and some exporters write it into the shape as well.
  if (shape.length > 0 && shape[0] <= 0 && signature[0] === -1) shape[0] = 1;
  if (shape.some((d) => d < 0)) fail('model.broken', { reason: `tensor '${name}' has shape [${shape}]` });
  return shape;
}

function checkActivation(tensor: IrTensor, type: TypeRow): void {
  const { name, shape } = tensor;
  const bytes = elementCount(shape) * dtypeBytes(tensor.dtype);
  if (bytes > maxTensorBytes)
    fail('model.broken', { reason: `tensor '${name}' of shape [${shape}] has ${bytes} bytes` });
  if (bytes === 0) refuse(`tensor '${name}' of shape [${shape}] has no elements`, 'export the model with fixed shapes');
  if (type.widen) refuse(`tensor '${name}' holds ${type.name} values`, 'export the model with float32 activations');
}

/** The constant's bytes in the file; undefined where the tensor is computed. */
function constantBytes(
  file: FlatBuffer,
  table: FlatTable,
  buffers: FlatTable[],
  shape: number[],
): Uint8Array | undefined {
  const index = table.get(Tensor.buffer);
  const buffer = buffers[index];
  if (buffer === undefined) return file.damaged(`a tensor refers to buffer ${index} of ${buffers.length}`);
  const inside = buffer.get(Buffer.data);
  if (inside !== undefined && inside.length > 0) return inside;
  const offset = buffer.get(Buffer.offset);
  // Offsets 0 and 1 mean "none" (schema.fbs, table Buffer).
  if (offset > 1) {
    const size = buffer.get(Buffer.size);
    file.need(offset, size);
    return file.bytes.subarray(offset, offset + size);
  }
  // Buffer 0 is the empty one by convention; an empty list of axes has its own, also empty.
  return index !== 0 && elementCount(shape) === 0 ? new Uint8Array(0) : undefined;
}

function readData(file: FlatBuffer, tensor: IrTensor, type: TypeRow, bytes: Uint8Array): TensorData {
  const count = elementCount(tensor.shape);
  const wanted = count * (type.storedBytes ?? dtypeBytes(tensor.dtype));
  if (wanted !== bytes.length) {
    return file.damaged(
      `tensor '${tensor.name}' of shape [${tensor.shape}] needs ${wanted} bytes, it has ${bytes.length}`,
    );
  }
  file.charge(count * dtypeBytes(tensor.dtype));
  return type.widen ? type.widen(bytes) : fromLittleEndian(tensor.dtype, bytes);
}

function readQuant(table: FlatTable, tensor: IrTensor): Quant | undefined {
  const stored = table.get(Tensor.quantization);
  if (stored === undefined || tensor.dtype.startsWith('float') || tensor.dtype === 'bool') return undefined;
  if (stored.get(Quantization.detailsType) !== 0) {
    return refuse(`tensor '${tensor.name}' has a custom quantization`, 'quantize it with scale and zero point');
  }
  const scales = stored.get(Quantization.scale);
  if (scales.length === 0) return undefined;
  const zeroPoints = stored.get(Quantization.zeroPoint);
  checkQuant(tensor, scales, zeroPoints);
  // TOCO wrote the weights' axis 3 onto the bias vector as well; a vector has one axis only.
  const axis = scales.length === 1 || tensor.shape.length === 1 ? 0 : stored.get(Quantization.quantizedDimension);
  if (scales.length > 1 && tensor.shape[axis] !== scales.length) {
    const reason = `tensor '${tensor.name}' of shape [${tensor.shape}] has ${scales.length} scales on axis ${axis}`;
    return fail('model.broken', { reason });
  }
  const zeroPointOf = (c: number): number => (zeroPoints.length <= 1 ? (zeroPoints[0] ?? 0) : zeroPoints[c]);
  return { scales: Float64Array.from(scales), zeroPoints: Int32Array.from(scales, (_, c) => zeroPointOf(c)), axis };
}

function checkQuant(tensor: IrTensor, scales: number[], zeroPoints: number[]): void {
  const broken = (what: string): never => fail('model.broken', { reason: `tensor '${tensor.name}' has ${what}` });
  const [low, high] = zeroPointRange[tensor.dtype] ?? [-(2 ** 31), 2 ** 31 - 1];
  if (zeroPoints.length > 1 && zeroPoints.length !== scales.length) {
    broken(`${scales.length} scales and ${zeroPoints.length} zero points`);
  }
  const scale = scales.find((s) => !(Number.isFinite(s) && s > 0));
  if (scale !== undefined) broken(`the scale ${scale}`);
  const zeroPoint = zeroPoints.find((z) => !(z >= low && z <= high));
  if (zeroPoint !== undefined) broken(`the zero point ${zeroPoint}`);
}
