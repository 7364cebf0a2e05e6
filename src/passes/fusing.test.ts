// SPDX-License-Identifier: Apache-2.0
// The passes that fold and fuse, one by one on small graphs.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Graph, quantOf, type TensorId } from '../model/graph.js';
import { thenClamp } from './activation.js';
import { foldAffine } from './foldAffine.js';
import { foldConstants, foldDequantize } from './foldConstants.js';
import { fuseActivation } from './fuseActivation.js';
import { fuseBatchNorm } from './fuseBatchNorm.js';
import { fusePad } from './fusePad.js';
import { inferShapes } from './inferShapes.js';
import { removeDead } from './removeDead.js';
import { removeIdentity } from './removeIdentity.js';
import { singleChannelDepthwise } from './singleChannelDepthwise.js';
import { splitConcat } from './splitConcat.js';
import { GraphBuilder, randomInputs, randomValues, relativeError, runGraph } from './testing/graphBuilder.js';
import { topologicalSort } from './topologicalSort.js';

const conv = { strides: [1, 1], dilations: [1, 1], pads: [0, 0, 0, 0], groups: 1 };
const same = { ...conv, pads: [1, 1, 1, 1] };
const ops = (graph: Graph): string[] => graph.nodes.map((n) => n.op);

function check(before: Graph, pass: (graph: Graph) => Graph, expected: string[]): Graph {
  const copy = JSON.stringify(before.nodes);
  const after = pass(before);
  expect(JSON.stringify(before.nodes)).toBe(copy);
  expect(ops(after)).toEqual(expected);
  const inputs = randomInputs(before, 9);
  const [a, b] = [runGraph(before, inputs), runGraph(after, inputs)];
  for (const [i, data] of a.entries()) expect(relativeError(b[i], data)).toBeLessThan(2e-6);
  inferShapes(after);
  return after;
}

const vector = (b: GraphBuilder, n: number, seed: number, offset = 0): TensorId =>
  b.constant(
    [n],
    randomValues(seed, n).map((v) => v + offset),
  );
const norm = (b: GraphBuilder, x: TensorId, n: number): TensorId =>
  b.op('batchNorm', [x, vector(b, n, 1), vector(b, n, 2), vector(b, n, 3), vector(b, n, 4, 1.5)], { epsilon: 1e-3 });
const weights = (b: GraphBuilder, shape: number[]): TensorId =>
  b.constant(
    shape,
    randomValues(
      7,
      shape.reduce((x, y) => x * y, 1),
    ),
  );

describe('fuseBatchNorm', () => {
  it('folds into convolution, depthwise convolution and dense layers', () => {
    for (const groups of [1, 2]) {
      const b = new GraphBuilder();
      const x = b.op('conv2d', [b.input([1, 4, 4, 2]), weights(b, [4, 3, 3, 2 / groups]), vector(b, 4, 5)], {
        ...same,
        groups,
      });
      check(b.build(norm(b, x, 4)), fuseBatchNorm, ['conv2d']);
    }
    const d = new GraphBuilder();
    const attrs = { strides: [1, 1], dilations: [1, 1], pads: [1, 1, 1, 1], multiplier: 2 };
    check(
      d.build(norm(d, d.op('depthwiseConv2d', [d.input([1, 4, 4, 2]), weights(d, [1, 3, 3, 4])], attrs), 4)),
      fuseBatchNorm,
      ['depthwiseConv2d'],
    );
    const f = new GraphBuilder();
    check(f.build(norm(f, f.op('fullyConnected', [f.input([1, 6]), weights(f, [3, 6])]), 3)), fuseBatchNorm, [
      'fullyConnected',
    ]);
  });

  it('becomes mul and add where the layer has other readers or a clamp', () => {
    const b = new GraphBuilder();
    const x = b.op('conv2d', [b.input([1, 4, 4, 2]), weights(b, [4, 3, 3, 2])], same);
    check(b.build(norm(b, x, 4), x), fuseBatchNorm, ['conv2d', 'mul', 'add']);
    const c = new GraphBuilder();
    const y = c.op('conv2d', [c.input([1, 4, 4, 2]), weights(c, [4, 3, 3, 2])], {
      ...same,
      activation: { min: 0, max: null },
    });
    check(c.build(norm(c, y, 4)), fuseBatchNorm, ['conv2d', 'mul', 'add']);
  });

  it('then folds into the layer behind when that does not pad', () => {
    for (const [attrs, left] of [
      [conv, ['conv2d']],
      [same, ['mul', 'add', 'conv2d']],
    ] as const) {
      const b = new GraphBuilder();
      const graph = b.build(
        b.op('conv2d', [norm(b, b.input([1, 4, 4, 4]), 4), weights(b, [2, 3, 3, 2])], { ...attrs, groups: 2 }),
      );
      check(graph, (g) => foldAffine(foldAffine(fuseBatchNorm(g))), [...left]);
    }
  });
});

describe('foldAffine', () => {
  it('folds constants on either side of a layer', () => {
    for (const op of ['add', 'sub', 'mul', 'div']) {
      for (const first of [false, true]) {
        const b = new GraphBuilder();
        const x = b.op('conv2d', [b.input([1, 4, 4, 2]), weights(b, [3, 3, 3, 2]), vector(b, 3, 5)], same);
        const c = b.constant([1, 1, 1, 3], [0.5, -2, 3]);
        const y = b.op(op, first ? [c, x] : [x, c], { activation: { min: 0, max: null } });
        check(b.build(y), foldAffine, op === 'div' && first ? ['conv2d', 'div'] : ['conv2d']);
      }
    }
  });

  it('folds a scale, but not an offset, into a padded convolution behind', () => {
    for (const [op, expected] of [
      ['mul', ['conv2d']],
      ['add', ['add', 'conv2d']],
    ] as const) {
      const b = new GraphBuilder();
      const x = b.op(op, [b.input([1, 4, 4, 2]), b.constant([2], [0.5, -2])]);
      check(b.build(b.op('conv2d', [x, weights(b, [3, 3, 3, 2])], same)), foldAffine, [...expected]);
    }
  });

  it('leaves a constant that varies over the image', () => {
    const b = new GraphBuilder();
    const x = b.op('conv2d', [b.input([1, 4, 4, 2]), weights(b, [3, 3, 3, 2])], same);
    check(b.build(b.op('add', [x, weights(b, [1, 4, 4, 3])])), foldAffine, ['conv2d', 'add']);
  });

  it('does not divide by zero', () => {
    const b = new GraphBuilder();
    const x = b.op('fullyConnected', [b.input([1, 2]), weights(b, [3, 2])]);
    expect(ops(foldAffine(b.build(b.op('div', [x, b.constant([3], [1, 0, 2])]))))).toEqual(['fullyConnected', 'div']);
  });
});

describe('fuseActivation and kernels without a clamp', () => {
  it.each(['minimum', 'maximum'])('leaves the clamp behind %s', (op) => {
    const b = new GraphBuilder();
    const x = b.input([1, 6]);
    const y = b.op('clamp', [b.op(op, [x, b.constant([6], randomValues(3, 6))])], { min: 0, max: null });
    check(b.build(y), fuseActivation, [op, 'clamp']);
  });
});

describe('fuseActivation', () => {
  it('composes clamps like doing one after the other', () => {
    const bound = fc.option(fc.integer({ min: -5, max: 5 }), { nil: null });
    const clamp = fc
      .tuple(bound, bound)
      .filter(([a, b]) => a === null || b === null || a <= b)
      .map(([min, max]) => ({ min, max }));
    const apply = (v: number, c: { min: number | null; max: number | null }): number =>
      Math.min(Math.max(v, c.min ?? -Infinity), c.max ?? Infinity);
    fc.assert(
      fc.property(clamp, clamp, fc.integer({ min: -9, max: 9 }), (first, second, v) => {
        expect(apply(v, thenClamp(first, second))).toBe(apply(apply(v, first), second));
      }),
    );
  });

  it('fuses chains of clamps into the layer', () => {
    const b = new GraphBuilder();
    const x = b.op('conv2d', [b.input([1, 4, 4, 2]), weights(b, [3, 3, 3, 2])], same);
    const y = b.op('clamp', [b.op('clamp', [x], { min: 0, max: null })], { min: -1, max: 0.7 });
    const after = check(b.build(y), fuseActivation, ['conv2d']);
    expect(after.nodes[0].attrs.activation).toEqual({ min: 0, max: 0.7 });
  });

  it('keeps a clamp whose input somebody else reads', () => {
    const b = new GraphBuilder();
    const x = b.op('add', [b.input([1, 3]), b.input([1, 3])]);
    check(b.build(b.op('clamp', [x], { min: 0, max: null }), x), fuseActivation, ['add', 'clamp']);
  });
});

describe('fusePad', () => {
  const pads = [
    [0, 0],
    [1, 0],
    [0, 2],
    [0, 0],
  ];
  it('pads in the convolution and in the counting average pool', () => {
    const b = new GraphBuilder();
    const x = b.op('pad', [b.input([1, 4, 4, 2])], { pads, value: 0 });
    const after = check(b.build(b.op('conv2d', [x, weights(b, [3, 3, 3, 2])], same)), fusePad, ['conv2d']);
    expect(after.nodes[0].attrs.pads).toEqual([2, 1, 1, 3]);
    const p = new GraphBuilder();
    const y = p.op('pad', [p.input([1, 4, 4, 2])], { pads, value: 0 });
    const average = { kernel: [3, 3], strides: [1, 1], pads: [0, 0, 0, 0], countIncludePad: false };
    check(p.build(p.op('averagePool2d', [y], average)), fusePad, ['averagePool2d']);
  });

  it('pads in a max pool of what a ReLU left', () => {
    const b = new GraphBuilder();
    const x = b.op('clamp', [b.input([1, 4, 4, 2])], { min: 0, max: null });
    const padded = b.op('pad', [x], {
      pads: [
        [0, 0],
        [1, 1],
        [1, 1],
        [0, 0],
      ],
      value: 0,
    });
    const pool = { kernel: [3, 3], strides: [2, 2], dilations: [1, 1], pads: [0, 0, 0, 0] };
    check(b.build(b.op('maxPool2d', [padded], pool)), fusePad, ['clamp', 'maxPool2d']);
  });

  it('keeps other values, other dimensions, and zeros before a max pool', () => {
    const b = new GraphBuilder();
    const one = b.op('pad', [b.input([1, 4, 4, 2])], { pads, value: 1 });
    check(b.build(b.op('conv2d', [one, weights(b, [3, 3, 3, 2])], same)), fusePad, ['pad', 'conv2d']);
    const c = new GraphBuilder();
    const deep = c.op('pad', [c.input([1, 4, 4, 1])], {
      pads: [
        [0, 0],
        [0, 0],
        [0, 0],
        [0, 1],
      ],
      value: 0,
    });
    check(c.build(c.op('conv2d', [deep, weights(c, [3, 3, 3, 2])], same)), fusePad, ['pad', 'conv2d']);
    const m = new GraphBuilder();
    const zero = m.op('pad', [m.input([1, 4, 4, 2])], { pads, value: 0 });
    const pool = { kernel: [2, 2], strides: [2, 2], dilations: [1, 1], pads: [0, 0, 0, 0] };
    check(m.build(m.op('maxPool2d', [zero], pool)), fusePad, ['pad', 'maxPool2d']);
  });
});

describe('splitConcat', () => {
  it('makes a tree of four-way joins', () => {
    for (const n of [4, 5, 17]) {
      const b = new GraphBuilder();
      const parts = Array.from({ length: n }, (_, i) => b.input([1, 2, (i % 3) + 1]));
      const expected = { 4: 1, 5: 2, 17: 6 }[n] ?? 0;
      check(b.build(b.op('concat', parts, { axis: -1 })), splitConcat, new Array<string>(expected).fill('concat'));
    }
  });
});

describe('folding and removing', () => {
  it('computes constants, but leaves dequantize to the end', () => {
    const b = new GraphBuilder();
    const c = b.op('add', [b.constant([2], [1, 2]), b.constant([2], [3, 4])]);
    check(b.build(b.op('mul', [b.input([1, 2]), c])), foldConstants, ['mul']);
    const d = new GraphBuilder();
    const q = d.op('dequantize', [d.integers([2], Int8Array.of(3, -4), quantOf(0.5, 1))]);
    const graph = d.build(d.op('mul', [d.input([1, 2]), q]));
    check(graph, foldConstants, ['dequantize', 'mul']);
    const after = check(graph, foldDequantize, ['mul']);
    expect(after.tensors[after.nodes[0].inputs[1]].data).toEqual(Float32Array.of(1, -2.5));
  });

  it('keeps a constant graph output computed', () => {
    const b = new GraphBuilder();
    b.input([1]);
    check(b.build(b.op('add', [b.constant([1], [1]), b.constant([1], [2])])), foldConstants, ['add']);
  });

  it('removes what changes nothing, but never the only node of an output', () => {
    const b = new GraphBuilder();
    let x = b.op('add', [b.input([1, 2, 2, 1]), b.input([1, 2, 2, 1])]);
    x = b.op('transpose', [x], { perm: [0, 1, 2, 3] });
    x = b.op('pad', [x], {
      pads: [
        [0, 0],
        [0, 0],
        [0, 0],
        [0, 0],
      ],
      value: 3,
    });
    x = b.op('slice', [x], { begin: [0, 0, 0, 0], size: [1, 2, 2, 1], strides: [1, 1, 1, 1] });
    x = b.op('clamp', [x], { min: null, max: null });
    x = b.op('mul', [x, b.constant([1], [1])]);
    x = b.op('sub', [x, b.constant([1], [0])]);
    x = b.op('reshape', [b.op('reshape', [x], { shape: [4, 1] })], { shape: [1, 2, 2, 1] });
    check(b.build(x), (g) => removeDead(removeIdentity(removeDead(removeIdentity(g)))), ['add']);
    const c = new GraphBuilder();
    check(c.build(c.op('reshape', [c.input([1, 2])], { shape: [1, 2] })), removeIdentity, ['reshape']);
  });

  it('does not take 0 - x or 1 / x for x', () => {
    const b = new GraphBuilder();
    check(b.build(b.op('sub', [b.constant([1], [0]), b.input([1, 2])])), removeIdentity, ['sub']);
    const c = new GraphBuilder();
    check(c.build(c.op('div', [c.constant([1], [1]), c.input([1, 2])])), removeIdentity, ['div']);
  });

  it('drops dead nodes and renumbers', () => {
    const b = new GraphBuilder();
    const x = b.input([1, 2]);
    b.op('mul', [x, b.constant([1], [5])]);
    const after = check(b.build(b.op('add', [x, b.constant([1], [5])])), removeDead, ['add']);
    expect(after.tensors.length).toBe(3);
  });

  it('returns the same graph when there is nothing to do', () => {
    const b = new GraphBuilder();
    const graph = b.build(b.op('add', [b.input([1, 2]), b.input([1, 2])]));
    for (const pass of [
      foldConstants,
      removeIdentity,
      removeDead,
      fuseBatchNorm,
      foldAffine,
      fuseActivation,
      fusePad,
    ]) {
      expect(pass(graph)).toBe(graph);
    }
  });
});

describe('topologicalSort', () => {
  it('orders nodes and refuses a cycle', () => {
    const b = new GraphBuilder();
    const graph = b.build(b.op('tanh', [b.op('logistic', [b.input([1, 2])])]));
    expect(ops(topologicalSort({ ...graph, nodes: [...graph.nodes].reverse() }))).toEqual(['logistic', 'tanh']);
    const [first, second] = graph.nodes;
    const cycle = { ...graph, nodes: [{ ...first, inputs: second.outputs }, second] };
    expect(() => topologicalSort(cycle)).toThrow('depends on itself');
  });
});

describe('singleChannelDepthwise', () => {
  it('makes a convolution of a depthwise convolution of one channel, and of no other', () => {
    const depthwise = { strides: [2, 1], dilations: [1, 2], pads: [1, 0, 1, 2] };
    const b = new GraphBuilder();
    const x = b.op('depthwiseConv2d', [b.input([1, 7, 6, 1]), weights(b, [1, 3, 2, 5]), vector(b, 5, 3)], {
      ...depthwise,
      multiplier: 5,
    });
    const after = check(b.build(x), singleChannelDepthwise, ['conv2d']);
    expect(after.tensors[after.nodes[0].inputs[1]].shape).toEqual([5, 3, 2, 1]);
    const c = new GraphBuilder();
    const y = c.op('depthwiseConv2d', [c.input([1, 7, 6, 2]), weights(c, [1, 3, 2, 4])], {
      ...depthwise,
      multiplier: 2,
    });
    const two = c.build(y);
    expect(singleChannelDepthwise(two)).toBe(two);
  });
});
