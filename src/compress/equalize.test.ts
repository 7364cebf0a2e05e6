// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Graph, TensorId } from '../model/graph.js';
import { evaluateGraph } from '../ops/evaluateGraph.js';
import { GraphBuilder, randomInputs, randomValues, relativeError, runGraph } from '../passes/testing/graphBuilder.js';
import { equalize } from './equalize.js';
import { equalizeActivations } from './equalizeActivations.js';

const conv = { strides: [1, 1], dilations: [1, 1], pads: [1, 1, 1, 1], groups: 1 };
const relu = { min: 0, max: null };
/** Float32 noise where the outputs nearly cancel: 6e-5 at most over 8,000 such graphs, 1e-6 in the 99th percentile. */
const sameFunction = 1e-3;

/** conv -> depthwise -> (max pool) -> conv -> flatten -> dense, with channels of very different size. */
function chain(seed: number, activation: { min: number; max: number | null } | undefined): Graph {
  const b = new GraphBuilder();
  const uneven = (shape: number[], s: number) =>
    b.constant(
      shape,
      randomValues(
        s,
        shape.reduce((x, y) => x * y, 1),
      ).map((v, i) => v * [1, 30, 0.02, 0][i % 4]),
    );
  const act = activation ? { activation } : {};
  let x = b.op('conv2d', [b.input([1, 4, 4, 2]), uneven([4, 3, 3, 2], seed), uneven([4], seed + 1)], {
    ...conv,
    ...act,
  });
  const depthwise = { strides: [1, 1], dilations: [1, 1], pads: [1, 1, 1, 1], multiplier: 2, ...act };
  x = b.op('depthwiseConv2d', [x, uneven([1, 3, 3, 8], seed + 2), uneven([8], seed + 3)], depthwise);
  x = b.op('maxPool2d', [x], { kernel: [2, 2], strides: [2, 2], dilations: [1, 1], pads: [0, 0, 0, 0] });
  x = b.op('conv2d', [x, uneven([4, 3, 3, 4], seed + 4)], { ...conv, groups: 2, ...act });
  x = b.op('reshape', [x], { shape: [1, 16] });
  return b.build(b.op('fullyConnected', [x, uneven([3, 16], seed + 5), uneven([3], seed + 6)]));
}

/** Largest ratio between ranges of output channels of the first layer, channels of zeros left out. */
function unevenness(graph: Graph): number {
  const w = graph.tensors[graph.nodes[0].inputs[1]];
  const each = (w.data?.length ?? 0) / w.shape[0];
  const ranges = Array.from({ length: w.shape[0] }, (_, c) =>
    Math.max(...(w.data as Float32Array).slice(c * each, (c + 1) * each).map(Math.abs)),
  ).filter((r) => r > 0);
  return Math.max(...ranges) / Math.min(...ranges);
}

/** Largest magnitude of each activation per channel, for one input. */
function peaksOf(graph: Graph, seed: number): Map<TensorId, Float64Array> {
  const peaks = new Map<TensorId, Float64Array>();
  evaluateGraph(graph, randomInputs(graph, seed), {
    rounding: 'tflite',
    visit: (id, data) => {
      const channels = graph.tensors[id].shape.at(-1) ?? 1;
      const largest = new Float64Array(channels);
      (data as Float32Array).forEach((v, i) => {
        largest[i % channels] = Math.max(largest[i % channels], Math.abs(v));
      });
      peaks.set(id, largest);
    },
  });
  return peaks;
}

describe('equalizeActivations', () => {
  it('keeps the function', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e6 }), fc.constantFrom(undefined, relu), (seed, act) => {
        const graph = chain(seed, act);
        const inputs = randomInputs(graph, seed);
        const after = equalizeActivations(graph, peaksOf(graph, seed));
        expect(relativeError(runGraph(after, inputs)[0], runGraph(graph, inputs)[0])).toBeLessThan(sameFunction);
      }),
      { numRuns: 30, verbose: true },
    );
  });

  it('gives every channel before a depthwise layer the same peak, up to a bounded gain', () => {
    const graph = chain(11, undefined);
    const first = graph.nodes[0].outputs[0];
    const before = peaksOf(graph, 5);
    const after = peaksOf(equalizeActivations(graph, before), 5);
    const largest = Math.max(...(before.get(first) ?? []));
    before.get(first)?.forEach((peak, c) => {
      const expected = peak === 0 ? 0 : Math.min(largest, peak * 32);
      expect(Math.abs((after.get(first)?.[c] ?? 0) - expected)).toBeLessThan(1e-5 * largest);
    });
  });

  it('leaves a graph without peaks as it computes', () => {
    const graph = chain(3, relu);
    const inputs = randomInputs(graph, 3);
    expect(runGraph(equalizeActivations(graph, new Map()), inputs)).toEqual(runGraph(graph, inputs));
  });
});

describe('equalize', () => {
  it('keeps the function', () => {
    const activation = fc.constantFrom(undefined, relu);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e6 }), activation, (seed, act) => {
        const graph = chain(seed, act);
        const inputs = randomInputs(graph, seed);
        const after = equalize(graph);
        expect(after).not.toBe(graph);
        expect(relativeError(runGraph(after, inputs)[0], runGraph(graph, inputs)[0])).toBeLessThan(sameFunction);
      }),
      { numRuns: 30, verbose: true },
    );
  });

  it('makes the ranges of a pair meet', () => {
    const b = new GraphBuilder();
    const x = b.op('fullyConnected', [b.input([1, 1]), b.constant([2, 1], [100, 0.01])], { activation: relu });
    const graph = b.build(b.op('fullyConnected', [x, b.constant([1, 2], [0.01, 100])]));
    expect(unevenness(graph)).toBeGreaterThan(1000);
    const after = equalize(graph);
    expect(unevenness(after)).toBeLessThan(1.01);
    expect(Array.from(after.tensors[after.nodes[1].inputs[1]].data as Float32Array, Math.abs)).toEqual([1, 1]);
  });

  it('leaves layers with an upper bound, or with two readers, alone', () => {
    const bounded = chain(3, { min: 0, max: 6 });
    expect(equalize(bounded)).toBe(bounded);
    const b = new GraphBuilder();
    const x = b.op('fullyConnected', [b.input([1, 1]), b.constant([2, 1], [100, 0.01])]);
    const graph = b.build(b.op('fullyConnected', [x, b.constant([1, 2], [0.01, 100])]), x);
    expect(equalize(graph)).toBe(graph);
  });
});
