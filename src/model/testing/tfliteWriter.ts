// SPDX-License-Identifier: Apache-2.0
// Operator codes for TFLite files that tests write.

export {
  type FileModel as TestModel,
  type FileOperator as TestOperator,
  type FileTensor as TestTensor,
  writeTflite,
} from '../tflite/tfliteFile.js';

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
