// SPDX-License-Identifier: Apache-2.0
// One row per ONNX operator: how it becomes IR. Operators of other domains carry the domain in front. What has no row
// becomes an `unsupported` node.

import { attentions } from './attention.js';
import { classical } from './classical.js';
import { convertClip } from './clip.js';
import { crops } from './crops.js';
import { convertGemm, convertMatMul } from './dense.js';
import {
  type Convert,
  convertBatchNorm,
  convertDropout,
  convertHardSigmoid,
  convertIsNaN,
  convertLogSoftmax,
  convertReduceMean,
  convertSoftmax,
  identity,
  leakyAttrs,
  unary,
} from './elementwise.js';
import { functions } from './functions.js';
import { fused } from './fused.js';
import { images } from './images.js';
import { indices } from './indices.js';
import { integers } from './integers.js';
import { moves } from './moves.js';
import { norms } from './norms.js';
import { plainRows } from './plain.js';
import {
  convertDequantize,
  convertQGemm,
  convertQLinearBinary,
  convertQLinearConcat,
  convertQLinearConv,
  convertQLinearMatMul,
  convertQLinearPool,
  convertQLinearUnary,
  convertQuantize,
} from './quantized.js';
import { convertRecurrent } from './recurrent.js';
import { reductions } from './reduce.js';
import { rotaries } from './rotary.js';
import { scatters } from './scatter.js';
import {
  convertConcat,
  convertPad,
  convertSlice,
  convertSplit,
  convertTranspose,
  flattenedShape,
  reshapedShape,
  reshapeTo,
  squeezedShape,
  unsqueezedShape,
} from './shapes.js';
import { convertAveragePool, convertConv, convertGlobalAverage, convertGlobalMax } from './windows.js';

export const operators: Readonly<Record<string, Convert>> = {
  Conv: convertConv,
  BatchNormalization: convertBatchNorm,
  Relu: unary('clamp', () => ({ min: 0, max: null })),
  Clip: convertClip,
  LeakyRelu: unary('leakyRelu', leakyAttrs),
  Sigmoid: unary('logistic'),
  Tanh: unary('tanh'),
  HardSwish: unary('hardSwish'),
  HardSigmoid: convertHardSigmoid,
  Sign: unary('sign', () => ({ zero: 0 })),
  ...functions,
  ...plainRows,
  ...reductions,
  ...norms,
  ...indices,
  ...scatters,
  ...moves,
  ...images,
  ...integers,
  ...classical,
  ...attentions,
  ...rotaries,
  ...fused,
  ...crops,
  LogSoftmax: convertLogSoftmax,
  GlobalAveragePool: (n) => convertGlobalAverage(n),
  GlobalMaxPool: convertGlobalMax,
  ReduceMean: convertReduceMean,
  Softmax: convertSoftmax,
  Gemm: convertGemm,
  MatMul: convertMatMul,
  Flatten: reshapeTo(flattenedShape),
  Reshape: reshapeTo(reshapedShape),
  Squeeze: reshapeTo(squeezedShape),
  Unsqueeze: reshapeTo(unsqueezedShape),
  Transpose: convertTranspose,
  Pad: convertPad,
  LSTM: convertRecurrent('LSTM'),
  GRU: convertRecurrent('GRU'),
  RNN: convertRecurrent('RNN'),
  Concat: convertConcat,
  Slice: convertSlice,
  Split: convertSplit,
  Identity: identity,
  Dropout: convertDropout,
  IsNaN: convertIsNaN,
  QuantizeLinear: convertQuantize,
  DequantizeLinear: convertDequantize,
  QLinearConv: convertQLinearConv,
  QLinearMatMul: convertQLinearMatMul,
  'com.microsoft.QuantizeLinear': convertQuantize,
  'com.microsoft.DequantizeLinear': convertDequantize,
  'com.microsoft.QGemm': convertQGemm,
  'com.microsoft.QLinearAdd': convertQLinearBinary('add'),
  'com.microsoft.QLinearMul': convertQLinearBinary('mul'),
  'com.microsoft.QLinearConcat': convertQLinearConcat,
  'com.microsoft.QLinearLeakyRelu': convertQLinearUnary('leakyRelu', (n) => ({ alpha: n.float('alpha', 0.01) })),
  'com.microsoft.QLinearSigmoid': convertQLinearUnary('logistic'),
  'com.microsoft.QLinearAveragePool': convertQLinearPool(convertAveragePool),
  'com.microsoft.QLinearGlobalAveragePool': convertQLinearPool(convertGlobalAverage),
};

/** Operators without a row, or some of whose forms are refused, whose output has the shape of their first input: what follows them can still be read. */
export const keepsShape: ReadonlySet<string> = new Set([
  'Bernoulli',
  'CumSum',
  'RandomNormalLike',
  'RandomUniformLike',
  'ReverseSequence',
  'ScatterElements',
  'ScatterND',
]);
