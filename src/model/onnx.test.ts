// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { constantInput, f32, i64, model, node, ops, read, run, sentence } from './testing/onnxCases.js';
import type { TestConstant, TestGraph } from './testing/onnxWriter.js';

describe('readOnnx: layout', () => {
  it('puts a convolution between transposes and turns its weights to OHWI', () => {
    const g = read(
      model(
        [1, 2, 4, 5],
        [node('Conv', ['x', 'w', 'b'], { pads: { ints: [1, 0, 1, 2] } })],
        [f32('w', [3, 2, 3, 1]), f32('b', [3])],
      ),
    );
    expect(ops(g)).toEqual(['transpose', 'conv2d', 'transpose']);
    expect(g.nodes.map((n) => n.attrs.perm)).toEqual([[0, 2, 3, 1], undefined, [0, 3, 1, 2]]);
    expect(g.nodes[1].attrs).toEqual({ strides: [1, 1], dilations: [1, 1], pads: [1, 0, 1, 2], groups: 1 });
    const w = constantInput(g, 'conv2d', 1);
    expect(w.shape).toEqual([3, 3, 1, 2]);
    expect(Array.from(w.data as Float32Array).slice(0, 6)).toEqual([0, 3, 1, 4, 2, 5]);
    expect(g.tensors[g.outputs[0]]).toMatchObject({ name: 'y', shape: [1, 3, 4, 7] });
  });

  it('makes a grouped convolution with one input channel per group depthwise', () => {
    const g = read(model([1, 2, 3, 3], [node('Conv', ['x', 'w'], { group: { int: 2 } })], [f32('w', [4, 1, 2, 1])]));
    const w = constantInput(g, 'depthwiseConv2d', 1);
    expect(w.shape).toEqual([1, 2, 1, 4]);
    expect(Array.from(w.data as Float32Array)).toEqual([0, 2, 4, 6, 1, 3, 5, 7]);
    expect(g.nodes[1].attrs.multiplier).toBe(2);
  });

  it('reads a convolution over a signal as an image of height 1', () => {
    const graph = model(
      [1, 2, 5],
      [node('Conv', ['x', 'w'], { strides: { ints: [2] } })],
      [f32('w', [1, 2, 3], [1, 0, 0, 0, 0, 1])],
    );
    expect(ops(read(graph))).toEqual(['transpose', 'reshape', 'conv2d', 'reshape', 'transpose']);
    expect(run(graph)).toEqual({ shape: [1, 1, 2], values: [0 + 7, 2 + 9] });
  });

  it('resolves auto_pad', () => {
    const pads = (auto: string): unknown =>
      read(
        model(
          [1, 1, 4, 4],
          [
            node('MaxPool', ['x'], {
              kernel_shape: { ints: [2, 3] },
              strides: { ints: [1, 1] },
              auto_pad: { text: auto },
            }),
          ],
        ),
      ).nodes[1].attrs.pads;
    expect(pads('SAME_UPPER')).toEqual([0, 1, 1, 1]);
    expect(pads('SAME_LOWER')).toEqual([1, 1, 0, 1]);
    expect(pads('VALID')).toEqual([0, 0, 0, 0]);
  });

  it('covers the last window in ceil_mode', () => {
    const graph = model(
      [1, 1, 5, 5],
      [
        node('MaxPool', ['x'], {
          kernel_shape: { ints: [2, 2] },
          strides: { ints: [2, 2] },
          ceil_mode: { int: 1 },
        }),
      ],
    );
    expect(run(graph)).toEqual({ shape: [1, 1, 3, 3], values: [6, 8, 9, 16, 18, 19, 21, 23, 24] });
  });

  it('pools globally as a mean, also when it is written as ReduceMean', () => {
    const pool = model([1, 2, 2, 2], [node('GlobalAveragePool', ['x'])]);
    expect(run(pool)).toEqual({ shape: [1, 2, 1, 1], values: [1.5, 5.5] });
    const mean = model([1, 2, 2, 2], [node('ReduceMean', ['x'], { axes: { ints: [-1, 2] }, keepdims: { int: 0 } })]);
    expect(run(mean)).toEqual({ shape: [1, 2], values: [1.5, 5.5] });
    expect(ops(read(mean))).toEqual(['transpose', 'mean']);
  });

  it('normalizes a batch by channel', () => {
    const graph = model(
      [1, 2, 1, 2],
      [node('BatchNormalization', ['x', 's', 'b', 'm', 'v'], { epsilon: { float: 0 } })],
      [f32('s', [2], [1, 2]), f32('b', [2], [0, 1]), f32('m', [2], [0, 2]), f32('v', [2], [1, 4])],
    );
    expect(run(graph)).toEqual({ shape: [1, 2, 1, 2], values: [0, 1, 1, 2] });
  });
});

describe('readOnnx: dense layers', () => {
  it('reads Gemm with a transposed and a plain matrix, alpha and beta', () => {
    const b = f32('b', [2, 3], [1, 2, 3, 4, 5, 6]);
    const plain = model(
      [1, 2],
      [node('Gemm', ['x', 'b', 'c'], { alpha: { float: 2 }, beta: { float: 3 } })],
      [b, f32('c', [3], [1, 1, 2])],
    );
    expect(run(plain)).toEqual({ shape: [1, 3], values: [11, 13, 18] });
    const turned = model([1, 3], [node('Gemm', ['x', 'b', 'c'], { transB: { int: 1 } })], [b, f32('c', [], [10])]);
    expect(run(turned)).toEqual({ shape: [1, 2], values: [18, 27] });
    expect(ops(read(turned))).toEqual(['fullyConnected']);
  });

  it('reads MatMul with more than two dimensions', () => {
    const graph = model([1, 2, 2], [node('MatMul', ['x', 'b'])], [f32('b', [2, 1], [1, 10])]);
    expect(run(graph)).toEqual({ shape: [1, 2, 1], values: [10, 32] });
  });

  it('multiplies two computed matrices as matmul', () => {
    expect(ops(read(model([2, 2], [node('MatMul', ['x', 'x'])])))).toEqual(['matmul']);
  });
});

describe('readOnnx: constants', () => {
  it('folds the shape arithmetic of a PyTorch flatten', () => {
    const g = read(
      model(
        ['batch', 2, 3],
        [
          node('Shape', ['x'], {}, ['shape']),
          node(
            'Constant',
            [],
            { value: { tensor: { name: '', type: 'int64', dims: [], data: BigInt64Array.of(0n) } } },
            ['zero'],
          ),
          node('Gather', ['shape', 'zero'], { axis: { int: 0 } }, ['batch']),
          node('Unsqueeze', ['batch'], { axes: { ints: [0] } }, ['b']),
          node('Concat', ['b', 'rest'], { axis: { int: 0 } }, ['target']),
          node('Reshape', ['x', 'target']),
        ],
        [i64('rest', -1)],
        { opset: 11 },
      ),
    );
    expect(ops(g)).toEqual(['reshape']);
    expect(g.nodes[0].attrs.shape).toEqual([1, 6]);
  });

  it('folds slices, casts, arithmetic and transposes of constants', () => {
    const g = read(
      model(
        [1, 2],
        [
          node('Slice', ['c', 's', 'e'], {}, ['part']), // [[2, 3], [4, 5]]
          node('Transpose', ['part'], {}, ['turned']), // [[2, 4], [3, 5]]
          node('Cast', ['ten'], { to: { int: 1 } }, ['tenf']),
          node('Mul', ['turned', 'tenf'], {}, ['scaled']),
          node('MatMul', ['x', 'scaled']),
        ],
        [f32('c', [3, 2]), i64('s', 1), i64('e', 3), i64('ten', 10)],
      ),
    );
    expect(ops(g)).toEqual(['fullyConnected']);
    expect(constantInput(g, 'fullyConnected', 1)).toMatchObject({
      shape: [2, 2],
      data: Float32Array.of(20, 30, 40, 50),
    });
  });

  it('reads every way to store numbers', () => {
    const stored = (c: TestConstant): unknown =>
      constantInput(read(model([1, 2], [node('Add', ['x', c.name])], [c])), 'add', 1).data;
    const two = { name: 'c', dims: [2] };
    expect(stored({ ...two, type: 'float', typed: { field: 4, values: [1.5, -2] } })).toEqual(Float32Array.of(1.5, -2));
    expect(stored({ ...two, type: 'double', typed: { field: 10, values: [1.5, -2] } })).toEqual(
      Float32Array.of(1.5, -2),
    );
    expect(stored({ ...two, type: 'double', data: Float64Array.of(1.5, -2) })).toEqual(Float32Array.of(1.5, -2));
    expect(stored({ ...two, type: 'float16', data: Uint16Array.of(0x3c00, 0xc000) })).toEqual(Float32Array.of(1, -2));
    expect(stored({ ...two, type: 'float16', typed: { field: 5, values: [0x3c00, 0xc000] } })).toEqual(
      Float32Array.of(1, -2),
    );
    expect(stored({ ...two, type: 'bfloat16', data: Uint16Array.of(0x3f80, 0xc000) })).toEqual(Float32Array.of(1, -2));
  });
});

describe('readOnnx: what mote does not have', () => {
  it('lists every unknown operator and reads on', () => {
    const g = read(
      model(
        [1, 2],
        [
          node('Bernoulli', ['x'], {}, ['a']),
          node('Relu', ['a'], {}, ['b']),
          { ...node('Attention', ['b'], {}, ['c']), domain: 'my.domain' },
          node('Relu', ['c']),
        ],
      ),
    );
    expect(g.nodes.map((n) => n.attrs.operator ?? n.op)).toEqual(['Bernoulli', 'clamp', 'my.domain.Attention', 'Relu']);
    expect(g.nodes[3].attrs.reason).toMatch(/depends on my\.domain\.Attention/);
  });

  it('takes the shape behind an unknown operator from the file', () => {
    const g = read(
      model([1, 2], [node('Foo', ['x'], {}, ['a']), node('Relu', ['a'])], [], {
        values: [{ name: 'a', dims: ['batch', 7] }],
      }),
    );
    expect(g.nodes.map((n) => n.op)).toEqual(['unsupported', 'clamp']);
    expect(g.tensors[g.outputs[0]].shape).toEqual([1, 7]);
  });

  it('says why', () => {
    const cases: [TestGraph, RegExp][] = [
      [model([1, 1, 4, 4], [node('Conv', ['x', 'x'])]), /weights are computed/],
      [model([1, 1, 4, 4, 4], [node('Conv', ['x', 'w'])], [f32('w', [1, 1, 1, 1, 1])]), /5 dimensions/],
      [model([1, 2], [node('Pad', ['x', 'p'], { mode: { text: 'wrap' } })], [i64('p', 0, 1, 0, 1)]), /wrap/],
      [model([1, 2], [node('Reshape', ['x', 'x'])]), /computed/],
      [model([1, 2], [node('Add', ['x', 'c'])], [{ ...f32('c', [2]), isExternal: true }]), /another file/],
      [model([1, 2], [node('Add', ['x', 'c'])], [{ name: 'c', type: 'string', dims: [1], texts: ['a'] }]), /text/],
    ];
    for (const [graph, expected] of cases)
      expect(String(read(graph).nodes[0].attrs.reason), String(expected)).toMatch(expected);
  });
});

describe('readOnnx: inputs, outputs and damage', () => {
  const relu = [node('Relu', ['x'])];

  it('makes a free batch 1 and refuses another free dimension by name', () => {
    expect(read(model(['n', 2], relu)).tensors[0].shape).toEqual([1, 2]);
    expect(read(model([0, 2], relu)).tensors[0].shape).toEqual([1, 2]);
    expect(sentence(model([1, 'time'], relu))).toMatch(/'x' \(input\): dimension 1 \('time'\) is not fixed/);
    expect(sentence({ ...model([1], relu), inputs: [{ name: 'x' }] })).toMatch(/no shape/);
  });

  it('gives an output of its own to a model that only passes its input on', () => {
    const g = read(model([1, 2], [node('Identity', ['x'])]));
    expect(ops(g)).toEqual(['reshape']);
    expect(g.outputs).not.toEqual(g.inputs);
  });

  it('reads constants that are also listed as inputs', () => {
    const graph = model([1, 2], [node('Add', ['x', 'c'])], [f32('c', [2])]);
    graph.inputs.push({ name: 'c', dims: [2] });
    expect(read(graph).inputs).toHaveLength(1);
  });

  it('names what is broken', () => {
    const cases: [TestGraph, RegExp][] = [
      [model([1, 2], relu, [], { opset: 5 }), /opset 5/],
      [model([1, 2], [node('Relu', ['gone'])]), /'gone', which nothing has computed/],
      [model([1, 2], [...relu, ...relu]), /'y' is computed twice/],
      [model([1, 2], []), /no nodes/],
      [{ ...model([1, 2], relu), outputs: [] }, /no outputs/],
      [model([1, 2], [node('Add', ['x', 'c'])], [{ ...f32('c', [2]), dims: [3] }]), /'c' needs 12 bytes, it has 8/],
      [
        model(
          [1, 2],
          [node('Add', ['x', 'c'])],
          [{ name: 'c', type: 'float', dims: [2], typed: { field: 4, values: [1] } }],
        ),
        /2 elements/,
      ],
      [model([1, 2], [node('Reshape', ['x', 's'])], [i64('s', 3)]), /cannot take shape/],
      [model([1, 2, 4, 4], [node('Conv', ['x', 'w'])], [f32('w', [2, 3, 1, 1])]), /2 channels, 1 groups/],
      [model([1, 2], [node('Transpose', ['x'], { perm: { ints: [0, 0] } })]), /no permutation/],
      [model([1, 2], [node('Softmax', ['x'], { axis: { text: 'one' } })]), /attribute 'axis' has the wrong type/],
      [model([1, 2], [node('LeakyRelu', ['x'], { alpha: { float: Number.NaN } })]), /alpha is NaN/],
      [
        model([1, 1, 4, 4], [node('MaxPool', ['x'], { kernel_shape: { ints: [2, 2] }, strides: { ints: [0, 1] } })]),
        /strides is \[0,1\]/,
      ],
      [model([1, 2], [node('Gemm', ['x', 'c'])], [f32('c', [3, 2])]), /matrices of shapes \[1,2\] and \[3,2\]/],
    ];
    for (const [graph, expected] of cases) expect(sentence(graph), String(expected)).toMatch(expected);
  });

  it('does not let constants double themselves out of memory', () => {
    const doubling = Array.from({ length: 60 }, (_, i) =>
      node('Concat', [`c${i}`, `c${i}`], { axis: { int: 0 } }, [`c${i + 1}`]),
    );
    expect(sentence(model([1, 2], [...doubling, ...relu], [i64('c0', 1, 2)]))).toMatch(/out of proportion/);
    expect(sentence(model([1, 2], [node('ConstantOfShape', ['s'])], [i64('s', 100000, 100000)]))).toMatch(
      /out of proportion/,
    );
  });
});
