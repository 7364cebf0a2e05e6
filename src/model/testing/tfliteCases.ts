// SPDX-License-Identifier: Apache-2.0
// Shorthand for tests of the TFLite reader.
import { MoteError } from '../../cli/errors.js';
import type { Graph } from '../graph.js';
import { readTflite } from '../tflite.js';
import { type TestModel, type TestOperator, type TestTensor, writeTflite } from './tfliteWriter.js';

export const read = (model: TestModel): Graph => readTflite(writeTflite(model), 'test');

/** One operator: its first tensor is the input, the last its output, those between are constants. */
export function single(
  tensors: TestTensor[],
  operator: Omit<TestOperator, 'inputs' | 'outputs'> & { inputs?: number[] },
): TestModel {
  const last = tensors.length - 1;
  const inputs = operator.inputs ?? tensors.slice(0, last).map((_, i) => i);
  return { tensors, operators: [{ ...operator, inputs, outputs: [last] }], inputs: [0], outputs: [last] };
}

export const f32 = (shape: number[], data?: Float32Array): TestTensor => ({
  type: 'float32',
  shape,
  ...(data && { data }),
});
export const i32 = (...values: number[]): TestTensor => ({
  type: 'int32',
  shape: [values.length],
  data: Int32Array.from(values),
});

/** The sentence that reading ends with. */
export function sentence(model: TestModel): string {
  try {
    read(model);
  } catch (error) {
    if (error instanceof MoteError && error.exit === 3) return error.message;
    throw error;
  }
  throw new Error('it was read');
}
