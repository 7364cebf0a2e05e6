// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { f32, i32, read, single } from './testing/tfliteCases.js';
import { code, type TestModel } from './testing/tfliteWriter.js';
import * as schema from './tflite/schema.js';

describe('readTflite: elements and shapes', () => {
  const cases: [string, TestModel, string, object][] = [
    [
      'ADD',
      single([f32([1, 2]), f32([1, 2], Float32Array.of(1, 2)), f32([1, 2])], {
        code: code.add,
        options: { table: schema.AddOptions, set: [[schema.AddOptions.activation, 1]] },
      }),
      'add',
      { activation: { min: 0, max: null } },
    ],
    [
      'SUB',
      single([f32([1, 2]), f32([2], Float32Array.of(1, 2)), f32([1, 2])], {
        code: code.sub,
        options: { table: schema.SubOptions },
      }),
      'sub',
      {},
    ],
    ['MAXIMUM', single([f32([1, 2]), f32([], Float32Array.of(1)), f32([1, 2])], { code: code.maximum }), 'maximum', {}],
    ['RELU', single([f32([1, 2]), f32([1, 2])], { code: code.relu }), 'clamp', { min: 0, max: null }],
    ['RELU6', single([f32([1, 2]), f32([1, 2])], { code: code.relu6 }), 'clamp', { min: 0, max: 6 }],
    ['RELU_N1_TO_1', single([f32([1, 2]), f32([1, 2])], { code: code.reluN1To1 }), 'clamp', { min: -1, max: 1 }],
    ['LOGISTIC', single([f32([1, 2]), f32([1, 2])], { code: code.logistic }), 'logistic', {}],
    ['TANH', single([f32([1, 2]), f32([1, 2])], { code: code.tanh }), 'tanh', {}],
    ['HARD_SWISH', single([f32([1, 2]), f32([1, 2])], { code: code.hardSwish }), 'hardSwish', {}],
    [
      'LEAKY_RELU',
      single([f32([1, 2]), f32([1, 2])], {
        code: code.leakyRelu,
        options: { table: schema.LeakyReluOptions, set: [[schema.LeakyReluOptions.alpha, 0.25]] },
      }),
      'leakyRelu',
      { alpha: 0.25 },
    ],
    [
      'SOFTMAX',
      single([f32([1, 2]), f32([1, 2])], {
        code: code.softmax,
        options: { table: schema.SoftmaxOptions, set: [[schema.SoftmaxOptions.beta, 1]] },
      }),
      'softmax',
      { axis: 1, beta: 1 },
    ],
    [
      'RESHAPE',
      single([f32([1, 6]), i32(1, -1, 2), f32([1, 3, 2])], { code: code.reshape }),
      'reshape',
      { shape: [1, 3, 2] },
    ],
    ['SQUEEZE', single([f32([1, 1, 6]), f32([1, 6])], { code: code.squeeze }), 'reshape', { shape: [1, 6] }],
    [
      'EXPAND_DIMS',
      single([f32([1, 6]), i32(1), f32([1, 1, 6])], { code: code.expandDims }),
      'reshape',
      { shape: [1, 1, 6] },
    ],
    [
      'TRANSPOSE',
      single([f32([1, 2, 3]), i32(0, 2, 1), f32([1, 3, 2])], { code: code.transpose }),
      'transpose',
      { perm: [0, 2, 1] },
    ],
    [
      'MEAN',
      single([f32([1, 2, 3, 4]), i32(-2, 1), f32([1, 4])], {
        code: code.mean,
        options: { table: schema.ReducerOptions },
      }),
      'mean',
      { axes: [1, 2], keepDims: false },
    ],
    [
      'PAD',
      single([f32([1, 2]), i32(0, 0, 1, 2), f32([1, 5])], { code: code.pad }),
      'pad',
      {
        pads: [
          [0, 0],
          [1, 2],
        ],
        value: 0,
      },
    ],
    [
      'PADV2',
      single([f32([1, 2]), i32(0, 0, 1, 2), f32([], Float32Array.of(-1.5)), f32([1, 5])], { code: code.padV2 }),
      'pad',
      {
        pads: [
          [0, 0],
          [1, 2],
        ],
        value: -1.5,
      },
    ],
    [
      'CONCATENATION',
      single([f32([1, 2]), f32([1, 1], Float32Array.of(1)), f32([1, 3])], {
        code: code.concatenation,
        options: { table: schema.ConcatenationOptions, set: [[schema.ConcatenationOptions.axis, -1]] },
      }),
      'concat',
      { axis: 1 },
    ],
    [
      'SLICE',
      single([f32([1, 5]), i32(0, 2), i32(1, -1), f32([1, 3])], { code: code.slice }),
      'slice',
      { begin: [0, 2], size: [1, 3], strides: [1, 1] },
    ],
    [
      'STRIDED_SLICE',
      single([f32([1, 5]), i32(0, -4), i32(0, 5), i32(1, 2), f32([1, 2])], {
        code: code.stridedSlice,
        options: {
          table: schema.StridedSliceOptions,
          set: [
            [schema.StridedSliceOptions.beginMask, 1],
            [schema.StridedSliceOptions.endMask, 1],
          ],
        },
      }),
      'slice',
      { begin: [0, 1], size: [1, 2], strides: [1, 2] },
    ],
  ];
  it.each(cases)('%s', (_, model, op, attrs) => {
    const { nodes } = read(model);
    expect(nodes).toHaveLength(1);
    expect(nodes[0].op).toBe(op);
    expect(nodes[0].attrs).toEqual(attrs);
  });

  it('slices, then drops the axis (shrink_axis_mask)', () => {
    const { nodes } = read(
      single([f32([1, 3, 5]), i32(0, 1, 0), i32(0, 2, 0), i32(1, 1, 1), f32([1, 5])], {
        code: code.stridedSlice,
        options: {
          table: schema.StridedSliceOptions,
          set: [
            [schema.StridedSliceOptions.beginMask, 5],
            [schema.StridedSliceOptions.endMask, 5],
            [schema.StridedSliceOptions.shrinkAxisMask, 2],
          ],
        },
      }),
    );
    expect(nodes.map((n) => n.op)).toEqual(['slice', 'reshape']);
    expect(nodes[0].attrs).toEqual({ begin: [0, 1, 0], size: [1, 1, 5], strides: [1, 1, 1] });
  });

  it('keeps QUANTIZE and DEQUANTIZE between activations', () => {
    const graph = read({
      tensors: [f32([1, 2]), { type: 'int8', shape: [1, 2], scales: [0.5], zeroPoints: [1] }, f32([1, 2])],
      operators: [
        { code: code.quantize, inputs: [0], outputs: [1] },
        { code: code.dequantize, inputs: [1], outputs: [2] },
      ],
      inputs: [0],
      outputs: [2],
    });
    expect(graph.nodes.map((n) => n.op)).toEqual(['quantize', 'dequantize']);
  });

  it('folds DEQUANTIZE of float16 and int8 constants', () => {
    const graph = read({
      tensors: [
        f32([1, 2]),
        { type: 'float16', shape: [2], data: Uint16Array.of(0x3c00, 0xc000) },
        f32([2]),
        { type: 'int8', shape: [2], data: Int8Array.of(3, 5), scales: [0.5], zeroPoints: [1] },
        f32([2]),
        f32([1, 2]),
        f32([1, 2]),
      ],
      operators: [
        { code: code.dequantize, inputs: [1], outputs: [2] },
        { code: code.dequantize, inputs: [3], outputs: [4] },
        { code: code.add, inputs: [0, 2], outputs: [5], options: { table: schema.AddOptions } },
        { code: code.add, inputs: [5, 4], outputs: [6], options: { table: schema.AddOptions } },
      ],
      inputs: [0],
      outputs: [6],
    });
    expect(graph.nodes.map((n) => n.op)).toEqual(['add', 'add']);
    expect(graph.nodes.map((n) => graph.tensors[n.inputs[1]].data)).toEqual([
      Float32Array.of(1, -2),
      Float32Array.of(1, 2),
    ]);
  });
});
