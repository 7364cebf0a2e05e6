// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { f32, read, sentence, single } from './testing/tfliteCases.js';
import { code, type TestModel, type TestTensor } from './testing/tfliteWriter.js';
import * as schema from './tflite/schema.js';

const { Conv2DOptions, DepthwiseConv2DOptions, FullyConnectedOptions, Pool2DOptions } = schema;

describe('readTflite: layers', () => {
  const conv = (
    set: [typeof Conv2DOptions.padding | typeof Conv2DOptions.strideW, number][],
    output: number[],
  ): TestModel =>
    single([f32([1, 5, 6, 2]), f32([3, 3, 2, 2], new Float32Array(36)), f32([3], new Float32Array(3)), f32(output)], {
      code: code.conv2d,
      options: { table: Conv2DOptions, set },
    });

  it('resolves SAME with the odd element behind', () => {
    const graph = read(
      conv(
        [
          [Conv2DOptions.padding, 0],
          [Conv2DOptions.strideH, 2],
          [Conv2DOptions.strideW, 1],
          [Conv2DOptions.activation, 3],
        ],
        [1, 3, 6, 3],
      ),
    );
    expect(graph.nodes).toEqual([
      {
        op: 'conv2d',
        name: 'CONV_2D',
        inputs: [0, 2, 3],
        outputs: [1],
        attrs: { strides: [2, 1], dilations: [1, 1], pads: [1, 0, 1, 1], groups: 1, activation: { min: 0, max: 6 } },
      },
    ]);
    expect(graph.tensors.map((t) => t.shape)).toEqual([[1, 5, 6, 2], [1, 3, 6, 3], [3, 3, 2, 2], [3]]);
  });

  it('reads VALID and dilation', () => {
    const { nodes } = read(
      conv(
        [
          [Conv2DOptions.padding, 1],
          [Conv2DOptions.strideH, 1],
          [Conv2DOptions.strideW, 1],
          [Conv2DOptions.dilationH, 2],
        ],
        [1, 1, 5, 3],
      ),
    );
    expect(nodes[0].attrs).toEqual({ strides: [1, 1], dilations: [2, 1], pads: [0, 0, 0, 0], groups: 1 });
  });

  it('refuses a stated shape that the operator does not give', () => {
    expect(
      sentence(
        conv(
          [
            [Conv2DOptions.padding, 1],
            [Conv2DOptions.strideH, 1],
            [Conv2DOptions.strideW, 1],
          ],
          [1, 5, 6, 3],
        ),
      ),
    ).toMatch(/the file says shape \[1,5,6,3\], the operator gives \[1,3,5,3\]/);
  });

  it('refuses strides of zero and options of another operator', () => {
    expect(
      sentence(
        conv(
          [
            [Conv2DOptions.padding, 1],
            [Conv2DOptions.strideH, 0],
          ],
          [1, 3, 4, 3],
        ),
      ),
    ).toMatch(/the stride is 0/);
    const model = conv([], [1, 3, 4, 3]);
    model.operators[0].options = { table: Pool2DOptions };
    expect(sentence(model)).toMatch(/options are of type 5, not 1/);
  });

  it('finds groups in the weights', () => {
    const { nodes } = read(
      single([f32([1, 1, 1, 4]), f32([6, 1, 1, 2], new Float32Array(12)), f32([1, 1, 1, 6])], {
        code: code.conv2d,
        options: {
          table: Conv2DOptions,
          set: [
            [Conv2DOptions.strideH, 1],
            [Conv2DOptions.strideW, 1],
          ],
        },
      }),
    );
    expect(nodes[0].attrs.groups).toBe(2);
    expect(nodes[0].inputs).toHaveLength(2);
  });

  it('finds the depth multiplier in the weights', () => {
    const { nodes } = read(
      single([f32([1, 4, 4, 2]), f32([1, 3, 3, 6], new Float32Array(54)), f32([1, 4, 4, 6])], {
        code: code.depthwiseConv2d,
        options: {
          table: DepthwiseConv2DOptions,
          set: [
            [DepthwiseConv2DOptions.strideH, 1],
            [DepthwiseConv2DOptions.strideW, 1],
          ],
        },
      }),
    );
    expect(nodes[0]).toMatchObject({ op: 'depthwiseConv2d', attrs: { multiplier: 3, pads: [1, 1, 1, 1] } });
  });

  it('reads int8 with scales per channel, and a bias left out', () => {
    const graph = read(
      single(
        [
          { type: 'int8', shape: [1, 2], scales: [0.5], zeroPoints: [-3], name: 'x' },
          {
            type: 'int8',
            shape: [3, 2],
            data: Int8Array.of(1, -2, 3, -4, 5, -6),
            scales: [1, 2, 4],
            zeroPoints: [0, 0, 0],
            name: 'w',
          },
          { type: 'int8', shape: [1, 3], scales: [2], zeroPoints: [7], name: 'y' },
        ],
        { code: code.fullyConnected, inputs: [0, 1, -1], options: { table: FullyConnectedOptions } },
      ),
    );
    expect(graph.source.quantized).toBe(true);
    expect(graph.nodes[0].inputs).toHaveLength(2);
    const w = graph.tensors[graph.nodes[0].inputs[1]];
    expect(w.data).toEqual(Int8Array.of(1, -2, 3, -4, 5, -6));
    expect(w.quant).toEqual({ scales: Float64Array.of(1, 2, 4), zeroPoints: new Int32Array(3), axis: 0 });
    expect(graph.tensors[0].quant).toEqual({ scales: Float64Array.of(0.5), zeroPoints: Int32Array.of(-3), axis: 0 });
  });

  it('reads int16 activations with a 64-bit bias', () => {
    const graph = read(
      single(
        [
          { type: 'int16', shape: [1, 2], scales: [0.5] },
          { type: 'int8', shape: [1, 2], data: Int8Array.of(1, 2), scales: [1] },
          { type: 'int64', shape: [1], data: BigInt64Array.of(-(2n ** 40n)), scales: [0.5] },
          { type: 'int16', shape: [1, 1], scales: [2] },
        ],
        { code: code.fullyConnected, options: { table: FullyConnectedOptions } },
      ),
    );
    expect(graph.nodes[0].op).toBe('fullyConnected');
    expect(graph.tensors[graph.nodes[0].inputs[2]].data).toEqual(BigInt64Array.of(-(2n ** 40n)));
    expect(graph.tensors[graph.outputs[0]].dtype).toBe('int16');
  });

  it('turns hybrid weights into float32 and says so', () => {
    const graph = read(
      single(
        [
          f32([1, 2]),
          {
            type: 'int8',
            shape: [2, 2],
            data: Int8Array.of(1, 2, 3, 4),
            scales: [0.5, 2],
            zeroPoints: [0, 1],
            axis: 0,
          },
          f32([1, 2]),
        ],
        { code: code.fullyConnected, options: { table: FullyConnectedOptions } },
      ),
    );
    expect(graph.tensors[graph.nodes[0].inputs[1]].data).toEqual(Float32Array.of(0.5, 1, 4, 6));
    expect(graph.notes?.join()).toMatch(/int8 weights/);
    expect(graph.source.quantized).toBe(false);
  });

  it('gives the leading dimensions back (keep_num_dims)', () => {
    const { nodes } = read(
      single([f32([1, 3, 2]), f32([4, 2], new Float32Array(8)), f32([1, 3, 4])], {
        code: code.fullyConnected,
        options: { table: FullyConnectedOptions, set: [[FullyConnectedOptions.keepNumDims, 1]] },
      }),
    );
    expect(nodes.map((n) => n.op)).toEqual(['fullyConnected', 'reshape']);
    expect(nodes[1].attrs).toEqual({ shape: [1, 3, 4] });
  });

  it('reads pooling', () => {
    const { nodes } = read(
      single([f32([1, 4, 6, 2]), f32([1, 2, 2, 2])], {
        code: code.averagePool2d,
        options: {
          table: Pool2DOptions,
          set: [
            [Pool2DOptions.padding, 1],
            [Pool2DOptions.strideH, 2],
            [Pool2DOptions.strideW, 3],
            [Pool2DOptions.filterH, 2],
            [Pool2DOptions.filterW, 3],
          ],
        },
      }),
    );
    expect(nodes[0]).toMatchObject({
      op: 'averagePool2d',
      attrs: { kernel: [2, 3], strides: [2, 3], pads: [0, 0, 0, 0], countIncludePad: false },
    });
  });
});

describe('readTflite: what mote does not have', () => {
  const unsupported = (model: TestModel): object => {
    const { nodes } = read(model);
    expect(nodes[0].op).toBe('unsupported');
    return nodes[0].attrs;
  };

  it('lists every unknown operator, builtin, young or custom, and reads on', () => {
    const graph = read({
      tensors: [f32([1, 2]), f32([1, 2]), f32([1, 2]), f32([1, 2]), f32([1, 2])],
      operators: [
        { code: code.lstm, inputs: [0], outputs: [1] },
        { code: code.relu, inputs: [1], outputs: [2] },
        { code: code.custom, customCode: 'MyOp', inputs: [2], outputs: [3] },
        { code: 999, inputs: [3], outputs: [4] },
      ],
      inputs: [0],
      outputs: [4],
    });
    expect(graph.nodes.map((n) => n.attrs.operator ?? n.op)).toEqual(['LSTM', 'clamp', 'MyOp', 'BUILTIN 999']);
    expect(graph.nodes[0].attrs.change).toMatch(/replace LSTM/);
  });

  it('never takes a custom operator for a builtin one', () => {
    for (const customCode of ['ADD', 'constructor', 'toString']) {
      const model = single([f32([1, 2]), f32([1, 2])], { code: code.custom, customCode });
      expect(unsupported(model)).toMatchObject({ operator: customCode, reason: 'mote has no such operator' });
    }
  });

  it('says why', () => {
    const fc = { code: code.fullyConnected, options: { table: FullyConnectedOptions } };
    expect(unsupported({ ...single([f32([1, 2]), f32([3, 2]), f32([1, 3])], fc), inputs: [0, 1] })).toMatchObject({
      operator: 'FULLY_CONNECTED',
      reason: expect.stringMatching(/weights .* are computed/),
    });
    expect(
      unsupported(
        single([f32([1, 2]), f32([3, 2], new Float32Array(6)), f32([1, 3])], {
          ...fc,
          options: { table: FullyConnectedOptions, set: [[FullyConnectedOptions.weightsFormat, 1]] },
        }),
      ),
    ).toMatchObject({ reason: expect.stringMatching(/shuffled/) });
    expect(
      unsupported(
        single([f32([1, 2]), { ...f32([3, 2], new Float32Array(6)), isSparse: true, name: 'w' }, f32([1, 3])], fc),
      ),
    ).toMatchObject({ reason: "tensor 'w' is stored sparse" });
    expect(
      unsupported(
        single([f32([1, 2]), f32([2], Float32Array.of(1, 2)), f32([1, 2])], {
          code: code.add,
          options: { table: schema.AddOptions, set: [[schema.AddOptions.activation, 4]] },
        }),
      ),
    ).toMatchObject({ reason: expect.stringMatching(/TANH/) });
    expect(
      unsupported(
        single([f32([1, 2]), { type: 'string', shape: [1], data: Uint8Array.of(0), name: 's' }, f32([1, 2])], {
          code: code.add,
          options: { table: schema.AddOptions },
        }),
      ),
    ).toMatchObject({ reason: "tensor 's' holds STRING values" });
    expect(
      unsupported(
        single([f32([1, 2]), { ...f32([1, 2]), isVariable: true, name: 'state' }, f32([1, 2])], {
          code: code.add,
          options: { table: schema.AddOptions },
        }),
      ),
    ).toMatchObject({ reason: expect.stringMatching(/keeps state in 'state'/) });
  });

  it('drops shape arithmetic that nothing needs once the shapes are known', () => {
    const graph = read({
      tensors: [f32([1, 6]), { type: 'int32', shape: [2] }, f32([1, 3, 2])],
      operators: [
        { code: 77, inputs: [0], outputs: [1] },
        { code: code.reshape, inputs: [0, 1], outputs: [2] },
      ],
      inputs: [0],
      outputs: [2],
    });
    expect(graph.nodes.map((n) => n.op)).toEqual(['reshape']);
  });
});

describe('readTflite: inputs and damage', () => {
  const relu = (input: TestTensor, output: TestTensor, more: Partial<TestModel> = {}): TestModel => ({
    ...single([input, output], { code: code.relu }),
    ...more,
  });

  it('makes a free batch 1', () => {
    const graph = read(relu({ ...f32([1, 2]), signature: [-1, 2] }, f32([1, 2])));
    expect(graph.tensors[0].shape).toEqual([1, 2]);
    expect(
      read(relu({ ...f32([-1, 2]), signature: [-1, 2] }, { ...f32([-1, 2]), signature: [-1, 2] })).tensors[1].shape,
    ).toEqual([1, 2]);
  });

  it('refuses another free dimension by name', () => {
    expect(sentence(relu({ ...f32([1, 1]), signature: [-1, -1], name: 'audio' }, f32([1, 1])))).toMatch(
      /'audio'.*dimension 1/,
    );
  });

  it('names what is broken', () => {
    const x = f32([1, 2]);
    const w = (scales: number[], zeroPoints = [0]): TestModel =>
      single(
        [
          { type: 'int8', shape: [1, 2], scales, zeroPoints, name: 'q' },
          { type: 'int8', shape: [1, 2] },
        ],
        { code: code.relu },
      );
    const cases: [TestModel, RegExp][] = [
      [relu(x, x, { version: 2 }), /schema version 2/],
      [relu(x, x, { operators: [] }), /no operators/],
      [relu(x, x, { outputs: [] }), /no outputs/],
      [relu(x, x, { outputs: [7] }), /tensor 7 of 2/],
      [relu(x, x, { inputs: [] }), /nothing has computed/],
      [relu(x, f32([1, 3])), /\[1,3\]/],
      [relu(f32([-2, 2]), x), /shape \[-2,2\]/],
      [relu(f32([65536, 65536]), f32([65536, 65536])), /17179869184 bytes/],
      [w([0]), /'q' has the scale 0/],
      [w([Number.NaN]), /the scale NaN/],
      [w([1], [200]), /the zero point 200/],
      [w([1, 1, 1]), /3 scales on axis 0/],
      [w([1, 1], [0, 0, 0]), /2 scales and 3 zero points/],
      [
        single([x, { ...f32([2], new Float32Array(3)), name: 'c' }, x], { code: code.maximum }),
        /'c' of shape \[2\] needs 8 bytes, it has 12/,
      ],
      [
        {
          ...relu(x, x),
          operators: [
            { code: code.relu, inputs: [0], outputs: [1] },
            { code: code.relu, inputs: [0], outputs: [1] },
          ],
        },
        /computed twice/,
      ],
    ];
    for (const [model, expected] of cases) expect(sentence(model), String(expected)).toMatch(expected);
  });
});
