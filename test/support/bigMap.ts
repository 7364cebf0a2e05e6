// SPDX-License-Identifier: Apache-2.0
// A .tflite of one convolution whose maps together are larger than the KPU's RAM: 8 and 32 channels of 256x256.
import { builtinCode } from '../../src/model/tflite/builtins.js';
import * as schema from '../../src/model/tflite/schema.js';
import { type FileOperator, type FileTensor, writeTflite } from '../../src/model/tflite/tfliteFile.js';

const [side, inputs, outputs] = [256, 8, 32];

export function bigMap(): Uint8Array {
  const map = (name: string, channels: number): FileTensor => ({
    name,
    type: 'int8',
    shape: [1, side, side, channels],
    scales: [0.05],
    zeroPoints: [0],
  });
  const weights: FileTensor = {
    name: 'w',
    type: 'int8',
    shape: [outputs, 1, 1, inputs],
    data: new Int8Array(outputs * inputs).fill(3),
    scales: [0.01],
    zeroPoints: [0],
  };
  const conv = schema.Conv2DOptions;
  const operator: FileOperator = {
    code: builtinCode('CONV_2D'),
    version: 3,
    inputs: [0, 1, -1],
    outputs: [2],
    options: {
      table: conv,
      set: [
        [conv.strideH, 1],
        [conv.strideW, 1],
      ],
    },
  };
  return writeTflite({
    tensors: [map('image', inputs), weights, map('wide', outputs)],
    operators: [operator],
    inputs: [0],
    outputs: [2],
    description: 'test',
  });
}
