// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { canonicalize } from '../passes/index.js';
import { findObstacles } from '../support.js';
import { constantInput, f32, i64, model, node, ops, read, run, sentence } from './testing/onnxCases.js';
import type { TestConstant, TestGraph, TestNode } from './testing/onnxWriter.js';

describe('readOnnx: elements and shapes', () => {
  const chain = (
    op: string,
    dims: number[],
    attributes: TestNode['attributes'],
    constants: TestConstant[] = [],
    opset = 17,
  ) => model(dims, [node(op, ['x', ...constants.map((c) => c.name)], attributes)], constants, { opset });
  const cases: [string, TestGraph, string, object][] = [
    ['Relu', chain('Relu', [1, 2], {}), 'clamp', { min: 0, max: null }],
    ['Clip 6', chain('Clip', [1, 2], { max: { float: 6 } }, [], 9), 'clamp', { min: null, max: 6 }],
    ['Clip 11', chain('Clip', [1, 2], {}, [f32('lo', [], [-1]), f32('hi', [], [1])]), 'clamp', { min: -1, max: 1 }],
    ['LeakyRelu', chain('LeakyRelu', [1, 2], { alpha: { float: 0.25 } }), 'leakyRelu', { alpha: 0.25 }],
    ['Sigmoid', chain('Sigmoid', [1, 2], {}), 'logistic', {}],
    ['Flatten', chain('Flatten', [1, 2, 3], {}), 'reshape', { shape: [1, 6] }],
    ['Flatten -1', chain('Flatten', [1, 2, 3], { axis: { int: -1 } }), 'reshape', { shape: [2, 3] }],
    ['Reshape', chain('Reshape', [1, 2, 6], {}, [i64('s', 0, -1, 3)]), 'reshape', { shape: [1, 4, 3] }],
    ['Squeeze', chain('Squeeze', [1, 2, 1], {}, [i64('a', -1)]), 'reshape', { shape: [1, 2] }],
    ['Squeeze 7', chain('Squeeze', [1, 2, 1], { axes: { ints: [0] } }, [], 9), 'reshape', { shape: [2, 1] }],
    ['Unsqueeze', chain('Unsqueeze', [1, 2], {}, [i64('a', 0, 3)]), 'reshape', { shape: [1, 1, 2, 1] }],
    ['Transpose', chain('Transpose', [1, 2, 3], {}), 'transpose', { perm: [2, 1, 0] }],
    [
      'Pad',
      chain('Pad', [1, 2], {}, [i64('p', 0, 1, 0, 2), f32('v', [], [3])]),
      'pad',
      {
        pads: [
          [0, 0],
          [1, 2],
        ],
        value: 3,
      },
    ],
    [
      'Pad 2',
      chain('Pad', [1, 2], { pads: { ints: [0, 1, 0, 2] } }, [], 9),
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
      'Slice',
      chain('Slice', [1, 9], {}, [i64('s', -8), i64('e', 2 ** 62), i64('a', 1), i64('t', 3)]),
      'slice',
      { begin: [0, 1], size: [1, 3], strides: [1, 3] },
    ],
    [
      'Slice 1',
      chain('Slice', [1, 9], { starts: { ints: [2] }, ends: { ints: [-1] }, axes: { ints: [1] } }, [], 9),
      'slice',
      { begin: [0, 2], size: [1, 6], strides: [1, 1] },
    ],
    ['Softmax', chain('Softmax', [1, 4], {}), 'softmax', { axis: 1, beta: 1 }],
    ['ReduceMean 18', chain('ReduceMean', [1, 4], {}, [i64('a', -1)], 18), 'mean', { axes: [1], keepDims: true }],
    ['Concat', chain('Concat', [1, 4], { axis: { int: -1 } }, [f32('c', [1, 2])]), 'concat', { axis: 1 }],
    ['Add', chain('Add', [1, 4], {}, [f32('c', [4])]), 'add', {}],
    ['Max', chain('Max', [1, 4], {}, [f32('c', [4])]), 'maximum', {}],
  ];
  it.each(cases)('%s', (_, graph, op, attrs) => {
    const { nodes } = read(graph);
    expect(nodes).toHaveLength(1);
    expect(nodes[0].op).toBe(op);
    expect(nodes[0].attrs).toEqual(attrs);
  });

  it('softmax before opset 13 runs over all axes from its own on', () => {
    const g = read(model([1, 2, 3], [node('Softmax', ['x'])], [], { opset: 11 }));
    expect(ops(g)).toEqual(['reshape', 'softmax', 'reshape']);
    expect(g.nodes[0].attrs.shape).toEqual([1, 6]);
  });

  it('splits into slices', () => {
    const g = read(model([1, 6], [node('Split', ['x', 'n'], { axis: { int: 1 } }, ['a', 'y'])], [i64('n', 2, 4)]));
    expect(g.nodes.map((n) => n.attrs.begin)).toEqual([[0, 2]]);
  });

  it('pads an image between transposes', () => {
    const graph = model([1, 2, 1, 1], [node('Pad', ['x', 'p'])], [i64('p', 0, 0, 1, 0, 0, 0, 0, 1)]);
    expect(run(graph)).toEqual({ shape: [1, 2, 2, 2], values: [0, 0, 0, 0, 0, 0, 1, 0] });
  });
});

describe('readOnnx: quantized', () => {
  const scale = (name: string, ...values: number[]): TestConstant =>
    f32(name, values.length === 1 ? [] : [values.length], values);
  const zero = (name: string, type: 'int8' | 'uint8', value = 0): TestConstant => ({
    name,
    type,
    dims: [],
    data: type === 'int8' ? Int8Array.of(value) : Uint8Array.of(value),
  });

  it('keeps QuantizeLinear and DequantizeLinear, with weights in the order of the IR', () => {
    const g = read(
      model(
        [1, 1, 2, 2],
        [
          node('QuantizeLinear', ['x', 'xs', 'xz'], {}, ['q']),
          node('DequantizeLinear', ['q', 'xs', 'xz'], {}, ['d']),
          node('DequantizeLinear', ['w', 'ws'], { axis: { int: 0 } }, ['wd']),
          node('Conv', ['d', 'wd']),
        ],
        [
          scale('xs', 0.5),
          zero('xz', 'uint8', 3),
          scale('ws', 1, 2),
          { name: 'w', type: 'int8', dims: [2, 1, 1, 2], data: Int8Array.of(1, 2, 3, 4) },
        ],
      ),
    );
    expect(ops(g)).toEqual(['quantize', 'dequantize', 'dequantize', 'transpose', 'conv2d', 'transpose']);
    const w = g.tensors[g.nodes[2].inputs[0]];
    expect(w).toMatchObject({ dtype: 'int8', shape: [2, 1, 2, 1], data: Int8Array.of(1, 2, 3, 4) });
    expect(w.quant).toEqual({ scales: Float64Array.of(1, 2), zeroPoints: new Int32Array(2), axis: 0 });
    expect(g.tensors[g.nodes[0].outputs[0]]).toMatchObject({
      dtype: 'uint8',
      quant: { scales: Float64Array.of(0.5), zeroPoints: Int32Array.of(3), axis: 0 },
    });
  });

  it('quantizes constant weights (half to even, saturating)', () => {
    const g = read(
      model(
        [1, 4],
        [
          node('QuantizeLinear', ['w', 's', 'z'], {}, ['q']),
          node('DequantizeLinear', ['q', 's', 'z'], {}, ['d']),
          node('MatMul', ['x', 'd']),
        ],
        [f32('w', [4, 1], [0.5, 1.5, -2.5, 1000]), scale('s', 1), zero('z', 'int8')],
      ),
    );
    expect(constantInput(g, 'dequantize', 0).data).toEqual(Int8Array.of(0, 2, -2, 127));
  });

  it('reads QLinearConv as an integer convolution', () => {
    const g = read({
      inputs: [{ name: 'x', type: 'int8', dims: [1, 1, 2, 2] }],
      outputs: [{ name: 'y', type: 'int8' }],
      nodes: [node('QLinearConv', ['x', 'xs', 'z', 'w', 'ws', 'z', 'ys', 'z', 'b'])],
      constants: [
        scale('xs', 0.5),
        zero('z', 'int8', 0),
        scale('ws', 1, 2),
        scale('ys', 4),
        { name: 'w', type: 'int8', dims: [2, 1, 1, 1], data: Int8Array.of(5, 6) },
        { name: 'b', type: 'int32', dims: [2], data: Int32Array.of(7, 8) },
      ],
    });
    expect(ops(g)).toEqual(['transpose', 'conv2d', 'transpose']);
    expect(constantInput(g, 'conv2d', 2).quant?.scales).toEqual(Float64Array.of(0.5, 1));
    const y = g.tensors[g.outputs[0]];
    expect(y).toMatchObject({ dtype: 'int8', quant: { scales: Float64Array.of(4), zeroPoints: Int32Array.of(0) } });
    expect(g.source.quantized).toBe(true);
  });

  it('reads the contrib operators of ONNX Runtime', () => {
    const g = read({
      inputs: [{ name: 'x', type: 'uint8', dims: [1, 2, 2, 2] }],
      outputs: [{ name: 'y', type: 'uint8' }],
      domains: [{ domain: 'com.microsoft', version: 1 }],
      nodes: [
        { ...node('QLinearGlobalAveragePool', ['x', 's', 'z', 's', 'z'], {}, ['p']), domain: 'com.microsoft' },
        node('Flatten', ['p'], {}, ['f']),
        {
          ...node('QGemm', ['f', 's', 'z', 'w', 's', 'zw', '', 's2', 'z'], { transB: { int: 1 } }, ['g']),
          domain: 'com.microsoft',
        },
        { ...node('QLinearAdd', ['g', 's2', 'z', 'g', 's2', 'z', 's', 'z']), domain: 'com.microsoft' },
      ],
      constants: [
        scale('s', 0.5),
        scale('s2', 0.25),
        zero('z', 'uint8', 128),
        zero('zw', 'int8'),
        { name: 'w', type: 'int8', dims: [3, 2], data: Int8Array.of(1, 2, 3, 4, 5, 6) },
      ],
    });
    expect(ops(g)).toEqual(['transpose', 'mean', 'transpose', 'reshape', 'fullyConnected', 'add']);
    expect(g.tensors[g.outputs[0]]).toMatchObject({
      shape: [1, 3],
      dtype: 'uint8',
      quant: { scales: Float64Array.of(0.5) },
    });
  });
});

it('refuses weights and axes of other shapes than ONNX gives them', () => {
  const lstm = node('LSTM', ['x', 'w', 'r'], { hidden_size: { int: 2 } });
  const weights = (dims: number[]) => [f32('w', dims), f32('r', [1, 8, 2])];
  expect(sentence(model([1, 1, 3], [lstm], weights([1, 8, 3, 1])))).toMatch(/weights have shape \[1,8,3,1\], expected/);
  expect(sentence(model([1, 3], [node('Concat', ['x'], { axis: { int: 9 } })]))).toMatch(/axis 9 of 2 dimensions/);
  const upwards = node('ConvTranspose', ['x', 'w'], { kernel_shape: { ints: [2, 2] } });
  expect(sentence(model([1, 1, 4, 4], [upwards], [f32('w', [1, 1, 3, 3])]))).toMatch(/kernel_shape \[2,2\]/);
});

describe('constants of types that an operator does not compute', () => {
  it.each(['Sigmoid', 'Relu', 'Erf', 'Softplus', 'Elu', 'Round'])('%s of int64 is refused by name', (op) => {
    const nodes = [node(op, ['c'], {}, ['t']), node('Cast', ['t'], { to: { int: 1 } }, ['f']), node('Add', ['x', 'f'])];
    const graph = canonicalize(read(model([2], nodes, [i64('c', 1, 2)])));
    expect(findObstacles(graph).map((o) => o.reason)).toEqual(['there is no kernel for int32 giving int32']);
  });
});
