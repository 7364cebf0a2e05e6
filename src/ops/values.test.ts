// SPDX-License-Identifier: Apache-2.0
// Operators on small numbers worked out by hand, and the rules that TensorFlow Lite fixes.
import { describe, expect, it } from 'vitest';
import {
  type Attrs,
  addTensor,
  type DType,
  elementCount,
  emptyGraph,
  type Graph,
  makeData,
  type Node,
  quantOf,
  type TensorData,
} from '../model/graph.js';
import { opSpec } from './index.js';
import type { Rounding } from './op.js';

interface Input {
  shape: number[];
  values: readonly number[];
  dtype?: DType;
  quant?: [scale: number, zeroPoint: number];
}

interface Output {
  dtype?: DType;
  quant?: [scale: number, zeroPoint: number];
}

function nodeOf(
  op: string,
  attrs: Attrs,
  inputs: readonly Input[],
  output: Output,
): { graph: Graph; node: Node; data: TensorData[] } {
  const graph = emptyGraph('unit', { format: 'mote', quantized: false });
  const data = inputs.map(({ dtype = 'float32', values, shape }) => {
    const d = makeData(dtype, elementCount(shape)) as Float32Array;
    d.set(values);
    return d;
  });
  const ids = inputs.map((t, i) =>
    addTensor(graph, {
      name: `in${i}`,
      dtype: t.dtype ?? 'float32',
      shape: t.shape,
      ...(t.quant ? { quant: quantOf(...t.quant) } : {}),
      ...(i > 0 ? { data: data[i] } : {}),
    }),
  );
  const out = addTensor(graph, {
    name: 'out',
    dtype: output.dtype ?? inputs[0].dtype ?? 'float32',
    shape: [],
    ...(output.quant ? { quant: quantOf(...output.quant) } : {}),
  });
  return { graph, data, node: { op, name: op, inputs: ids, outputs: [out], attrs } };
}

function run(
  op: string,
  attrs: Attrs,
  inputs: readonly Input[],
  output: Output = {},
  rounding: Rounding = 'tflite',
): { shape: number[]; values: number[] } {
  const { graph, node, data } = nodeOf(op, attrs, inputs, output);
  const spec = opSpec(op);
  if (!spec) throw new Error(op);
  const [inferred] = spec.infer(node, graph);
  Object.assign(graph.tensors[node.outputs[0]], inferred);
  const [result] = spec.evaluate(node, data, { graph, rounding });
  return { shape: inferred.shape, values: Array.from(result as Float32Array) };
}

const window = { strides: [1, 1], dilations: [1, 1], pads: [0, 0, 0, 0] };
const row = (...values: number[]): Input => ({ shape: [1, 1, values.length, 1], values });

describe('layers with weights', () => {
  it('conv2d sums products over the window and leaves out the padding', () => {
    const x = { shape: [1, 3, 3, 1], values: [1, 2, 3, 4, 5, 6, 7, 8, 9] };
    const w = { shape: [1, 2, 2, 1], values: [1, 2, 3, 4] };
    const bias = { shape: [1], values: [10] };
    expect(run('conv2d', { ...window, groups: 1 }, [x, w, bias])).toEqual({
      shape: [1, 2, 2, 1],
      values: [47, 57, 77, 87],
    });
    expect(run('conv2d', { ...window, pads: [1, 1, 0, 0], groups: 1 }, [x, w, bias]).values.slice(0, 4)).toEqual([
      14, 21, 28, 28,
    ]);
  });

  it('conv2d in groups reads only its own channels; dilation spreads the taps', () => {
    const x = { shape: [1, 1, 1, 4], values: [1, 2, 3, 4] };
    expect(
      run('conv2d', { ...window, groups: 2 }, [x, { shape: [2, 1, 1, 2], values: [1, 10, 100, 1000] }]).values,
    ).toEqual([21, 4300]);
    expect(
      run('conv2d', { ...window, dilations: [1, 2], groups: 1 }, [
        row(1, 2, 3, 4),
        { shape: [1, 1, 2, 1], values: [1, 10] },
      ]).values,
    ).toEqual([31, 42]);
  });

  it('int8 conv2d: real values come out right, and the fused ReLU is a bound', () => {
    const x: Input = { ...row(10, 20, -30), dtype: 'int8', quant: [0.5, -10] };
    const w: Input = { shape: [1, 1, 1, 1], values: [4], dtype: 'int8', quant: [0.25, 0] };
    // real: 10, 15, -10 times 1, in steps of 1 from zero point 5
    expect(run('conv2d', { ...window, groups: 1 }, [x, w], { quant: [1, 5] }).values).toEqual([15, 20, -5]);
    const relu = { ...window, groups: 1, activation: { min: 0, max: 12 } };
    expect(run('conv2d', relu, [x, w], { quant: [1, 5] }).values).toEqual([15, 17, 5]);
  });

  it('int16 conv2d rounds ties up with 64-bit biases, and as int8 does with 32-bit ones', () => {
    const x: Input = { ...row(1000, -2000), dtype: 'int16', quant: [2 ** -10, 0] };
    const w: Input = { shape: [1, 1, 1, 1], values: [100], dtype: 'int8', quant: [2 ** -5, 0] };
    const bias = (dtype: DType): Input => ({ shape: [1], values: [], dtype });
    const conv = (dtype: DType) =>
      run('conv2d', { ...window, groups: 1 }, [x, w, bias(dtype)], { quant: [2 ** -8, 0] }).values;
    expect([conv('int64'), conv('int32')]).toEqual([
      [781, -1562],
      [781, -1563],
    ]);
  });

  it('depthwiseConv2d keeps channels apart', () => {
    const x = { shape: [1, 1, 2, 2], values: [1, 2, 3, 4] };
    const w = { shape: [1, 1, 2, 4], values: [1, 2, 3, 4, 10, 20, 30, 40] };
    expect(run('depthwiseConv2d', { ...window, multiplier: 2 }, [x, w])).toEqual({
      shape: [1, 1, 1, 4],
      values: [31, 62, 46 + 80, 8 + 160],
    });
  });

  it('fullyConnected reads rows, and takes a weight zero point', () => {
    const w: Input = { shape: [2, 3], values: [1, 2, 3, 0, 0, 1] };
    expect(run('fullyConnected', {}, [{ shape: [2, 3], values: [1, 1, 1, 2, 3, 4] }, w])).toEqual({
      shape: [2, 2],
      values: [6, 1, 20, 4],
    });
    const x8: Input = { shape: [1, 2], values: [3, 5], dtype: 'int8', quant: [1, 1] };
    const w8: Input = { shape: [1, 2], values: [7, 9], dtype: 'int8', quant: [1, 2] };
    expect(run('fullyConnected', {}, [x8, w8], { quant: [1, 0] }).values).toEqual([2 * 5 + 4 * 7]);
  });
});

describe('elementwise and pooling', () => {
  it('int8 add joins two scales', () => {
    const a: Input = { shape: [3], values: [10, -10, 127], dtype: 'int8', quant: [0.5, 0] };
    const b: Input = { shape: [3], values: [4, 4, 127], dtype: 'int8', quant: [0.25, 0] };
    expect(run('add', {}, [a, b], { quant: [0.5, 0] }).values).toEqual([12, -8, 127]);
    expect(run('sub', {}, [a, b], { quant: [0.5, 0] }).values).toEqual([8, -12, 64]);
    expect(run('mul', {}, [a, b], { quant: [0.5, 1] }).values).toEqual([11, -9, 127]);
  });

  it('float arithmetic broadcasts', () => {
    const a = { shape: [2, 2], values: [1, 2, 3, 4] };
    const b = { shape: [2], values: [10, 20] };
    expect(run('sub', {}, [a, b]).values).toEqual([-9, -18, -7, -16]);
    expect(run('div', {}, [a, b]).values).toEqual([0.1, 0.1, 0.3, 0.2].map(Math.fround));
    expect(run('maximum', {}, [a, { shape: [], values: [2.5] }]).values).toEqual([2.5, 2.5, 3, 4]);
    expect(run('add', { activation: { min: 0, max: 12 } }, [a, b]).values).toEqual([11, 12, 12, 12]);
  });

  it('average pooling rounds ties away from zero and counts padding when asked', () => {
    const x = (values: number[], quant: [number, number]): Input => ({ ...row(...values), dtype: 'int8', quant });
    const attrs = { kernel: [1, 2], strides: [1, 2], pads: [0, 0, 0, 0], countIncludePad: false };
    expect(run('averagePool2d', attrs, [x([1, 2, -1, -2], [1, 0])], { quant: [1, 0] }).values).toEqual([2, -2]);
    const padded = { ...attrs, pads: [0, 1, 0, 0], strides: [1, 1] };
    expect(run('averagePool2d', padded, [x([8, 4], [1, 2])], { quant: [1, 2] }).values).toEqual([8, 6]);
    expect(
      run('averagePool2d', { ...padded, countIncludePad: true }, [x([8, 4], [1, 2])], { quant: [1, 2] }).values,
    ).toEqual([5, 6]);
  });

  it('max pooling', () => {
    const attrs = { kernel: [1, 2], strides: [1, 1], dilations: [1, 2], pads: [0, 0, 0, 0] };
    expect(run('maxPool2d', attrs, [row(-5, 3, -7, -2)]).values).toEqual([-5, 3]);
  });

  it('mean divides and cuts with one scale, and rounds with two', () => {
    const x: Input = { shape: [1, 3, 1, 2], values: [1, -1, 1, -1, 3, -3], dtype: 'int8', quant: [1, 0] };
    const attrs = { axes: [1, 2], keepDims: false };
    expect(run('mean', attrs, [x], { quant: [1, 0] })).toEqual({ shape: [1, 2], values: [1, -1] });
    expect(run('mean', attrs, [x], { quant: [0.5, 0] }).values).toEqual([3, -3]);
    expect(run('mean', { axes: [-1], keepDims: true }, [{ shape: [2, 2], values: [1, 2, 3, 5] }])).toEqual({
      shape: [2, 1],
      values: [1.5, 4],
    });
  });

  it('softmax: int8 and int16 are within a step of the real one', () => {
    const values = [10, 20, 30, -128, 29];
    const exps = values.map((v) => Math.exp((v - 30) * 0.1));
    const real = exps.map((e) => e / exps.reduce((a, b) => a + b));
    const int8 = run('softmax', { axis: 1, beta: 1 }, [
      { shape: [1, 5], values, dtype: 'int8', quant: [0.1, 3] },
    ]).values;
    int8.forEach((q, i) => {
      expect(Math.abs((q + 128) / 256 - real[i])).toBeLessThan(1 / 256);
    });
    const int16 = run('softmax', { axis: 1, beta: 1 }, [
      { shape: [1, 5], values: values.map((v) => v * 100), dtype: 'int16', quant: [0.001, 0] },
    ]).values;
    int16.forEach((q, i) => {
      expect(Math.abs(q / 32768 - real[i])).toBeLessThan(2e-4);
    });
  });

  it.each([
    ['logistic', (x: number) => 1 / (1 + Math.exp(-x)), [1 / 256, -128]],
    ['tanh', Math.tanh, [1 / 128, 0]],
    ['hardSwish', (x: number) => (x * Math.min(6, Math.max(0, x + 3))) / 6, [1 / 16, 0]],
    ['leakyRelu', (x: number) => (x > 0 ? x : 0.25 * x), [1 / 16, 4]],
  ] as const)('int8 %s is within a step of the real one', (op, real, quant) => {
    const values = Array.from({ length: 256 }, (_, i) => i - 128);
    const got = run(op, { alpha: 0.25 }, [{ shape: [256], values, dtype: 'int8', quant: [1 / 16, 5] }], {
      quant: [...quant],
    }).values;
    got.forEach((q, i) => {
      const exact = Math.min(127, Math.max(-128, real((values[i] - 5) / 16) / quant[0] + quant[1]));
      expect(Math.abs(q - exact), `input ${values[i]}`).toBeLessThan(1.01);
    });
  });

  it.each([
    ['logistic', (x: number) => 1 / (1 + Math.exp(-x))],
    ['tanh', Math.tanh],
  ] as const)('int16 %s is within 4 steps', (op, real) => {
    const values = Array.from({ length: 200 }, (_, i) => i * 320 - 32000);
    const got = run(op, {}, [{ shape: [200], values, dtype: 'int16', quant: [2 ** -12, 0] }], {
      quant: [1 / 32768, 0],
    }).values;
    got.forEach((q, i) => {
      expect(Math.abs(q - real(values[i] / 4096) * 32768)).toBeLessThan(op === 'tanh' ? 8 : 4);
    });
  });

  it('quantize rounds ties away from zero and saturates; dequantize goes back', () => {
    const q = run('quantize', {}, [{ shape: [5], values: [0.25, -0.25, 100, -100, 0.24] }], {
      dtype: 'int8',
      quant: [0.5, 1],
    }).values;
    expect(q).toEqual([2, 0, 127, -128, 1]);
    expect(
      run('dequantize', {}, [{ shape: [2], values: [2, -128], dtype: 'int8', quant: [0.5, 1] }], { dtype: 'float32' })
        .values,
    ).toEqual([0.5, -64.5]);
    expect(
      run('quantize', {}, [{ shape: [2], values: [10, -10], dtype: 'int8', quant: [0.5, 0] }], {
        dtype: 'int16',
        quant: [0.01, 0],
      }).values,
    ).toEqual([500, -500]);
  });

  it('clamp, batchNorm, matmul', () => {
    expect(run('clamp', { min: 0, max: 6 }, [{ shape: [3], values: [-1, 3, 9] }]).values).toEqual([0, 3, 6]);
    const one = { shape: [1], values: [1] };
    const norm = [
      { shape: [2, 1], values: [3, 5] },
      { shape: [1], values: [2] },
      one,
      { shape: [1], values: [3] },
      { shape: [1], values: [3] },
    ];
    expect(run('batchNorm', { epsilon: 1 }, norm).values).toEqual([1, 3]);
    expect(
      run('matmul', {}, [
        { shape: [1, 2], values: [1, 2] },
        { shape: [2, 2], values: [3, 4, 5, 6] },
      ]).values,
    ).toEqual([13, 16]);
  });
});

describe('data movement', () => {
  const grid = { shape: [2, 3], values: [1, 2, 3, 4, 5, 6] };

  it('transpose, slice, reshape', () => {
    expect(run('transpose', { perm: [1, 0] }, [grid])).toEqual({ shape: [3, 2], values: [1, 4, 2, 5, 3, 6] });
    expect(run('slice', { begin: [0, 0], size: [2, 2], strides: [1, 2] }, [grid])).toEqual({
      shape: [2, 2],
      values: [1, 3, 4, 6],
    });
    expect(run('reshape', { shape: [3, 2] }, [grid])).toEqual({ shape: [3, 2], values: grid.values });
  });

  it('pad puts the real value around, also in integers', () => {
    const attrs = {
      pads: [
        [0, 1],
        [1, 0],
      ],
      value: 1,
    };
    expect(run('pad', attrs, [grid])).toEqual({ shape: [3, 4], values: [1, 1, 2, 3, 1, 4, 5, 6, 1, 1, 1, 1] });
    const q: Input = { shape: [1, 1], values: [9], dtype: 'int8', quant: [0.5, 3] };
    expect(run('pad', attrs, [q], { quant: [0.5, 3] }).values).toEqual([5, 9, 5, 5]);
  });

  it('concat puts blocks side by side, rescaled where they must be', () => {
    expect(run('concat', { axis: 1 }, [grid, { shape: [2, 1], values: [7, 8] }])).toEqual({
      shape: [2, 4],
      values: [1, 2, 3, 7, 4, 5, 6, 8],
    });
    const a: Input = { shape: [2], values: [1, 2], dtype: 'int8', quant: [1, 0] };
    const b: Input = { shape: [1], values: [3], dtype: 'int8', quant: [2, 1] };
    expect(run('concat', { axis: 0 }, [a, b], { quant: [1, 0] }).values).toEqual([1, 2, 4]);
  });
});

describe('refusals', () => {
  const conv = (x: Partial<Input>, w: Partial<Input>, attrs: Attrs = {}): string | undefined => {
    const inputs: Input[] = [
      { ...row(1, 2), dtype: 'int8', quant: [1, 0], ...x },
      { shape: [1, 1, 1, 1], values: [1], dtype: 'int8', quant: [1, 0], ...w },
    ];
    const { graph, node } = nodeOf('conv2d', { ...window, groups: 1, ...attrs }, inputs, { quant: [1, 0] });
    return opSpec('conv2d')?.unsupported?.(node, graph)?.reason;
  };

  it('say what has no kernel', () => {
    expect(conv({}, {})).toBeUndefined();
    expect(conv({ dtype: 'uint8' }, {})).toContain('no kernel for uint8 input');
    expect(conv({}, { quant: [1, 3] })).toBe('its weights have a zero point');
    expect(conv({ dtype: 'int16', quant: [1, 7] }, {})).toBe('its int16 activations have a zero point');
  });

  it('say what is wrong with a shape', () => {
    expect(() => conv({}, { shape: [1, 1, 3, 1], values: [1, 1, 1] })).toThrow(
      'the window 1 x 3 is larger than the padded image',
    );
    expect(() => conv({}, {}, { groups: 2 })).toThrow("'groups' must be an integer from 1 to 1");
    expect(() => conv({ shape: [2, 1, 1, 1] }, {})).toThrow('the batch size is 2, not 1');
  });
});
