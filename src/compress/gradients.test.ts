// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import type { Graph, TensorId } from '../model/graph.js';
import { GraphBuilder, randomValues } from '../passes/testing/graphBuilder.js';
import { xorshift32 } from '../xorshift.js';
import { backward } from './gradients.js';
import { collectMoments } from './moments.js';
import { evaluateRunner } from './runner.js';
import { sensitivities } from './sensitivity.js';

const conv = { strides: [1, 1], pads: [1, 1, 1, 1], dilations: [1, 1], groups: 1 };
const relu = { activation: { min: 0, max: null } };

/** Every operator that has a rule, a branch and a sum. */
function network(): Graph {
  const b = new GraphBuilder();
  const x = b.input([1, 8, 8, 3]);
  const first = b.op(
    'conv2d',
    [x, b.constant([6, 3, 3, 3], randomValues(1, 162, 0.4)), b.constant([6], randomValues(2, 6))],
    {
      ...conv,
      strides: [2, 2],
      ...relu,
    },
  );
  const depth = b.op('depthwiseConv2d', [first, b.constant([1, 3, 3, 6], randomValues(3, 54, 0.5))], {
    ...conv,
    multiplier: 1,
  });
  const point = b.op('conv2d', [first, b.constant([6, 1, 1, 6], randomValues(4, 36, 0.5))], {
    ...conv,
    pads: [0, 0, 0, 0],
  });
  const sum = b.op('add', [depth, point], relu);
  const bent = b.op('tanh', [sum]);
  const pool = { kernel: [2, 2], strides: [2, 2], pads: [0, 0, 0, 0] };
  const most = b.op('maxPool2d', [bent], { ...pool, dilations: [1, 1] });
  const mean = b.op('averagePool2d', [most], { ...pool, countIncludePad: false });
  const flat = b.op('reshape', [mean], { shape: [1, 6] });
  b.graph.outputs.push(b.op('fullyConnected', [flat, b.constant([4, 6], randomValues(5, 24, 0.8))]));
  return b.graph;
}

function valuesOf(graph: Graph, inputs: Float32Array[]): Map<TensorId, Float32Array> {
  const values = new Map<TensorId, Float32Array>(graph.inputs.map((id, i) => [id, inputs[i]]));
  evaluateRunner(graph).run(inputs, (id, data) => void values.set(id, data.slice()));
  return values;
}

const weighted = (graph: Graph, values: ReadonlyMap<TensorId, Float32Array>, seed: Float32Array): number =>
  (values.get(graph.outputs[0]) as Float32Array).reduce((s, v, i) => s + v * seed[i], 0);

describe('gradients', () => {
  it('of biases are those that moving the biases shows', () => {
    const graph = network();
    const inputs = [randomValues(9, 192)];
    const seed = Float32Array.of(1, -1, 1, 1);
    const found = new Map<string, Float64Array>();
    backward(graph, valuesOf(graph, inputs), new Map([[graph.outputs[0], seed]]), xorshift32(1), (node, gradient) => {
      const channels = graph.tensors[node.outputs[0]].shape.at(-1) ?? 1;
      const sums = new Float64Array(channels);
      gradient.forEach((g, i) => {
        sums[i % channels] += g;
      });
      found.set(node.outputs[0].toString(), sums);
    });
    const [first] = graph.nodes;
    const bias = first.inputs[2];
    const at = (channel: number, by: number): number => {
      const data = Float32Array.from(graph.tensors[bias].data as Float32Array, (v, c) => (c === channel ? v + by : v));
      const moved = { ...graph, tensors: graph.tensors.map((t, i) => (i === bias ? { ...t, data } : t)) };
      return weighted(moved, valuesOf(moved, inputs), seed);
    };
    const step = 1e-3;
    for (let channel = 0; channel < 6; channel++)
      expect(found.get(first.outputs[0].toString())?.[channel]).toBeCloseTo(
        (at(channel, step) - at(channel, -step)) / (2 * step),
        1,
      );
    expect(found.size).toBe(4);
  });

  it('reach layers before an operator without a rule, too', () => {
    const b = new GraphBuilder();
    const x = b.input([1, 12]);
    const first = b.op('fullyConnected', [x, b.constant([8, 12], randomValues(1, 96))]);
    const odd = b.op('softmax', [first], { axis: 1, beta: 1 });
    b.graph.outputs.push(b.op('fullyConnected', [odd, b.constant([3, 8], randomValues(2, 24))]));
    const samples = [[randomValues(3, 12)], [randomValues(4, 12)]];
    const runner = evaluateRunner(b.graph);
    const found = sensitivities(b.graph, samples, runner, collectMoments(b.graph, samples, runner));
    for (const { rows } of found.values()) expect(rows.every(Number.isFinite) && rows.some((v) => v > 0)).toBe(true);
    expect(found.size).toBe(2);
  });
});

describe('sensitivity', () => {
  it('foretells what noise on the weights does to the outputs, layer by layer', () => {
    const graph = network();
    const samples = Array.from({ length: 60 }, (_, i) => [randomValues(100 + i, 192)]);
    const runner = evaluateRunner(graph);
    const costs = sensitivities(graph, samples, runner, collectMoments(graph, samples, runner));
    for (const node of graph.nodes.filter((n) => costs.has(n.outputs[0]))) {
      const { rows } = costs.get(node.outputs[0]) ?? { rows: new Float64Array() };
      const count = Math.sqrt(rows.length);
      const weights = graph.tensors[node.inputs[1]].data as Float32Array;
      // Noise of size s on every weight costs s^2 times the sum of all squared derivatives.
      const size = 1e-3;
      let expected = 0;
      for (let r = 0; r < count; r++) expected += size * size * rows[r * (count + 1)];
      let seen = 0;
      const draws = 12;
      for (let d = 0; d < draws; d++) {
        const signs = randomValues(7 + d, weights.length);
        const data = weights.map((w, i) => w + (signs[i] < 0 ? -size : size));
        const moved = { ...graph, tensors: graph.tensors.map((t, i) => (i === node.inputs[1] ? { ...t, data } : t)) };
        const errors = samples.map((s) => {
          const [a, b] = [valuesOf(graph, s), valuesOf(moved, s)].map((v) => v.get(graph.outputs[0]) as Float32Array);
          return a.map((v, i) => b[i] - v);
        });
        // The bias would take the mean.
        const mean = errors[0].map((_, i) => errors.reduce((sum, e) => sum + e[i], 0) / errors.length);
        seen +=
          errors.reduce((sum, e) => sum + e.reduce((s, v, i) => s + (v - mean[i]) ** 2, 0), 0) / errors.length / draws;
      }
      expect(seen / expected).toBeGreaterThan(0.4);
      expect(seen / expected).toBeLessThan(2);
    }
  });
});
