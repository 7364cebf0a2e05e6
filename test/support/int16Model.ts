// SPDX-License-Identifier: Apache-2.0
// A small network with int16 activations and int8 weights (no such file is among the reference models): convolution,
// depthwise, add, average pool, fully connected, softmax. `output` picks the tensor that the model gives.
import { code, writeTflite } from '../../src/model/testing/tfliteWriter.js';
import {
  AddOptions,
  Conv2DOptions,
  DepthwiseConv2DOptions,
  FullyConnectedOptions,
  Pool2DOptions,
  SoftmaxOptions,
} from '../../src/model/tflite/schema.js';

/** Tensors that are judged, by index. */
export const int16Outputs = [3, 6, 7, 8, 11, 12] as const;
export const int16InputCount = 8;

/** xorshift32, so that the recorded outputs stay those of these weights. */
function stream(seed: number): () => number {
  let s = seed;
  return () => {
    s ^= s << 13;
    s ^= s >>> 17;
    s ^= s << 5;
    return s >>> 0;
  };
}

export function int16Inputs(): Int16Array[] {
  const next = stream(99);
  return Array.from({ length: int16InputCount }, () => Int16Array.from({ length: 192 }, () => (next() << 16) >> 16));
}

export function int16Model(output: number): Uint8Array {
  const next = stream(7);
  const weights = (n: number): Int8Array => Int8Array.from({ length: n }, () => Math.max(-127, (next() << 24) >> 24));
  const bias = (n: number): BigInt64Array =>
    BigInt64Array.from({ length: n }, () => BigInt((next() % 2000001) - 1000000));
  const perChannel = (n: number, base: number, axis = 0) => ({
    scales: Array.from({ length: n }, (_, i) => Math.fround(base * (1 + i / n))),
    zeroPoints: new Array<number>(n).fill(0),
    axis,
  });
  const same = 0;
  const valid = 1;
  return writeTflite({
    tensors: [
      { type: 'int16', shape: [1, 8, 8, 3], scales: [0.0005] },
      { type: 'int8', shape: [8, 3, 3, 3], data: weights(216), ...perChannel(8, 0.01) },
      { type: 'int64', shape: [8], data: bias(8), ...perChannel(8, 0.000005) },
      { type: 'int16', shape: [1, 4, 4, 8], scales: [0.002] },
      { type: 'int8', shape: [1, 3, 3, 8], data: weights(72), ...perChannel(8, 0.01, 3) },
      { type: 'int64', shape: [8], data: bias(8), ...perChannel(8, 0.00002) },
      { type: 'int16', shape: [1, 4, 4, 8], scales: [0.003] },
      { type: 'int16', shape: [1, 4, 4, 8], scales: [0.004] },
      { type: 'int16', shape: [1, 2, 2, 8], scales: [0.004] },
      { type: 'int8', shape: [5, 32], data: weights(160), scales: [0.01], zeroPoints: [0] },
      { type: 'int64', shape: [5], data: bias(5), scales: [0.00004], zeroPoints: [0] },
      { type: 'int16', shape: [1, 5], scales: [0.004] },
      { type: 'int16', shape: [1, 5], scales: [1 / 32768] },
    ],
    operators: [
      {
        code: code.conv2d,
        inputs: [0, 1, 2],
        outputs: [3],
        options: {
          table: Conv2DOptions,
          set: [
            [Conv2DOptions.padding, same],
            [Conv2DOptions.strideW, 2],
            [Conv2DOptions.strideH, 2],
            [Conv2DOptions.activation, 1],
          ],
        },
      },
      {
        code: code.depthwiseConv2d,
        inputs: [3, 4, 5],
        outputs: [6],
        options: {
          table: DepthwiseConv2DOptions,
          set: [
            [DepthwiseConv2DOptions.padding, same],
            [DepthwiseConv2DOptions.strideW, 1],
            [DepthwiseConv2DOptions.strideH, 1],
            [DepthwiseConv2DOptions.multiplier, 1],
          ],
        },
      },
      { code: code.add, inputs: [3, 6], outputs: [7], options: { table: AddOptions, set: [] } },
      {
        code: code.averagePool2d,
        inputs: [7],
        outputs: [8],
        options: {
          table: Pool2DOptions,
          set: [
            [Pool2DOptions.padding, valid],
            [Pool2DOptions.strideW, 2],
            [Pool2DOptions.strideH, 2],
            [Pool2DOptions.filterW, 2],
            [Pool2DOptions.filterH, 2],
          ],
        },
      },
      { code: code.fullyConnected, inputs: [8, 9, 10], outputs: [11], options: { table: FullyConnectedOptions } },
      {
        code: code.softmax,
        inputs: [11],
        outputs: [12],
        options: { table: SoftmaxOptions, set: [[SoftmaxOptions.beta, 1]] },
      },
    ],
    inputs: [0],
    outputs: [output],
  });
}
