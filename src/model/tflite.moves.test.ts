// SPDX-License-Identifier: Apache-2.0
// Rows of comparisons, choices, reductions, resizing, splitting and products: what they compute, by hand.
import { describe, expect, it } from 'vitest';
import { evaluateGraph } from '../ops/evaluateGraph.js';
import { canonicalize } from '../passes/index.js';
import { findObstacles } from '../support.js';
import type { TensorData } from './graph.js';
import { f32, i32, read, sentence, single } from './testing/tfliteCases.js';
import type { TestModel, TestOperator, TestTensor } from './testing/tfliteWriter.js';
import { builtinName } from './tflite/builtins.js';
import type { Field } from './tflite/flatbuffer.js';
import * as schema from './tflite/schema.js';

const codes = new Map(Array.from({ length: 160 }, (_, code) => [builtinName(code), code]));
const op = (
  name: string,
  table?: { union: number },
  set: [Field, number][] = [],
): Omit<TestOperator, 'inputs' | 'outputs'> => ({
  code: codes.get(name) ?? -1,
  ...(table && { options: { table, set } }),
});
const ramp = (count: number): Float32Array => Float32Array.from({ length: count }, (_, i) => i);
const bools = (shape: number[]): TestTensor => ({ type: 'bool', shape });
const ints = (shape: number[]): TestTensor => ({ type: 'int32', shape });

/** Outputs for these inputs, after the passes; every operator must have a kernel. */
function outputs(model: TestModel, ...inputs: TensorData[]): number[][] {
  const graph = canonicalize(read(model));
  expect(findObstacles(graph)).toEqual([]);
  return evaluateGraph(graph, inputs, { rounding: 'single' }).map((y) => Array.from(y as Float32Array, Number));
}
const result = (model: TestModel, input: TensorData): number[] => outputs(model, input)[0];

describe('readTflite: comparisons and choices', () => {
  const x = Float32Array.of(1, 2, 3);
  const two = f32([3], Float32Array.of(2, 2, 2));
  it.each([
    ['EQUAL', [0, 1, 0]],
    ['NOT_EQUAL', [1, 0, 1]],
    ['LESS', [1, 0, 0]],
    ['LESS_EQUAL', [1, 1, 0]],
    ['GREATER', [0, 0, 1]],
    ['GREATER_EQUAL', [0, 1, 1]],
  ])('%s', (name, expected) => {
    expect(result(single([f32([3]), two, bools([3])], op(name)), x)).toEqual(expected);
  });

  const choose = (name: string, condition: number[], limits: Float32Array, shape: number[]): TestModel => ({
    tensors: [
      f32(shape),
      f32(condition),
      f32(condition, limits),
      bools(condition),
      f32([1], Float32Array.of(-1)),
      f32(shape),
      f32(shape),
    ],
    operators: [
      { ...op('LESS'), inputs: [1, 2], outputs: [3] },
      { ...op('NEG'), inputs: [0], outputs: [5] },
      { ...op(name), inputs: [3, 0, 5], outputs: [6] },
    ],
    inputs: [0, 1],
    outputs: [6],
  });
  it('SELECT chooses rows by a condition of one dimension, SELECT_V2 broadcasts it', () => {
    const square = Float32Array.of(1, 2, 3, 4);
    const asked = Float32Array.of(0, 1);
    const limits = Float32Array.of(0.5, 0.5);
    expect(outputs(choose('SELECT', [2], limits, [2, 2]), square, asked)).toEqual([[1, 2, -3, -4]]);
    expect(outputs(choose('SELECT_V2', [2], limits, [2, 2]), square, asked)).toEqual([[1, -2, 3, -4]]);
  });
});

describe('readTflite: reductions', () => {
  const reducer = (keep: number) =>
    [schema.ReducerOptions, [[schema.ReducerOptions.keepDims, keep]]] as [{ union: number }, [Field, number][]];
  it.each([
    ['SUM', [3, 12]],
    ['MEAN', [1, 4]],
    ['REDUCE_MAX', [2, 5]],
    ['REDUCE_MIN', [0, 3]],
    ['REDUCE_PROD', [0, 60]],
  ])('%s', (name, expected) => {
    expect(result(single([f32([2, 3]), i32(-1), f32([2])], op(name, ...reducer(0))), ramp(6))).toEqual(expected);
    expect(result(single([f32([2, 3]), i32(1), f32([2, 1])], op(name, ...reducer(1))), ramp(6))).toEqual(expected);
  });

  it('ARG_MAX and ARG_MIN give the first of equal elements', () => {
    const x = Float32Array.of(1, 7, 7, 3, 0, 0);
    expect(result(single([f32([2, 3]), i32(1), ints([2])], op('ARG_MAX')), x)).toEqual([1, 0]);
    expect(result(single([f32([2, 3]), i32(1), ints([2])], op('ARG_MIN')), x)).toEqual([0, 1]);
  });

  it('has forms for int8 and int16', () => {
    const of = (type: 'int8' | 'int16', shape: number[]): TestTensor => ({
      type,
      shape,
      scales: [0.5],
      zeroPoints: [0],
    });
    const reasons = (type: 'int8' | 'int16'): string[] => {
      const graph = read(single([of(type, [2, 3]), i32(1), of(type, [2])], op('SUM', ...reducer(0))));
      return findObstacles(graph).map((o) => o.reason);
    };
    expect(reasons('int8')).toEqual([]);
    expect(reasons('int16')).toEqual([]);
  });

  it('LOG_SOFTMAX', () => {
    const [a, b] = result(single([f32([1, 2]), f32([1, 2])], op('LOG_SOFTMAX')), Float32Array.of(1, 1));
    expect(a).toBeCloseTo(-Math.LN2, 6);
    expect(b).toBe(a);
  });
});

describe('readTflite: images', () => {
  const { ResizeBilinearOptions: linear, ResizeNearestOptions: nearest } = schema;
  const row = (to: number, name: string, table: { union: number }, set: [Field, number][]) =>
    result(
      single([f32([1, 1, 3, 1]), i32(1, to), f32([1, 1, to, 1])], op(name, table, set)),
      Float32Array.of(0, 6, 12),
    );

  it('RESIZE_BILINEAR', () => {
    expect(row(6, 'RESIZE_BILINEAR', linear, [])).toEqual([0, 3, 6, 9, 12, 12]);
    expect(row(5, 'RESIZE_BILINEAR', linear, [[linear.alignCorners, 1]])).toEqual([0, 3, 6, 9, 12]);
    expect(row(6, 'RESIZE_BILINEAR', linear, [[linear.halfPixel, 1]])).toEqual([0, 1.5, 4.5, 7.5, 10.5, 12]);
  });

  it('RESIZE_NEAREST_NEIGHBOR', () => {
    expect(row(6, 'RESIZE_NEAREST_NEIGHBOR', nearest, [])).toEqual([0, 0, 6, 6, 12, 12]);
    expect(row(2, 'RESIZE_NEAREST_NEIGHBOR', nearest, [])).toEqual([0, 6]);
    expect(row(2, 'RESIZE_NEAREST_NEIGHBOR', nearest, [[nearest.halfPixel, 1]])).toEqual([0, 12]);
    expect(row(4, 'RESIZE_NEAREST_NEIGHBOR', nearest, [[nearest.alignCorners, 1]])).toEqual([0, 6, 6, 12]);
  });

  it('DEPTH_TO_SPACE and SPACE_TO_DEPTH are inverse', () => {
    const [toSpace, toDepth] = [schema.DepthToSpaceOptions, schema.SpaceToDepthOptions];
    const up = single([f32([1, 1, 2, 4]), f32([1, 2, 4, 1])], op('DEPTH_TO_SPACE', toSpace, [[toSpace.block, 2]]));
    const down = single([f32([1, 2, 4, 1]), f32([1, 1, 2, 4])], op('SPACE_TO_DEPTH', toDepth, [[toDepth.block, 2]]));
    expect(result(up, ramp(8))).toEqual([0, 1, 4, 5, 2, 3, 6, 7]);
    expect(result(down, Float32Array.of(0, 1, 4, 5, 2, 3, 6, 7))).toEqual([...ramp(8)]);
  });

  const { TransposeConvOptions: transposed } = schema;
  const convolve = (padding: number, width: number, activation = 0) =>
    result(
      {
        ...single(
          [
            f32([1, 1, 2, 1]),
            i32(1, 1, width, 1),
            f32([1, 1, 3, 1], Float32Array.of(1, 10, 100)),
            f32([1], Float32Array.of(0.5)),
            f32([1, 1, width, 1]),
          ],
          {
            ...op('TRANSPOSE_CONV', transposed, [
              [transposed.padding, padding],
              [transposed.strideW, 2],
              [transposed.strideH, 1],
              [transposed.activation, activation],
            ]),
            inputs: [1, 2, 0, 3],
          },
        ),
      },
      Float32Array.of(1, 2),
    );
  it('TRANSPOSE_CONV', () => {
    expect(convolve(1, 5)).toEqual([1.5, 10.5, 102.5, 20.5, 200.5]);
    expect(convolve(1, 6)).toEqual([1.5, 10.5, 102.5, 20.5, 200.5, 0.5]);
    // Of SAME one element is cut off: behind, as of the convolution from 4 to 2.
    expect(convolve(0, 4)).toEqual([1.5, 10.5, 102.5, 20.5]);
    expect(convolve(0, 4, 3)).toEqual([1.5, 6, 6, 6]);
  });
});

describe('readTflite: moves', () => {
  const { GatherOptions: gather, PackOptions: pack, UnpackOptions: unpack, MirrorPadOptions: mirror } = schema;
  it('GATHER, TILE, BROADCAST_TO', () => {
    const taken = single([f32([2, 3]), i32(2, 0), f32([2, 2])], op('GATHER', gather, [[gather.axis, 1]]));
    expect(result(taken, ramp(6))).toEqual([2, 0, 5, 3]);
    expect(result(single([f32([1, 2]), i32(2, 2), f32([2, 4])], op('TILE')), ramp(2))).toEqual([
      0, 1, 0, 1, 0, 1, 0, 1,
    ]);
    expect(result(single([f32([2, 1]), i32(2, 2), f32([2, 2])], op('BROADCAST_TO')), ramp(2))).toEqual([0, 0, 1, 1]);
  });

  it('MIRROR_PAD', () => {
    const padded = (mode: number) =>
      single([f32([2, 3]), i32(0, 1, 2, 1), f32([3, 6])], op('MIRROR_PAD', mirror, [[mirror.mode, mode]]));
    const reflected = [2, 1, 0, 1, 2, 1, 5, 4, 3, 4, 5, 4, 2, 1, 0, 1, 2, 1];
    expect(result(padded(0), ramp(6))).toEqual(reflected);
    expect(result(padded(1), ramp(6))).toEqual([1, 0, 0, 1, 2, 2, 4, 3, 3, 4, 5, 5, 4, 3, 3, 4, 5, 5]);
  });

  const parts = (
    name: string,
    shape: number[],
    out: number[],
    given: TestTensor[],
    order: number[],
    options?: [{ union: number }, [Field, number][]],
  ): TestModel => ({
    tensors: [f32(shape), ...given, f32(out), f32(out)],
    operators: [
      { ...op(name, options?.[0], options?.[1]), inputs: order, outputs: [given.length + 1, given.length + 2] },
    ],
    inputs: [0],
    outputs: [given.length + 1, given.length + 2],
  });
  it('SPLIT, SPLIT_V, UNPACK', () => {
    const halves = [
      [0, 1, 4, 5],
      [2, 3, 6, 7],
    ];
    expect(outputs(parts('SPLIT', [2, 4], [2, 2], [i32(1)], [1, 0]), ramp(8))).toEqual(halves);
    expect(outputs(parts('SPLIT_V', [2, 4], [2, 2], [i32(2, -1), i32(-1)], [0, 1, 2]), ramp(8))).toEqual(halves);
    expect(outputs(parts('UNPACK', [2, 2], [2], [], [0], [unpack, [[unpack.axis, 1]]]), ramp(4))).toEqual([
      [0, 2],
      [1, 3],
    ]);
  });

  it('PACK', () => {
    const model: TestModel = {
      tensors: [f32([2]), f32([2]), f32([2, 2])],
      operators: [{ ...op('PACK', pack, [[pack.axis, 1]]), inputs: [0, 1], outputs: [2] }],
      inputs: [0, 1],
      outputs: [2],
    };
    expect(outputs(model, Float32Array.of(1, 2), Float32Array.of(3, 4))).toEqual([[1, 3, 2, 4]]);
  });

  const { BatchMatMulOptions: product } = schema;
  it('BATCH_MATMUL, by a constant matrix too', () => {
    const m = Float32Array.of(1, 2, 3, 4);
    const by = (b: TestTensor, adjoint: number) =>
      single([f32([1, 2, 2]), b, f32([1, 2, 2])], op('BATCH_MATMUL', product, [[product.adjointY, adjoint]]));
    expect(result(by(f32([2, 2], m), 0), m)).toEqual([7, 10, 15, 22]);
    expect(result(by(f32([2, 2], m), 1), m)).toEqual([5, 11, 11, 25]);
    const squared = (set: [Field, number][]) => ({
      ...single([f32([1, 2, 2]), f32([1, 2, 2])], { ...op('BATCH_MATMUL', product, set), inputs: [0, 0] }),
    });
    expect(result(squared([]), m)).toEqual([7, 10, 15, 22]);
    expect(result(squared([[product.adjointX, 1]]), m)).toEqual([10, 14, 14, 20]);
  });

  it.each<[string, TestModel, RegExp]>([
    [
      'indices beyond the end',
      single([f32([2, 3]), i32(3), f32([2, 1])], op('GATHER', gather, [[gather.axis, 1]])),
      /index 3 of 3/,
    ],
    [
      'a mirror larger than its input',
      single([f32([3]), i32(3, 0), f32([6])], op('MIRROR_PAD', mirror)),
      /padding \[3, 0\] of 3/,
    ],
    ['parts that are not equal', parts('SPLIT', [2, 3], [2, 2], [i32(1)], [1, 0]), /parts of \[1.5,1.5\] of 3/],
    ['an axis that is not there', parts('UNPACK', [2, 2], [2], [], [0], [unpack, [[unpack.axis, 2]]]), /axis 2 of 2/],
    [
      'blocks that do not fit',
      single(
        [f32([1, 1, 1, 3]), f32([1, 2, 2, 1])],
        op('DEPTH_TO_SPACE', schema.DepthToSpaceOptions, [[schema.DepthToSpaceOptions.block, 2]]),
      ),
      /blocks of 2 in 3 channels/,
    ],
  ])('%s end in one sentence', (_, model, expected) => {
    expect(sentence(model)).toMatch(expected);
  });
});

describe('readTflite: small operators', () => {
  const strided = (begin: number, end: number, stride: number, size: number, masks: [Field, number][] = []) =>
    single(
      [f32([2, 5]), i32(0, begin), i32(2, end), i32(1, stride), f32([2, size])],
      op('STRIDED_SLICE', schema.StridedSliceOptions, masks),
    );
  it('STRIDED_SLICE backwards', () => {
    expect(result(strided(4, 0, -2, 2), ramp(10))).toEqual([4, 2, 9, 7]);
    const open: [Field, number][] = [
      [schema.StridedSliceOptions.beginMask, 2],
      [schema.StridedSliceOptions.endMask, 2],
    ];
    expect(result(strided(0, 0, -1, 5, open), ramp(10))).toEqual([4, 3, 2, 1, 0, 9, 8, 7, 6, 5]);
  });
  it('REVERSE_V2 along two axes', () => {
    expect(result(single([f32([2, 3]), i32(0, 1), f32([2, 3])], op('REVERSE_V2')), ramp(6))).toEqual([
      5, 4, 3, 2, 1, 0,
    ]);
  });
  it('ADD_N', () => {
    const ten = f32([2], Float32Array.of(10, 20));
    expect(result(single([f32([2]), ten, ten, f32([2])], op('ADD_N')), Float32Array.of(1, 2))).toEqual([21, 42]);
  });
  it('EMBEDDING_LOOKUP', () => {
    const table = f32([3, 2], ramp(6));
    const model = single([ints([2]), table, f32([2, 2])], op('EMBEDDING_LOOKUP'));
    expect(result(model, Int32Array.of(2, 0))).toEqual([4, 5, 0, 1]);
  });
  it('CAST', () => {
    expect(result(single([ints([3]), f32([3])], op('CAST')), Int32Array.of(-1, 0, 7))).toEqual([-1, 0, 7]);
    expect(result(single([bools([2]), f32([2])], op('CAST')), Uint8Array.of(1, 0))).toEqual([1, 0]);
  });
  it('L2_NORMALIZATION', () => {
    const y = result(single([f32([2, 2]), f32([2, 2])], op('L2_NORMALIZATION')), Float32Array.of(3, 4, 0, 0));
    expect(y.map((v) => Math.round(v * 1e6) / 1e6)).toEqual([0.6, 0.8, 0, 0]);
  });
  it('FILL, ZEROS_LIKE and SHAPE are constants', () => {
    const tensors = [f32([2, 3]), i32(2, 3), f32([], Float32Array.of(7)), f32([2, 3]), f32([2, 3])];
    const model: TestModel = {
      tensors,
      operators: [
        { ...op('FILL'), inputs: [1, 2], outputs: [3] },
        { ...op('ADD', schema.AddOptions), inputs: [0, 3], outputs: [4] },
      ],
      inputs: [0],
      outputs: [4],
    };
    expect(result(model, ramp(6))).toEqual([7, 8, 9, 10, 11, 12]);
  });
});
