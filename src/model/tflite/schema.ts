// SPDX-License-Identifier: Apache-2.0
// The fields of the TFLite schema that mote reads: table -> field -> id and type.
// Ids are the order of declaration in tensorflow/compiler/mlir/lite/schema/schema.fbs (schema version 3).
import type { Field, FieldType } from './flatbuffer.js';

const field = <T extends FieldType>(id: number, type: T, byDefault?: number): Field<T> =>
  byDefault === undefined ? { id, type } : { id, type, default: byDefault };

export const Model = {
  version: field(0, 'uint32'),
  operatorCodes: field(1, 'tables'),
  subgraphs: field(2, 'tables'),
  description: field(3, 'string'),
  buffers: field(4, 'tables'),
  metadata: field(6, 'tables'),
};

export const Metadata = {
  name: field(0, 'string'),
  buffer: field(1, 'uint32'),
};

export const OperatorCode = {
  deprecatedBuiltinCode: field(0, 'int8'),
  customCode: field(1, 'string'),
  version: field(2, 'int32', 1),
  builtinCode: field(3, 'int32'),
};

export const SubGraph = {
  tensors: field(0, 'tables'),
  inputs: field(1, 'int32s'),
  outputs: field(2, 'int32s'),
  operators: field(3, 'tables'),
  name: field(4, 'string'),
};

export const Tensor = {
  shape: field(0, 'int32s'),
  type: field(1, 'int8'),
  buffer: field(2, 'uint32'),
  name: field(3, 'string'),
  quantization: field(4, 'table'),
  isVariable: field(5, 'bool'),
  sparsity: field(6, 'table'),
  shapeSignature: field(7, 'int32s'),
};

export const Quantization = {
  scale: field(2, 'float32s'),
  zeroPoint: field(3, 'int64s'),
  detailsType: field(4, 'uint8'),
  quantizedDimension: field(6, 'int32'),
};

export const Operator = {
  opcodeIndex: field(0, 'uint32'),
  inputs: field(1, 'int32s'),
  outputs: field(2, 'int32s'),
  optionsType: field(3, 'uint8'),
  options: field(4, 'table'),
};

/** `offset` and `size` are used instead of `data` in files beyond 2 GB: bytes of the file behind the FlatBuffer. */
export const Buffer = {
  data: field(0, 'bytes'),
  offset: field(1, 'uint64'),
  size: field(2, 'uint64'),
};

/** Options of operators, each with its number in the union BuiltinOptions. */
export const Conv2DOptions = {
  union: 1,
  padding: field(0, 'int8'),
  strideW: field(1, 'int32'),
  strideH: field(2, 'int32'),
  activation: field(3, 'int8'),
  dilationW: field(4, 'int32', 1),
  dilationH: field(5, 'int32', 1),
};

export const DepthwiseConv2DOptions = {
  union: 2,
  padding: field(0, 'int8'),
  strideW: field(1, 'int32'),
  strideH: field(2, 'int32'),
  multiplier: field(3, 'int32'),
  activation: field(4, 'int8'),
  dilationW: field(5, 'int32', 1),
  dilationH: field(6, 'int32', 1),
};

export const Pool2DOptions = {
  union: 5,
  padding: field(0, 'int8'),
  strideW: field(1, 'int32'),
  strideH: field(2, 'int32'),
  filterW: field(3, 'int32'),
  filterH: field(4, 'int32'),
  activation: field(5, 'int8'),
};

export const FullyConnectedOptions = {
  union: 8,
  activation: field(0, 'int8'),
  weightsFormat: field(1, 'int8'),
  keepNumDims: field(2, 'bool'),
};

export const SoftmaxOptions = { union: 9, beta: field(0, 'float32') };
export const ConcatenationOptions = { union: 10, axis: field(0, 'int32'), activation: field(1, 'int8') };
export const AddOptions = { union: 11, activation: field(0, 'int8') };
export const MulOptions = { union: 21, activation: field(0, 'int8') };
export const ReducerOptions = { union: 27, keepDims: field(0, 'bool') };
export const SubOptions = { union: 28, activation: field(0, 'int8') };
export const DivOptions = { union: 29, activation: field(0, 'int8') };
export const StridedSliceOptions = {
  union: 32,
  beginMask: field(0, 'int32'),
  endMask: field(1, 'int32'),
  ellipsisMask: field(2, 'int32'),
  newAxisMask: field(3, 'int32'),
  shrinkAxisMask: field(4, 'int32'),
  offset: field(5, 'bool'),
};
export const SvdfOptions = { union: 6, rank: field(0, 'int32'), activation: field(1, 'int8') };
export const SequenceLstmOptions = {
  union: 71,
  activation: field(0, 'int8'),
  cellClip: field(1, 'float32'),
  projectionClip: field(2, 'float32'),
  timeMajor: field(3, 'bool'),
};
export const LeakyReluOptions = { union: 75, alpha: field(0, 'float32') };
export const ResizeBilinearOptions = { union: 15, alignCorners: field(2, 'bool'), halfPixel: field(3, 'bool') };
export const ResizeNearestOptions = { union: 74, alignCorners: field(0, 'bool'), halfPixel: field(1, 'bool') };
export const SpaceToDepthOptions = { union: 19, block: field(0, 'int32') };
export const DepthToSpaceOptions = { union: 94, block: field(0, 'int32') };
export const GatherOptions = { union: 23, axis: field(0, 'int32'), batchDims: field(1, 'int32') };
export const TransposeConvOptions = {
  union: 49,
  padding: field(0, 'int8'),
  strideW: field(1, 'int32'),
  strideH: field(2, 'int32'),
  activation: field(3, 'int8'),
};
export const PackOptions = { union: 59, axis: field(1, 'int32') };
export const UnpackOptions = { union: 64, axis: field(1, 'int32') };
export const MirrorPadOptions = { union: 77, mode: field(0, 'int8') };
export const BatchMatMulOptions = { union: 101, adjointX: field(0, 'bool'), adjointY: field(1, 'bool') };
/** Tables without fields of their own. */
export const PadOptions = { union: 22 };
export const PadV2Options = { union: 45 };
export const SliceOptions = { union: 47 };
export const TransposeOptions = { union: 26 };
