// SPDX-License-Identifier: Apache-2.0
// Norms and activations as exporters write them out, and what only looks like them.
import { describe, expect, it } from 'vitest';
import type { Graph, TensorId } from '../model/graph.js';
import { recognizeActivations } from './recognizeActivations.js';
import { recognizeNorm } from './recognizeNorm.js';
import { removeDead } from './removeDead.js';
import { GraphBuilder, randomInputs, randomValues, relativeError, runGraph } from './testing/graphBuilder.js';

const ops = (graph: Graph): string[] => graph.nodes.map((n) => n.op);

function check(before: Graph, expected: string[]): Graph {
  const after = removeDead(recognizeNorm(recognizeActivations(before)));
  expect(ops(after)).toEqual(expected);
  const inputs = randomInputs(before, 5);
  const [a, b] = [runGraph(before, inputs), runGraph(after, inputs)];
  for (const [i, data] of a.entries()) expect(relativeError(b[i], data)).toBeLessThan(3e-6);
  return after;
}

const shape = [1, 4, 6];
const start = (): { b: GraphBuilder; x: TensorId; n: (v: number) => TensorId; row: (seed: number) => TensorId } => {
  const b = new GraphBuilder();
  return { b, x: b.input(shape), n: (v) => b.constant([], [v]), row: (seed) => b.constant([6], randomValues(seed, 6)) };
};
const overLast = { axes: [2], keepDims: true };

describe('recognizeNorm', () => {
  it('layer norm of PyTorch before opset 17: pow, sqrt, div, scale, bias', () => {
    const { b, x, n, row } = start();
    const c = b.op('sub', [x, b.op('mean', [x], overLast)]);
    const variance = b.op('mean', [b.op('pow', [c, n(2)])], overLast);
    const y = b.op('div', [c, b.op('sqrt', [b.op('add', [variance, n(1e-5)])])]);
    const g = check(b.build(b.op('add', [b.op('mul', [y, row(1)]), row(2)])), ['layerNorm']);
    expect(g.nodes[0].attrs).toMatchObject({ depth: 6, centre: true });
  });
  it('TensorFlow: squared difference, rsqrt; two differences', () => {
    const { b, x, n } = start();
    const mean = b.op('mean', [x], overLast);
    const variance = b.op('mean', [b.op('squaredDifference', [x, mean])], overLast);
    const inverse = b.op('rsqrt', [b.op('add', [variance, n(1e-3)])]);
    check(b.build(b.op('mul', [inverse, b.op('sub', [x, mean])])), ['layerNorm']);
  });
  it('RMS norm: one over the root', () => {
    const { b, x, n, row } = start();
    const safe = b.op('add', [b.op('mean', [b.op('mul', [x, x])], overLast), n(1e-6)]);
    const inverse = b.op('div', [n(1), b.op('sqrt', [safe])]);
    const g = check(b.build(b.op('mul', [row(3), b.op('mul', [x, inverse])])), ['layerNorm']);
    expect(g.nodes[0].attrs).toMatchObject({ depth: 6, centre: false });
  });
  it('leaves alone what is over other dimensions, not the same tensor, or no mean', () => {
    const { b, x, n } = start();
    const other = b.op('mean', [b.op('mul', [x, x])], { axes: [1], keepDims: true });
    const y = b.op('div', [x, b.op('sqrt', [b.op('add', [other, n(1)])])]);
    const sum = b.op('mean', [b.op('square', [y])], overLast);
    const before = b.build(b.op('div', [x, b.op('sqrt', [b.op('add', [sum, n(1)])])]));
    check(before, ops(before));
  });
  it('leaves a scale that is not one row alone', () => {
    const { b, x, n } = start();
    const safe = b.op('add', [b.op('mean', [b.op('mul', [x, x])], overLast), n(1e-6)]);
    const y = b.op('div', [x, b.op('sqrt', [safe])]);
    check(b.build(b.op('mul', [y, b.constant([4, 1], randomValues(9, 4))])), ['layerNorm', 'mul']);
  });
});

describe('recognizeActivations', () => {
  it('GELU with erf, in both orders', () => {
    const { b, x, n } = start();
    const erf = b.op('erf', [b.op('div', [x, n(Math.SQRT2)])]);
    check(b.build(b.op('mul', [b.op('mul', [x, b.op('add', [erf, n(1)])]), n(0.5)])), ['gelu']);
    const c = start();
    const half = c.b.op('mul', [c.x, c.n(0.5)]);
    const other = c.b.op('erf', [c.b.op('mul', [c.n(Math.SQRT1_2), c.x])]);
    check(c.b.build(c.b.op('mul', [half, c.b.op('add', [c.n(1), other])])), ['gelu']);
  });
  it('GELU with tanh, of what is a product itself', () => {
    const { b, x, n, row } = start();
    const p = b.op('mul', [x, row(4)]);
    const cube = b.op('mul', [n(0.044715), b.op('pow', [p, n(3)])]);
    const tanh = b.op('tanh', [b.op('mul', [b.op('add', [p, cube]), n(Math.sqrt(2 / Math.PI))])]);
    const y = b.op('mul', [b.op('mul', [n(0.5), p]), b.op('add', [tanh, n(1)])]);
    check(b.build(y), ['mul', 'geluTanh']);
  });
  it('SiLU', () => {
    const { b, x } = start();
    check(b.build(b.op('mul', [b.op('logistic', [x]), x])), ['silu']);
  });
  it('leaves other numbers and other tensors alone', () => {
    const { b, x, n } = start();
    const erf = b.op('erf', [b.op('mul', [x, n(0.5)])]);
    const before = b.build(b.op('mul', [b.op('mul', [x, b.op('add', [erf, n(1)])]), n(0.5)]));
    check(before, ops(before));
    const c = start();
    const gated = c.b.build(c.b.op('mul', [c.b.op('logistic', [c.x]), c.b.op('abs', [c.x])]));
    check(gated, ops(gated));
  });
});
