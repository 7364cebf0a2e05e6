// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Graph, perTensorQuant, type Quant, quantOf, type TensorData, type TensorId } from '../model/graph.js';
import { canonicalize } from './index.js';
import { GraphBuilder, randomInputs, randomValues, relativeError, runGraph } from './testing/graphBuilder.js';

const same = { strides: [1, 1], dilations: [1, 1], pads: [1, 1, 1, 1], groups: 1 };
const relu = { min: 0, max: null };
const ops = (graph: Graph): string[] => graph.nodes.map((n) => n.op);

/** int8 weights with one scale per output channel (first dimension), behind a dequantize. */
function weights(b: GraphBuilder, shape: number[], seed: number): TensorId {
  const n = shape.reduce((x, y) => x * y, 1);
  const quant = {
    scales: randomValues(seed, shape[0]).map((v) => 0.004 * (1.5 + v)),
    zeroPoints: new Int32Array(shape[0]),
    axis: 0,
  };
  const data = Int8Array.from(randomValues(seed + 1, n), (v) => Math.round(v * 127));
  return b.op('dequantize', [
    b.integers(shape, data, { ...quant, scales: Float64Array.from(quant.scales, Math.fround) }),
  ]);
}

function integersOnly(graph: Graph): void {
  for (const node of graph.nodes) {
    expect(node.op).not.toBe('dequantize');
    for (const id of [...node.inputs, ...node.outputs])
      if (id >= 0) expect(graph.tensors[id].dtype).not.toBe('float32');
  }
}

/** Real outputs of an integer graph for real inputs. */
function runIntegers(graph: Graph, inputs: Float32Array[]): Float64Array[] {
  const quantized = inputs.map((data, i): TensorData => {
    const { scale, zeroPoint } = perTensorQuant(graph.tensors[graph.inputs[i]]);
    return Int8Array.from(data, (v) => Math.max(-128, Math.min(127, Math.round(v / scale) + zeroPoint)));
  });
  return runGraph(graph, quantized).map((data, i) => {
    const { scale, zeroPoint } = perTensorQuant(graph.tensors[graph.outputs[i]]);
    return Float64Array.from(data as Int8Array, (q) => scale * (q - zeroPoint));
  });
}

/** Converts, requires integers only, and requires agreement to `steps` output steps with the fake-quantized graph. */
function check(graph: Graph, expected: string[], steps = 1.01): Graph {
  const after = canonicalize(graph);
  expect(ops(after)).toEqual(expected);
  integersOnly(after);
  for (const seed of [1, 2, 3]) {
    const inputs = randomInputs(graph, seed);
    const want = runGraph(graph, inputs);
    runIntegers(after, inputs).forEach((data, i) => {
      const step = perTensorQuant(after.tensors[after.outputs[i]]).scale * steps;
      for (const [k, v] of data.entries()) expect(Math.abs(v - Number(want[i][k]))).toBeLessThanOrEqual(step);
    });
  }
  return after;
}

const q = (scale: number, zero: number): Quant => quantOf(Math.fround(scale), zero);

describe('integerize', () => {
  it('makes convolution, relu, add, global pool, flatten, dense and softmax integer', () => {
    const b = new GraphBuilder('onnx');
    const x = b.fake(b.input([1, 3, 6, 4]), q(1 / 128, 0));
    const c1 = b.op('clamp', [b.nchw('conv2d', [x, weights(b, [4, 3, 3, 3], 1)], same)], relu);
    const f1 = b.fake(c1, q(0.02, -128));
    const f2 = b.fake(b.nchw('conv2d', [f1, weights(b, [4, 3, 3, 4], 5)], same), q(0.05, 3));
    const sum = b.fake(b.op('clamp', [b.op('add', [f1, f2])], relu), q(0.04, -128));
    const pooled = b.nchw('averagePool2d', [sum], {
      kernel: [6, 4],
      strides: [6, 4],
      pads: [0, 0, 0, 0],
      countIncludePad: false,
    });
    const flat = b.op('reshape', [b.fake(pooled, q(0.01, -128))], { shape: [1, 4] });
    const logits = b.fake(b.op('fullyConnected', [flat, weights(b, [5, 4], 9)]), q(0.02, 10));
    const graph = b.build(b.op('softmax', [logits], { axis: 1, beta: 1 }));
    const after = check(graph, ['conv2d', 'conv2d', 'add', 'mean', 'reshape', 'fullyConnected', 'softmax'], 6);
    expect(after.source.quantized).toBe(true);
    expect(after.tensors[after.outputs[0]]).toMatchObject({ dtype: 'int8', shape: [1, 5], quant: q(1 / 256, -128) });
    expect(after.tensors[after.inputs[0]]).toMatchObject({ dtype: 'int8', shape: [1, 6, 4, 3] });
  });

  it('is exact for one dense layer', () => {
    const b = new GraphBuilder('onnx');
    const bias = b.constant([3], [0.4, -0.2, 0.1]);
    const x = b.fake(b.input([1, 4]), q(0.01, 5));
    check(
      b.build(b.fake(b.op('fullyConnected', [x, weights(b, [3, 4], 2), bias]), q(0.02, -3))),
      ['fullyConnected'],
      1.01,
    );
  });

  it('shifts uint8 to int8, activations and weights alike', () => {
    const dense = (unsigned: boolean): Graph => {
      const [b, shift, type] = [
        new GraphBuilder('onnx'),
        unsigned ? 0 : 128,
        unsigned ? ('uint8' as const) : ('int8' as const),
      ];
      const x = b.fake(b.input([1, 4]), q(0.01, 130 - shift), type);
      const bytes = Array.from({ length: 12 }, (_, i) => 20 * i - shift);
      const stored = b.integers(
        [3, 4],
        unsigned ? Uint8Array.from(bytes) : Int8Array.from(bytes),
        q(0.01, 120 - shift),
      );
      const y = b.op('fullyConnected', [x, b.op('dequantize', [stored])]);
      return b.build(b.fake(y, q(0.02, 120 - shift), type));
    };
    // 20 * i - 120 fits int8, so the integers of the file stay.
    const signed = check(dense(false), ['fullyConnected']);
    expect(canonicalize(dense(true))).toEqual(signed);
    expect(signed.tensors[signed.outputs[0]].quant).toEqual(q(0.02, -8));
  });

  it('quantizes float weights between quantized activations', () => {
    const b = new GraphBuilder('onnx');
    const x = b.fake(b.input([1, 4]), q(0.01, 0));
    const w = b.constant([3, 4], randomValues(3, 12));
    check(b.build(b.fake(b.op('fullyConnected', [x, w]), q(0.02, 0))), ['fullyConnected'], 1.5);
  });

  it('passes integers through max pool, reshape, pad, slice and concat', () => {
    const b = new GraphBuilder('onnx');
    const x = b.fake(b.input([1, 2, 4, 4]), q(0.01, 7));
    const pool = b.nchw('maxPool2d', [x], { kernel: [2, 2], strides: [2, 2], dilations: [1, 1], pads: [0, 0, 0, 0] });
    const padded = b.op('pad', [b.fake(pool, q(0.01, 7))], {
      pads: [
        [0, 0],
        [0, 0],
        [1, 0],
        [0, 0],
      ],
      value: 0,
    });
    const cut = b.op('slice', [padded], { begin: [0, 0, 0, 0], size: [1, 2, 2, 2], strides: [1, 1, 1, 1] });
    const graph = b.build(b.fake(b.op('concat', [cut, cut], { axis: 1 }), q(0.02, 0)));
    const after = canonicalize(graph);
    integersOnly(after);
    expect(ops(after)).toContain('concat');
    const inputs = randomInputs(graph, 4);
    const [want] = runGraph(graph, inputs);
    expect(relativeError(runIntegers(after, inputs)[0] as unknown as Float32Array, want)).toBeLessThan(0.03);
  });

  it('reads integers through a dequantize where a float node has to stay', () => {
    const b = new GraphBuilder('onnx');
    const x = b.fake(b.input([1, 4]), q(0.01, 0));
    const y = b.op('fullyConnected', [b.fake(b.op('tanh', [x]), q(1 / 128, 0)), weights(b, [3, 4], 2)]);
    const after = canonicalize(b.build(y));
    expect(ops(after)).toEqual(['tanh', 'dequantize', 'fullyConnected']);
    expect(after.tensors[after.outputs[0]].dtype).toBe('float32');
  });

  it('keeps the bias of a tiny or dead channel within 32 bits', () => {
    const values = fc.tuple(fc.constantFrom(0, 1e-30, 1e-9, 1e-3), fc.constantFrom(0, 1e-6, 1, -300));
    fc.assert(
      fc.property(values, ([weight, bias]) => {
        const b = new GraphBuilder('onnx');
        const x = b.fake(b.input([1, 2]), q(0.01, 0));
        const w = b.constant([2, 2], [weight, -weight, 0.5, 0.25]);
        const y = b.op('fullyConnected', [x, w, b.constant([2], [bias, 0.1])]);
        check(b.build(b.fake(y, q(Math.max(0.01, Math.abs(bias) / 100), 0))), ['fullyConnected'], 1.01);
      }),
      { verbose: true },
    );
  });
});
