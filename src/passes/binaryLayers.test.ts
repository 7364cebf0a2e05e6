// SPDX-License-Identifier: Apache-2.0
// Layers of signs become layers of bits, and compute the same.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Attrs, Graph, TensorId } from '../model/graph.js';
import { binaryLayers } from './binaryLayers.js';
import { canonicalize } from './index.js';
import { GraphBuilder, randomInputs, randomValues, runGraph } from './testing/graphBuilder.js';

const window: Attrs = { strides: [1, 1], dilations: [1, 1], pads: [0, 0, 0, 0], groups: 1 };
const ops = (graph: Graph): string[] => graph.nodes.map((n) => n.op);

/** +-a, another a (a power of two) for each of the first dimension. */
function signWeights(b: GraphBuilder, shape: number[], seed: number): TensorId {
  const count = shape.reduce((x, y) => x * y, 1);
  const each = count / shape[0];
  return b.constant(
    shape,
    randomValues(seed, count).map((v, i) => (v < 0 ? -1 : 1) * 2 ** (Math.floor(i / each) % 3)),
  );
}

/** A bias that no sum cancels. */
const halves = (b: GraphBuilder, n: number): TensorId =>
  b.constant(
    [n],
    randomValues(5, n).map((v) => Math.round(v * 8) + 0.5),
  );

function expectSame(before: Graph, expected: string[]): Graph {
  const after = canonicalize(before);
  expect(ops(after)).toEqual(expected);
  const inputs = randomInputs(before, 3);
  expect(runGraph(after, inputs)).toEqual(runGraph(before, inputs));
  return after;
}

describe('layers of signs', () => {
  it('become one layer of bits after the other', () => {
    const b = new GraphBuilder();
    const x = b.op('sign', [b.input([1, 5, 4, 33])], { zero: 1 });
    const y = b.op('conv2d', [x, signWeights(b, [40, 3, 3, 33], 1), halves(b, 40)], { ...window, pads: [1, 1, 1, 1] });
    const z = b.op('conv2d', [b.op('sign', [y], { zero: 0 }), signWeights(b, [6, 1, 1, 40], 2)], window);
    const after = expectSame(b.build(z), ['binarize', 'binaryConv2d', 'binaryConv2d']);
    expect(after.notes).toBeUndefined();
    expect(after.nodes[1].attrs).toMatchObject({ channels: 33, padValue: 0, strict: false });
  });

  it('take any shape', () => {
    const size = fc.integer({ min: 1, max: 6 });
    const channels = fc.constantFrom(1, 3, 31, 32, 33, 64);
    fc.assert(
      fc.property(size, size, channels, channels, fc.constantFrom(1, 2, 3), fc.boolean(), (h, w, inC, outC, k, pad) => {
        const b = new GraphBuilder();
        const x = b.op('sign', [b.input([1, h + k, w + k, inC])], { zero: -1 });
        const pads = pad ? [1, 0, 0, 1] : [0, 0, 0, 0];
        const conv = b.op('conv2d', [x, signWeights(b, [outC, k, k, inC], h), halves(b, outC)], {
          ...window,
          strides: [2, 1],
          pads,
        });
        expectSame(b.build(conv), ['binarize', 'binaryConv2d']);
      }),
      { numRuns: 30 },
    );
  });

  it('pad with ones, or with minus ones', () => {
    for (const value of [1, -1]) {
      const b = new GraphBuilder();
      const x = b.op('sign', [b.input([1, 3, 3, 5])], { zero: 1 });
      const pads = [
        [0, 0],
        [1, 2],
        [0, 1],
        [0, 0],
      ];
      const padded = b.op('pad', [x], { pads, value });
      const conv = b.op('conv2d', [padded, signWeights(b, [4, 2, 2, 5], 1)], window);
      const after = expectSame(b.build(conv), ['binarize', 'binaryConv2d']);
      expect(after.nodes[1].attrs).toMatchObject({ pads: [1, 0, 2, 1], padValue: value });
    }
  });

  it('are dense layers too, whose bits keep their places where words are whole', () => {
    for (const [channels, joined] of [
      [32, true],
      [24, false],
    ] as const) {
      const b = new GraphBuilder();
      const x = b.op('sign', [b.input([1, 2, 2, 9])], { zero: 1 });
      const conv = b.op('conv2d', [x, signWeights(b, [channels, 1, 1, 9], 1), halves(b, channels)], window);
      const flat = b.op('reshape', [b.op('sign', [conv], { zero: 1 })], { shape: [1, 4 * channels] });
      const y = b.op('fullyConnected', [flat, signWeights(b, [7, 4 * channels], 2)]);
      const middle = joined ? ['binaryConv2d', 'reshape'] : ['binaryConv2d', 'reshape', 'binarize'];
      expectSame(b.build(y), ['binarize', ...middle, 'binaryConv2d', 'reshape']);
    }
  });

  it("read Larq's sign", () => {
    const b = new GraphBuilder();
    const moved = b.op('add', [b.op('sign', [b.input([1, 2, 2, 8])], { zero: 0 }), b.constant([], [0.1])]);
    const conv = b.op('conv2d', [b.op('sign', [moved], { zero: 0 }), signWeights(b, [3, 1, 1, 8], 1)], window);
    const after = expectSame(b.build(conv), ['binarize', 'binaryConv2d']);
    expect([after.nodes[0].attrs.strict, after.notes]).toEqual([false, undefined]);
  });
});

describe('what a bit cannot say', () => {
  const layer = (b: GraphBuilder, x: TensorId): TensorId =>
    b.op('conv2d', [b.op('sign', [x], { zero: 0 }), signWeights(b, [4, 1, 1, 8], 1)], window);

  it('stays real behind a ReLU', () => {
    const b = new GraphBuilder();
    const x = b.op('clamp', [b.input([1, 2, 2, 8])], { min: 0, max: null });
    expectSame(b.build(layer(b, x)), ['clamp', 'sign', 'conv2d']);
  });

  it('stays real where sums of signs cancel', () => {
    const b = new GraphBuilder();
    const x = b.op('sign', [b.input([1, 2, 2, 8])], { zero: 1 });
    const y = layer(b, b.op('conv2d', [x, signWeights(b, [8, 1, 1, 8], 3)], window));
    expectSame(b.build(y), ['binarize', 'binaryConv2d', 'sign', 'conv2d']);
  });

  it('is noted where zeros are possible', () => {
    const b = new GraphBuilder();
    const after = expectSame(b.build(layer(b, b.input([1, 2, 2, 8]))), ['binarize', 'binaryConv2d']);
    expect(after.notes).toEqual([expect.stringContaining('is 0 at 0 in ONNX')]);
  });

  it('is a weight of another size, one that is no number, or a group', () => {
    const odd = (change: (w: Float32Array) => void, attrs: Attrs = window, inC = 8): Graph => {
      const b = new GraphBuilder();
      const x = b.op('sign', [b.input([1, 2, 2, 8])], { zero: 1 });
      const values = new Float32Array(4 * inC).fill(0.5);
      change(values);
      return b.build(b.op('conv2d', [x, b.constant([4, 1, 1, inC], values)], attrs));
    };
    const unchanged = [
      odd((w) => w.fill(0.25, 3, 4)),
      odd((w) => w.fill(0, 3, 4)),
      odd((w) => w.fill(Number.NaN)),
      odd((w) => w.fill(Number.POSITIVE_INFINITY)),
      odd(() => {}, { ...window, groups: 2 }, 4),
    ];
    for (const graph of unchanged) expect(ops(binaryLayers(graph))).toEqual(['sign', 'conv2d']);
    expect(ops(canonicalize(odd((w) => w.fill(0, 0, 8))))).toEqual(['binarize', 'binaryConv2d']);
  });
});
