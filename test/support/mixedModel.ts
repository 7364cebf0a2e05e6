// SPDX-License-Identifier: Apache-2.0
// A small int8 classifier as a .tflite, with an operator in its middle that the NPU does not have: no Ethos-U has ELU, no KPU
// HARD_SWISH.

import { builtinCode } from '../../src/model/tflite/builtins.js';
import * as schema from '../../src/model/tflite/schema.js';
import { type FileOperator, type FileTensor, writeTflite } from '../../src/model/tflite/tfliteFile.js';
import { xorshift32 } from '../../src/xorshift.js';

const [side, channels, classes] = [16, 16, 10];

const activation = (name: string, shape: number[], scale: number, zeroPoint: number): FileTensor => ({
  name,
  type: 'int8',
  shape,
  scales: [scale],
  zeroPoints: [zeroPoint],
});

export function mixedModel(middle: 'ELU' | 'HARD_SWISH' = 'ELU'): Uint8Array {
  const next = xorshift32(7);
  const ints = (count: number): Int8Array => Int8Array.from({ length: count }, () => (next() >>> 24) - 128);
  const weights = (name: string, shape: number[], axis: number): FileTensor => ({
    name,
    type: 'int8',
    shape,
    data: ints(shape.reduce((a, b) => a * b, 1)),
    scales: Array.from({ length: shape[axis] }, (_, c) => Math.fround(0.001 * (1 + (c % 5)))),
    zeroPoints: Array.from({ length: shape[axis] }, () => 0),
    axis,
  });
  const bias = (name: string, count: number): FileTensor => ({
    name,
    type: 'int32',
    shape: [count],
    data: Int32Array.from({ length: count }, () => (next() >>> 20) - 2048),
  });
  const map = [1, side, side, channels];
  const dense: FileTensor = { ...weights('dense/w', [classes, channels], 0), scales: [0.004], zeroPoints: [0] };
  const tensors: FileTensor[] = [
    activation('image', [1, side, side, 3], 0.0078125, 0),
    weights('conv/w', [channels, 3, 3, 3], 0),
    bias('conv/b', channels),
    activation('conv', map, 0.02, -3),
    activation('elu', map, 0.0157, -64),
    weights('dw/w', [1, 3, 3, channels], 3),
    bias('dw/b', channels),
    activation('dw', map, 0.03, -128),
    activation('pool', [1, 1, 1, channels], 0.03, -128),
    activation('flat', [1, channels], 0.03, -128),
    { name: 'shape', type: 'int32', shape: [2], data: Int32Array.of(1, channels) },
    dense,
    bias('dense/b', classes),
    activation('logits', [1, classes], 0.1, 5),
    activation('class', [1, classes], 1 / 256, -128),
  ];
  const window = { padding: 0, strides: 1 };
  const conv = schema.Conv2DOptions;
  const depthwise = schema.DepthwiseConv2DOptions;
  const pool = schema.Pool2DOptions;
  const op = (name: string, inputs: number[], output: number, options?: FileOperator['options']): FileOperator => ({
    code: builtinCode(name),
    version: 3,
    inputs,
    outputs: [output],
    ...(options ? { options } : {}),
  });
  const operators = [
    op('CONV_2D', [0, 1, 2], 3, {
      table: conv,
      set: [
        [conv.padding, window.padding],
        [conv.strideH, 1],
        [conv.strideW, 1],
      ],
    }),
    op(middle, [3], 4),
    op('DEPTHWISE_CONV_2D', [4, 5, 6], 7, {
      table: depthwise,
      set: [
        [depthwise.padding, window.padding],
        [depthwise.strideH, 1],
        [depthwise.strideW, 1],
        [depthwise.multiplier, 1],
        [depthwise.activation, 1],
      ],
    }),
    op('AVERAGE_POOL_2D', [7], 8, {
      table: pool,
      set: [
        [pool.padding, 1],
        [pool.strideH, 1],
        [pool.strideW, 1],
        [pool.filterH, side],
        [pool.filterW, side],
      ],
    }),
    op('RESHAPE', [8, 10], 9),
    op('FULLY_CONNECTED', [9, 11, 12], 13, { table: schema.FullyConnectedOptions }),
    op('SOFTMAX', [13], 14, { table: schema.SoftmaxOptions, set: [[schema.SoftmaxOptions.beta, 1]] }),
  ];
  return writeTflite({ tensors, operators, inputs: [0], outputs: [14], description: 'test' });
}
