// SPDX-License-Identifier: Apache-2.0
// Single operators of int16: TensorFlow Lite itself (npm, its reference kernels: XNNPACK takes no int16) is the judge of
// those that it has. Element by element, on rows over the whole range.
import { describe, expect, it } from 'vitest';
import { bytesOf } from '../../src/model/tensorData.js';
import { code, type TestTensor, writeTflite } from '../../src/model/testing/tfliteWriter.js';
import * as schema from '../../src/model/tflite/schema.js';
import { evaluateGraph } from '../../src/ops/evaluateGraph.js';
import { importModel } from '../../src/packModel.js';
import { randomOf } from '../kernels/random.js';
import { openTflite } from '../oracle/tfjsTflite.js';

type Operator = Parameters<typeof writeTflite>[0]['operators'][number];

interface Case {
  name: string;
  /** Of the input. */
  shape: number[];
  scale: number;
  more?: TestTensor[];
  output: TestTensor;
  builtin: number;
  /** Inputs of the operator; the model's input is 0. */
  inputs?: number[];
  options?: Operator['options'];
}

const random = randomOf(3);
const words = (count: number): Int16Array => Int16Array.from({ length: count }, () => random.int(-32_768, 32_767));
const bytes = (count: number): Int8Array => Int8Array.from({ length: count }, () => random.int(-127, 127));
const int16 = (shape: number[], scale: number): TestTensor => ({ type: 'int16', shape, scales: [scale] });
const unit = 1 / 32_768;

const cases: Case[] = [
  {
    name: 'SOFTMAX',
    shape: [4, 50],
    scale: 10 / 32_768,
    output: int16([4, 50], unit),
    builtin: code.softmax,
    options: { table: schema.SoftmaxOptions, set: [[schema.SoftmaxOptions.beta, 1]] },
  },
  { name: 'LOGISTIC', shape: [400], scale: 0.00031, output: int16([400], unit), builtin: code.logistic },
  { name: 'TANH', shape: [400], scale: 0.00017, output: int16([400], unit), builtin: code.tanh },
  {
    name: 'BATCH_MATMUL',
    shape: [2, 5, 8],
    scale: 0.0004,
    more: [{ ...int16([2, 8, 6], 0.0003), data: words(96) }],
    output: int16([2, 5, 6], 0.004),
    builtin: code.batchMatmul,
    inputs: [0, 1],
    options: { table: schema.BatchMatMulOptions },
  },
  {
    name: 'TRANSPOSE_CONV',
    shape: [1, 5, 4, 3],
    scale: 0.0004,
    more: [
      { type: 'int32', shape: [4], data: Int32Array.of(1, 10, 8, 6) },
      {
        type: 'int8',
        shape: [6, 3, 3, 3],
        data: bytes(162),
        scales: [0.01, 0.02, 0.03, 0.04, 0.05, 0.06],
        zeroPoints: [0, 0, 0, 0, 0, 0],
        axis: 0,
      },
    ],
    output: int16([1, 10, 8, 6], 0.004),
    builtin: code.transposeConv,
    inputs: [1, 2, 0],
    options: {
      table: schema.TransposeConvOptions,
      set: [
        [schema.TransposeConvOptions.padding, 0],
        [schema.TransposeConvOptions.strideW, 2],
        [schema.TransposeConvOptions.strideH, 2],
      ],
    },
  },
  {
    name: 'TRANSPOSE_CONV with a bias',
    shape: [1, 5, 4, 3],
    scale: 0.0004,
    more: [
      { type: 'int32', shape: [4], data: Int32Array.of(1, 10, 8, 6) },
      {
        type: 'int8',
        shape: [6, 3, 3, 3],
        data: bytes(162),
        scales: [0.01, 0.02, 0.03, 0.04, 0.05, 0.06],
        zeroPoints: [0, 0, 0, 0, 0, 0],
        axis: 0,
      },
      {
        type: 'int64',
        shape: [6],
        data: BigInt64Array.from({ length: 6 }, () => BigInt(random.int(-9_000_000, 9_000_000))),
        scales: [0.000004, 0.000008, 0.000012, 0.000016, 0.00002, 0.000024],
        zeroPoints: [0, 0, 0, 0, 0, 0],
        axis: 0,
      },
    ],
    output: int16([1, 10, 8, 6], 0.004),
    builtin: code.transposeConv,
    inputs: [1, 2, 0, 3],
    options: {
      table: schema.TransposeConvOptions,
      set: [
        [schema.TransposeConvOptions.padding, 0],
        [schema.TransposeConvOptions.strideW, 2],
        [schema.TransposeConvOptions.strideH, 2],
      ],
    },
  },
];

const modelOf = ({ shape, scale, more = [], output, builtin, inputs = [0], options }: Case): Uint8Array =>
  writeTflite({
    tensors: [int16(shape, scale), ...more, output],
    operators: [{ code: builtin, inputs, outputs: [more.length + 1], ...(options ? { options } : {}) }],
    inputs: [0],
    outputs: [more.length + 1],
  });

describe('int16 operators equal TensorFlow Lite', () => {
  it.each(cases)('$name', async (c) => {
    const model = modelOf(c);
    const judge = await openTflite(model);
    const graph = importModel(model, `${c.name}.tflite`);
    const x = words(c.shape.reduce((a, b) => a * b, 1));
    const wanted = new Int16Array(judge.run(bytesOf(x)).slice().buffer);
    judge.close();
    const [got] = evaluateGraph(graph, [x], { rounding: 'tflite' });
    expect([...(got as Int16Array)]).toEqual([...wanted]);
    expect(new Set(wanted).size).toBeGreaterThan(20);
  });
});

describe('int8 numbers of two scales compare as in TensorFlow Lite', () => {
  it.each([
    ['LESS', code.less],
    ['EQUAL', code.equal],
    ['LESS_EQUAL', code.lessEqual],
    ['NOT_EQUAL', code.notEqual],
  ] as const)('%s', async (_, builtin) => {
    const values = Int8Array.from({ length: 256 }, (_, i) => (i % 16) * 3 - 20);
    const model = writeTflite({
      tensors: [
        { type: 'int8', shape: [256], scales: [0.1], zeroPoints: [-5] },
        { type: 'int8', shape: [256], data: values, scales: [0.05], zeroPoints: [7] },
        { type: 'bool', shape: [256] },
      ],
      operators: [{ code: builtin, inputs: [0, 1], outputs: [2] }],
      inputs: [0],
      outputs: [2],
    });
    const judge = await openTflite(model);
    const graph = importModel(model, 'compare.tflite');
    // Half of what the second are, so that some are equal.
    const x = Int8Array.from(values, (v, i) => Math.round((v - 7) / 2) - 5 + (i % 3) - 1);
    const wanted = [...judge.run(bytesOf(x))];
    judge.close();
    expect([...(evaluateGraph(graph, [x], { rounding: 'tflite' })[0] as Uint8Array)]).toEqual(wanted);
    expect(new Set(wanted).size).toBe(2);
  });
});
