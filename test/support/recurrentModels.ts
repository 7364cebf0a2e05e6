// SPDX-License-Identifier: Apache-2.0
// Recurrent models and their inputs, for TensorFlow Lite Micro (test/oracle/record_recurrent.py) and for mote: two files of
// ../shared, and small ones that are written here. Inputs come in sequences of ten; a reset precedes each.
import type { TensorData } from '../../src/model/graph.js';
import { code, type TestOperator, type TestTensor, writeTflite } from '../../src/model/testing/tfliteWriter.js';
import { SequenceLstmOptions, SvdfOptions } from '../../src/model/tflite/schema.js';
import { xorshift32 } from '../../src/xorshift.js';

export const sequenceLength = 10;
const inputCount = 50;

export interface RecurrentModel {
  name: string;
  /** In ../shared, where it is not written here. */
  file?: string;
  bytes?: () => Uint8Array;
  input: (byte: () => number) => TensorData;
  /** Its first state is compared too, at the end of each sequence: its outputs are always the same. */
  comparesState?: boolean;
}

/** The model's inputs, in order. */
export function recurrentInputs(model: RecurrentModel): TensorData[] {
  const next = xorshift32(7);
  return Array.from({ length: inputCount }, () => model.input(() => next() >>> 24));
}

const int8s =
  (count: number) =>
  (byte: () => number): Int8Array =>
    Int8Array.from({ length: count }, () => byte() - 128);
const int16s =
  (count: number) =>
  (byte: () => number): Int16Array =>
    Int16Array.from({ length: count }, () => (byte() - 128) * 256 + byte());
const floats =
  (count: number, spread: number) =>
  (byte: () => number): Float32Array =>
    Float32Array.from({ length: count }, () => (byte() / 128 - 1) * spread);

const lstmSize = { steps: 5, inputs: 6, hidden: 7 };
const svdfSize = { inputs: 9, units: 5, rank: 2, memory: 6 };

/** Numbers of a model, always the same. */
function source(): (count: number, make: (byte: number) => number) => number[] {
  const next = xorshift32(99);
  return (count, make) => Array.from({ length: count }, () => make(next() >>> 24));
}

type Activation = 'float32' | 'int8' | 'int16';

/** An LSTM with a scale of its own for each gate; cells are clipped when `cellClip` is above 0. */
function lstmModel(dtype: Activation, cellClip: number): Uint8Array {
  const { steps, inputs, hidden } = lstmSize;
  const draw = source();
  const float = dtype === 'float32';
  const scaled = (t: TestTensor, scale: number, zero = 0): TestTensor =>
    float ? t : { ...t, scales: [scale], zeroPoints: [zero] };
  const zero = dtype === 'int8' ? -3 : 0;
  const outputScale = dtype === 'int16' ? 1 / 32768 : 1 / 120;
  const matrix = (width: number, scale: number): TestTensor => {
    const values = draw(hidden * width, (b) => b - 128);
    const shape = [hidden, width];
    if (float) return { type: 'float32', shape, data: Float32Array.from(values, (v) => v * scale) };
    return scaled({ type: 'int8', shape, data: Int8Array.from(values, (v) => Math.max(v, -127)) }, scale);
  };
  const bias = (scale: number): TestTensor => {
    const values = draw(hidden, (b) => (b - 128) * 20);
    if (float) return { type: 'float32', shape: [hidden], data: Float32Array.from(values, (v) => v * scale) };
    const wide = BigInt64Array.from(values, (v) => BigInt(v) * 300n);
    if (dtype === 'int16') return { type: 'int64', shape: [hidden], data: wide, scales: [scale] };
    return scaled({ type: 'int32', shape: [hidden], data: Int32Array.from(values) }, scale);
  };
  const gateScale = [0.011, 0.009, 0.013, 0.007];
  const tensors: TestTensor[] = [
    scaled(
      { name: 'x', type: dtype, shape: [1, steps, inputs] },
      dtype === 'int16' ? 1 / 16384 : 0.02,
      dtype === 'int8' ? 5 : 0,
    ),
    ...gateScale.map((s) => matrix(inputs, s)),
    ...gateScale.map((s) => matrix(hidden, s * 1.3)),
    ...gateScale.map((s) => bias(s * 0.02)),
    { ...scaled({ type: dtype, shape: [1, hidden] }, outputScale, zero), name: 'hidden', isVariable: true },
    { ...scaled({ type: float ? 'float32' : 'int16', shape: [1, hidden] }, 2 ** -11), name: 'cell', isVariable: true },
    { ...scaled({ type: dtype, shape: [1, steps, hidden] }, outputScale, zero), name: 'y' },
  ];
  const range = (from: number, count: number): number[] => Array.from({ length: count }, (_, i) => from + i);
  const none = (count: number): number[] => new Array<number>(count).fill(-1);
  const operator: TestOperator = {
    code: code.sequenceLstm,
    inputs: [0, ...range(1, 8), ...none(3), ...range(9, 4), ...none(2), 13, 14, ...none(4)],
    outputs: [15],
    options: {
      table: SequenceLstmOptions,
      set: [
        [SequenceLstmOptions.activation, 4],
        [SequenceLstmOptions.cellClip, cellClip],
      ],
    },
  };
  return writeTflite({ tensors, operators: [operator], inputs: [0], outputs: [15] });
}

function svdfModel(dtype: 'float32' | 'int8'): Uint8Array {
  const { inputs, units, rank, memory } = svdfSize;
  const draw = source();
  const filters = units * rank;
  const float = dtype === 'float32';
  const values = (count: number): number[] => draw(count, (b) => b - 128);
  const relu = 1;
  const tensors: TestTensor[] = float
    ? [
        { name: 'x', type: 'float32', shape: [1, inputs] },
        {
          type: 'float32',
          shape: [filters, inputs],
          data: Float32Array.from(values(filters * inputs), (v) => v / 100),
        },
        {
          type: 'float32',
          shape: [filters, memory],
          data: Float32Array.from(values(filters * memory), (v) => v / 100),
        },
        { type: 'float32', shape: [units], data: Float32Array.from(values(units), (v) => v / 100) },
        { name: 'state', type: 'float32', shape: [1, filters * memory], isVariable: true },
        { name: 'y', type: 'float32', shape: [1, units] },
      ]
    : [
        { name: 'x', type: 'int8', shape: [1, inputs], scales: [0.02], zeroPoints: [7] },
        { type: 'int8', shape: [filters, inputs], data: Int8Array.from(values(filters * inputs)), scales: [0.01] },
        {
          type: 'int16',
          shape: [filters, memory],
          data: Int16Array.from(values(filters * memory), (v) => v * 200),
          scales: [1 / 32768],
        },
        {
          type: 'int32',
          shape: [units],
          data: Int32Array.from(values(units), (v) => v * 3000),
          scales: [1 / 2048 / 32768],
        },
        { name: 'state', type: 'int16', shape: [1, filters * memory], isVariable: true, scales: [1 / 2048] },
        { name: 'y', type: 'int8', shape: [1, units], scales: [0.03], zeroPoints: [-128] },
      ];
  const operator: TestOperator = {
    code: code.svdf,
    inputs: [0, 1, 2, 3, 4],
    outputs: [5],
    options: {
      table: SvdfOptions,
      set: [
        [SvdfOptions.rank, rank],
        [SvdfOptions.activation, relu],
      ],
    },
  };
  return writeTflite({ tensors, operators: [operator], inputs: [0], outputs: [5] });
}

const lstmInputs = lstmSize.steps * lstmSize.inputs;

export const recurrentModels: readonly RecurrentModel[] = [
  {
    name: 'keyword',
    file: 'models/tflm/keyword_scrambled_8bit.tflite',
    // The first layer makes -128 of what is below 0. Louder ones would let the first state pass eight bits, where the
    // recorded build wraps around and current TensorFlow Lite Micro saturates (svdf_common.cc).
    input: (byte) => Int16Array.from({ length: 96 }, () => byte() * 25),
    comparesState: true,
  },
  {
    name: 'trained_lstm',
    file: 'models/tflm/trained_lstm.tflite',
    input: (byte) => Float32Array.from({ length: 28 * 28 }, () => Math.max(0, byte() / 128 - 1)),
  },
  { name: 'lstm_f32', bytes: () => lstmModel('float32', 0), input: floats(lstmInputs, 2) },
  { name: 'lstm_s8', bytes: () => lstmModel('int8', 0), input: int8s(lstmInputs) },
  { name: 'lstm_s8_clipped', bytes: () => lstmModel('int8', 0.7), input: int8s(lstmInputs) },
  { name: 'lstm_s16', bytes: () => lstmModel('int16', 0), input: int16s(lstmInputs) },
  { name: 'svdf_f32', bytes: () => svdfModel('float32'), input: floats(svdfSize.inputs, 2) },
  { name: 'svdf_s8', bytes: () => svdfModel('int8'), input: int8s(svdfSize.inputs) },
];
