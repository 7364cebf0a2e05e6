// SPDX-License-Identifier: Apache-2.0
// One row per TFLite builtin operator: how it becomes IR. What has no row becomes an `unsupported` node.
// Semantics: tensorflow/lite/kernels (reference kernels) and the comments of schema.fbs.
import type { Clamp } from '../graph.js';
import { activationOf } from './activation.js';
import type { Field } from './flatbuffer.js';
import { convertDepthToSpace, convertResizeBilinear, convertResizeNearest, convertSpaceToDepth } from './images.js';
import { convertConv2d, convertDepthwise, convertFullyConnected, convertPool } from './layers.js';
import {
  convertBroadcastTo,
  convertGather,
  convertMirrorPad,
  convertPack,
  convertSelect,
  convertSplit,
  convertSplitV,
  convertTile,
  convertUnpack,
} from './moves.js';
import type { TfliteNode } from './node.js';
import {
  convertAddN,
  convertCast,
  convertEmbeddingLookup,
  convertFill,
  convertL2Normalization,
  convertReverse,
  convertShape,
  convertZerosLike,
} from './plain.js';
import { convertBatchMatmul, convertTransposeConv } from './products.js';
import { convertSequenceLstm, convertSvdf } from './recurrent.js';
import { convertArg, convertReduction } from './reduce.js';
import * as schema from './schema.js';
import { convertConcatenation, convertPad, convertSlice, convertStridedSlice, convertTranspose } from './shapes.js';

export type Convert = (node: TfliteNode) => void;

const unary =
  (op: string): Convert =>
  (n) => {
    n.input(0);
    n.emit(op, n.inputs.slice(0, 1), {});
  };

const clamp =
  (bounds: Clamp): Convert =>
  (n) => {
    n.input(0);
    n.emit('clamp', n.inputs.slice(0, 1), { ...bounds });
  };

const reshape: Convert = (n) => {
  n.input(0);
  n.emitReshape(n.inputs[0]);
};

/** Element by element with broadcasting; `options` where the operator can carry a fused activation. */
const binary =
  (op: string, options?: { union: number; activation: Field<'int8'> }): Convert =>
  (n) => {
    n.input(0);
    n.input(1);
    const activation = options === undefined ? undefined : activationOf(n, n.option(options, options.activation));
    n.emit(op, n.inputs.slice(0, 2), activation === undefined ? {} : { activation });
  };

/** a > b is b < a. */
const swapped =
  (op: string): Convert =>
  (n) => {
    n.input(0);
    n.input(1);
    n.emit(op, [n.inputs[1], n.inputs[0]], {});
  };

const softmax: Convert = (n) => {
  const rank = n.input(0).shape.length;
  const beta = n.option(schema.SoftmaxOptions, schema.SoftmaxOptions.beta);
  if (!Number.isFinite(beta)) n.broken(`beta is ${beta}`);
  n.emit('softmax', n.inputs.slice(0, 1), { axis: Math.max(0, rank - 1), beta });
};

const leakyRelu: Convert = (n) => {
  n.input(0);
  const alpha = n.option(schema.LeakyReluOptions, schema.LeakyReluOptions.alpha);
  if (!Number.isFinite(alpha)) n.broken(`alpha is ${alpha}`);
  n.emit('leakyRelu', n.inputs.slice(0, 1), { alpha });
};

/** A constant is dequantized here and now: float16 weights come this way, already widened. */
const dequantize: Convert = (n) => {
  const x = n.input(0);
  if (x.data === undefined) return n.emit('dequantize', n.inputs.slice(0, 1), {});
  const data = x.dtype === 'float32' ? x.data : n.dequantize(x);
  if (data.length !== n.output.shape.reduce((a, b) => a * b, 1)) n.broken('input and output differ in size');
  n.becomeConstant({ name: x.name, dtype: 'float32', shape: x.shape, data });
};

const sign: Convert = (n) => {
  n.input(0);
  n.emit('sign', n.inputs.slice(0, 1), { zero: 0 });
};

/** Functions of one number without options. */
const functions = {
  ABS: 'abs',
  NEG: 'neg',
  FLOOR: 'floor',
  CEIL: 'ceil',
  ROUND: 'round',
  SQRT: 'sqrt',
  RSQRT: 'rsqrt',
  SQUARE: 'square',
  EXP: 'exp',
  LOG: 'log',
  SIN: 'sin',
  COS: 'cos',
  ELU: 'elu',
} as const;

export const operators: Readonly<Record<string, Convert>> = {
  ADD: binary('add', schema.AddOptions),
  SUB: binary('sub', schema.SubOptions),
  MUL: binary('mul', schema.MulOptions),
  DIV: binary('div', schema.DivOptions),
  MINIMUM: binary('minimum'),
  MAXIMUM: binary('maximum'),
  CONV_2D: convertConv2d,
  DEPTHWISE_CONV_2D: convertDepthwise,
  FULLY_CONNECTED: convertFullyConnected,
  AVERAGE_POOL_2D: convertPool('averagePool2d'),
  MAX_POOL_2D: convertPool('maxPool2d'),
  MEAN: convertReduction('mean'),
  SOFTMAX: softmax,
  RELU: clamp({ min: 0, max: null }),
  RELU6: clamp({ min: 0, max: 6 }),
  RELU_N1_TO_1: clamp({ min: -1, max: 1 }),
  RELU_0_TO_1: clamp({ min: 0, max: 1 }),
  LEAKY_RELU: leakyRelu,
  LOGISTIC: unary('logistic'),
  TANH: unary('tanh'),
  HARD_SWISH: unary('hardSwish'),
  ...Object.fromEntries(Object.entries(functions).map(([name, op]) => [name, unary(op)])),
  SIGN: sign,
  POW: binary('pow'),
  PRELU: binary('prelu'),
  SQUARED_DIFFERENCE: binary('squaredDifference'),
  FLOOR_DIV: binary('floorDiv'),
  FLOOR_MOD: binary('floorMod'),
  EQUAL: binary('equal'),
  NOT_EQUAL: binary('notEqual'),
  LESS: binary('less'),
  LESS_EQUAL: binary('lessEqual'),
  GREATER: swapped('less'),
  GREATER_EQUAL: swapped('lessEqual'),
  LOGICAL_AND: binary('and'),
  LOGICAL_OR: binary('or'),
  LOGICAL_NOT: unary('not'),
  LOG_SOFTMAX: unary('logSoftmax'),
  SELECT: convertSelect,
  SELECT_V2: convertSelect,
  SUM: convertReduction('sum'),
  REDUCE_MAX: convertReduction('reduceMax'),
  REDUCE_MIN: convertReduction('reduceMin'),
  REDUCE_PROD: convertReduction('product'),
  ARG_MAX: convertArg('argMax'),
  ARG_MIN: convertArg('argMin'),
  RESIZE_BILINEAR: convertResizeBilinear,
  RESIZE_NEAREST_NEIGHBOR: convertResizeNearest,
  DEPTH_TO_SPACE: convertDepthToSpace,
  SPACE_TO_DEPTH: convertSpaceToDepth,
  TRANSPOSE_CONV: convertTransposeConv,
  BATCH_MATMUL: convertBatchMatmul,
  GATHER: convertGather,
  TILE: convertTile,
  BROADCAST_TO: convertBroadcastTo,
  MIRROR_PAD: convertMirrorPad,
  PACK: convertPack,
  UNPACK: convertUnpack,
  SPLIT: convertSplit,
  SPLIT_V: convertSplitV,
  RESHAPE: reshape,
  SQUEEZE: reshape,
  EXPAND_DIMS: reshape,
  TRANSPOSE: convertTranspose,
  PAD: convertPad,
  PADV2: convertPad,
  CONCATENATION: convertConcatenation,
  SLICE: convertSlice,
  STRIDED_SLICE: convertStridedSlice,
  QUANTIZE: unary('quantize'),
  DEQUANTIZE: dequantize,
  CAST: convertCast,
  ADD_N: convertAddN,
  EMBEDDING_LOOKUP: convertEmbeddingLookup,
  REVERSE_V2: convertReverse,
  ZEROS_LIKE: convertZerosLike,
  FILL: convertFill,
  SHAPE: convertShape,
  L2_NORMALIZATION: convertL2Normalization,
  SVDF: convertSvdf,
  UNIDIRECTIONAL_SEQUENCE_LSTM: convertSequenceLstm,
};

/** Operators that may keep state in variable tensors. */
export const stateful: ReadonlySet<string> = new Set(['SVDF', 'UNIDIRECTIONAL_SEQUENCE_LSTM']);
