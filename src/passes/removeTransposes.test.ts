// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { elementCount, type Graph, type TensorId } from '../model/graph.js';
import { canonicalize } from './index.js';
import { removeTransposes } from './removeTransposes.js';
import { GraphBuilder, randomInputs, randomValues, relativeError, runGraph } from './testing/graphBuilder.js';

const conv = { strides: [1, 1], dilations: [1, 1], pads: [1, 1, 1, 1], groups: 1 };
const pool = { kernel: [2, 2], strides: [2, 2], dilations: [1, 1], pads: [0, 0, 0, 0] };
const count = (graph: Graph, op: string): number => graph.nodes.filter((n) => n.op === op).length;

function expectSame(before: Graph, after: Graph, seed = 1): void {
  const inputs = randomInputs(before, seed);
  const [expected, got] = [runGraph(before, inputs), runGraph(after, inputs)];
  expect(got.length).toBe(expected.length);
  for (const [i, data] of got.entries()) expect(relativeError(data, expected[i])).toBeLessThan(1e-5);
}

/** A layer of an NCHW network: which kind, and a seed for its weights. */
type Step = { kind: number; seed: number };

function weights(b: GraphBuilder, channels: number, seed: number): TensorId[] {
  return [
    b.constant([channels, 3, 3, channels], randomValues(seed, channels * channels * 9, 0.3)),
    b.constant([channels], randomValues(seed + 1, channels)),
  ];
}

const perChannel = (b: GraphBuilder, c: number, seed: number, low = -1): TensorId =>
  b.constant(
    [c],
    randomValues(seed, c).map((v) => low + 1 + v),
  );

const layers: ((b: GraphBuilder, x: TensorId, c: number, seed: number) => TensorId)[] = [
  (b, x, c, seed) => b.nchw('conv2d', [x, ...weights(b, c, seed)], conv),
  (b, x) => b.op('clamp', [x], { min: 0, max: null }),
  (b, x) => b.op('clamp', [x], { min: 0, max: 0.5 }),
  (b, x, c, seed) => b.op('add', [x, b.nchw('conv2d', [x, ...weights(b, c, seed)], conv)]),
  (b, x, c, seed) =>
    b.nchw(
      'batchNorm',
      [
        x,
        perChannel(b, c, seed),
        perChannel(b, c, seed + 1),
        perChannel(b, c, seed + 2),
        perChannel(b, c, seed + 3, 0.5),
      ],
      { epsilon: 1e-3 },
    ),
  (b, x, c, seed) => b.op('mul', [x, b.constant([1, c, 1, 1], randomValues(seed, c))]),
  (b, x, c, seed) => b.op('sub', [b.constant([c, 1, 1], randomValues(seed, c)), x]),
  (b, x) => (b.shape(x)[2] % 2 === 0 ? b.nchw('maxPool2d', [x], pool) : x),
  (b, x) =>
    b.op('pad', [x], {
      pads: [
        [0, 0],
        [0, 0],
        [1, 1],
        [0, 2],
      ],
      value: 0,
    }),
  (b, x, c) =>
    b.op('slice', [b.op('concat', [x, x], { axis: 1 })], {
      begin: [0, 1, 0, 0],
      size: [1, c, ...b.shape(x).slice(2)],
      strides: [1, 1, 1, 1],
    }),
  (b, x) => b.op('mul', [x, b.op('logistic', [b.op('mean', [x], { axes: [2, 3], keepDims: true })])]),
  (b, x) => b.op('leakyRelu', [x], { alpha: 0.1 }),
  (b, x) => b.nchw('softmax', [x], { axis: 3, beta: 1 }),
];

/** Ends of a network: flatten and dense, global mean and dense, or the image itself. */
const heads: ((b: GraphBuilder, x: TensorId, c: number, seed: number) => TensorId)[] = [
  (b, x, _c, seed) => {
    const n = elementCount(b.shape(x));
    const flat = b.op('clamp', [b.op('reshape', [x], { shape: [1, n] })], { min: 0, max: null });
    return b.op('fullyConnected', [flat, b.constant([4, n], randomValues(seed, 4 * n, 0.1))]);
  },
  (b, x, c, seed) => {
    const pooled = b.op('mean', [x], { axes: [2, 3], keepDims: false });
    return b.op('fullyConnected', [pooled, b.constant([4, c], randomValues(seed, 4 * c))]);
  },
  (_b, x) => x,
];

function network(steps: Step[], head: number): Graph {
  const [b, c] = [new GraphBuilder('onnx'), 3];
  let x = b.input([1, c, 6, 4]);
  for (const { kind, seed } of steps) x = layers[kind](b, x, c, seed);
  return b.build(heads[head](b, x, c, 5));
}

describe('removeTransposes', () => {
  it('leaves none in a residual NCHW network with flatten and dense', () => {
    const graph = network(
      [
        { kind: 4, seed: 1 },
        { kind: 3, seed: 2 },
        { kind: 1, seed: 0 },
        { kind: 7, seed: 0 },
      ],
      0,
    );
    const after = removeTransposes(graph);
    expect(count(graph, 'transpose')).toBe(6);
    expect(count(after, 'transpose')).toBe(0);
    expectSame(graph, after);
  });

  it('remembers the layout of graph inputs and outputs', () => {
    const graph = network(
      [
        { kind: 5, seed: 3 },
        { kind: 0, seed: 1 },
      ],
      2,
    );
    const after = removeTransposes(graph);
    expect(count(after, 'transpose')).toBe(0);
    expect(after.tensors[after.inputs[0]].shape).toEqual([1, 6, 4, 3]);
    expect(after.ioPermutation.get(after.inputs[0])).toEqual([0, 2, 3, 1]);
    expect(after.ioPermutation.get(after.outputs[0])).toEqual([0, 2, 3, 1]);
    expectSame(graph, after);
  });

  it('cancels what an NHWC file with transposes of its own says', () => {
    const b = new GraphBuilder('onnx');
    const x = b.op('transpose', [b.input([1, 6, 4, 3])], { perm: [0, 3, 1, 2] });
    const graph = b.build(b.nchw('conv2d', [x, ...weights(b, 3, 1)], conv));
    const after = removeTransposes(graph);
    expect(count(after, 'transpose')).toBe(0);
    expect(after.ioPermutation.has(after.inputs[0])).toBe(false);
    expectSame(graph, after);
  });

  it('turns a transpose of one channel into a reshape', () => {
    const b = new GraphBuilder('onnx');
    const x = b.op('reshape', [b.input([1, 24])], { shape: [1, 1, 6, 4] });
    const w = b.constant([2, 3, 3, 1], randomValues(3, 18));
    const graph = b.build(b.op('mean', [b.nchw('conv2d', [x, w], conv)], { axes: [2, 3], keepDims: false }));
    const after = canonicalize(graph);
    expect(count(after, 'transpose')).toBe(0);
    expect(count(after, 'reshape')).toBe(1);
    expectSame(graph, after);
  });

  it('turns the axis of a softmax over channels', () => {
    const b = new GraphBuilder('onnx');
    const x = b.nchw('conv2d', [b.input([1, 3, 4, 4]), ...weights(b, 3, 1)], conv);
    const after = removeTransposes(b.build(b.op('softmax', [x], { axis: 1, beta: 1 })));
    expect(after.nodes.map((n) => [n.op, n.attrs.axis])).toEqual([
      ['conv2d', undefined],
      ['softmax', 3],
    ]);
  });

  it('keeps a transpose that means something', () => {
    const b = new GraphBuilder('onnx');
    const graph = b.build(
      b.op('reshape', [b.op('transpose', [b.input([2, 3, 4])], { perm: [2, 0, 1] })], { shape: [4, 6] }),
    );
    const after = removeTransposes(graph);
    expectSame(graph, after);
  });

  it('never changes what a network computes, nor do all passes together', () => {
    const step = fc.record({ kind: fc.nat(layers.length - 1), seed: fc.integer({ min: 1, max: 999 }) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 6 }), fc.nat(heads.length - 1), fc.nat(1000), (steps, head, seed) => {
        const graph = network(steps, head);
        if (graph.nodes.length === 0) return;
        const after = removeTransposes(graph);
        expect(count(after, 'transpose')).toBe(0);
        expectSame(graph, after, seed);
        const all = canonicalize(graph);
        expect(count(all, 'transpose') + count(all, 'batchNorm')).toBe(0);
        expectSame(graph, all, seed);
      }),
      { numRuns: 60, verbose: true },
    );
  });
});

it('looks at a transpose that waits twice only while it is one', () => {
  // The first changes nothing, so that the second, which becomes a reshape, is looked at again behind it.
  const b = new GraphBuilder();
  const x = b.input([1, 16]);
  const same = b.op('transpose', [x], { perm: [0, 1] });
  const turned = b.op('transpose', [same], { perm: [1, 0] });
  const graph = b.build(b.op('softmax', [turned], { axis: 1, beta: 1 }), b.op('tanh', [same]));
  const after = removeTransposes(graph);
  expect(count(after, 'reshape')).toBe(1);
  expectSame(graph, after);
});
