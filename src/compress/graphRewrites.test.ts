// SPDX-License-Identifier: Apache-2.0
// Channels that go and layers that split: exact where nothing is lost, and the better the more is kept.
import { describe, expect, it } from 'vitest';
import type { Graph, Node } from '../model/graph.js';
import { evaluateGraph } from '../ops/evaluateGraph.js';
import { GraphBuilder, randomValues } from '../passes/testing/graphBuilder.js';
import { channelSets } from './channelSets.js';
import { factorLayers } from './lowRank.js';
import { centred, collectMoments, type Moments } from './moments.js';
import { pruneChannels } from './pruneChannels.js';
import { evaluateRunner } from './runner.js';

const relu = { activation: { min: 0, max: null } };
const conv = { strides: [1, 1], pads: [1, 1, 1, 1], dilations: [1, 1], groups: 1, ...relu };
const unit = { ...conv, pads: [0, 0, 0, 0] };

/** conv > depthwise > 1x1 > (+ conv) > flatten > dense; channels 1 and 4 of the first conv are constant. */
function network(): Graph {
  const b = new GraphBuilder();
  const x = b.input([1, 5, 5, 3]);
  const w = randomValues(1, 6 * 27, 0.5);
  for (const c of [1, 4]) w.fill(0, c * 27, c * 27 + 27);
  const first = b.op('conv2d', [x, b.constant([6, 3, 3, 3], w), b.constant([6], [0.1, 0.5, 0, 0.2, 0.3, 0.1])], conv);
  const taps = b.constant([1, 1, 1, 6], randomValues(2, 6));
  const depth = b.op('depthwiseConv2d', [first, taps, b.constant([6], randomValues(3, 6))], { ...unit, multiplier: 1 });
  const second = b.op(
    'conv2d',
    [depth, b.constant([4, 1, 1, 6], randomValues(4, 24)), b.constant([4], randomValues(5, 4))],
    unit,
  );
  const side = b.op('conv2d', [x, b.constant([4, 3, 3, 3], randomValues(6, 108))], conv);
  const sum = b.op('add', [second, side], {});
  const flat = b.op('reshape', [sum], { shape: [1, 100] });
  b.graph.outputs.push(b.op('fullyConnected', [flat, b.constant([3, 100], randomValues(7, 300, 0.3))]));
  return b.graph;
}

const samples = Array.from({ length: 30 }, (_, i) => [randomValues(100 + i, 75)]);
const momentsOf = (graph: Graph): ReturnType<typeof collectMoments> =>
  collectMoments(graph, samples, evaluateRunner(graph));

function difference(a: Graph, b: Graph): number {
  let [signal, noise] = [0, 0];
  for (const sample of samples) {
    const [x] = evaluateGraph(a, sample, { rounding: 'tflite' }) as Float32Array[];
    const [y] = evaluateGraph(b, sample, { rounding: 'tflite' }) as Float32Array[];
    x.forEach((v, i) => {
      signal += v * v;
      noise += (v - y[i]) ** 2;
    });
  }
  return noise / signal;
}

describe('channel sets', () => {
  it('bind what an addition and a depthwise layer join, and leave what the outside sees', () => {
    const graph = network();
    const sets = channelSets(graph).map((s) => ({
      channels: s.channels,
      makers: s.makers.length,
      takers: s.takers.length,
    }));
    expect(sets).toEqual([
      { channels: 6, makers: 1, takers: 1 },
      { channels: 4, makers: 2, takers: 1 },
    ]);
    graph.outputs.push(graph.nodes[4].outputs[0]);
    expect(channelSets(graph)).toHaveLength(1);
  });
});

describe('channel removal', () => {
  it('loses nothing with constant channels: the bias takes them', () => {
    const graph = network();
    for (const compensate of ['bias', 'weights'] as const) {
      const less = pruneChannels(graph, momentsOf(graph), { share: 0.2, compensate });
      expect(less.tensors[less.nodes[0].outputs[0]].shape).toEqual([1, 5, 5, 4]);
      expect(difference(graph, less)).toBeLessThan(1e-9);
    }
  });

  it('does better when weights make up for it, through an addition and a flatten too', () => {
    const graph = network();
    const [bias, weights] = (['bias', 'weights'] as const).map((compensate) =>
      difference(graph, pruneChannels(graph, momentsOf(graph), { share: 0.4, compensate })),
    );
    expect(weights).toBeLessThan(bias);
    const { nodes, tensors } = pruneChannels(graph, momentsOf(graph), { share: 0.7 });
    expect(tensors[nodes[5].outputs[0]].shape[1]).toBeLessThan(100);
  });

  it('never empties a layer, and leaves the source alone', () => {
    const graph = network();
    const before = JSON.stringify(graph.tensors.map((t) => t.shape));
    const least = pruneChannels(graph, momentsOf(graph), { share: 1 });
    expect(least.tensors[least.nodes[0].outputs[0]].shape[3]).toBe(2);
    expect(Number.isFinite(difference(graph, least))).toBe(true);
    expect(JSON.stringify(graph.tensors.map((t) => t.shape))).toBe(before);
  });
});

describe('low rank', () => {
  it('is exact where the layer has that rank, and the closer the more of it is kept', () => {
    const graph = network();
    const at = (rank: number): Graph => factorLayers(graph, momentsOf(graph), (n) => (n === undefined ? 0 : rank));
    const errors = [1, 2].map((rank) => difference(graph, at(rank)));
    expect(errors[1]).toBeLessThan(errors[0]);
    // Channels 1 and 4 of the first layer are constant: four directions are all there is.
    const first = factorLayers(graph, momentsOf(graph), (n) => (n.name === 'conv2d_0' ? 4 : undefined));
    expect(first.nodes).toHaveLength(graph.nodes.length + 1);
    expect(difference(graph, first)).toBeLessThan(1e-9);
  });

  it('leaves both layers as much of the directions that vary little: their eight bits cost the same', () => {
    const graph = network();
    const split = factorLayers(graph, momentsOf(graph), (n) => (n.name === 'conv2d_0' ? 4 : undefined));
    const second = split.nodes.find((n) => n.name === 'conv2d_0') as Node;
    const { matrices } = centred(momentsOf(split).get(second.outputs[0]) as Moments);
    const weights = split.tensors[second.inputs[1]].data as Float32Array;
    const squares = [0, 1, 2, 3].map((k) => weights.reduce((sum, w, i) => sum + (i % 4 === k ? w * w : 0), 0));
    const variances = [0, 1, 2, 3].map((k) => matrices[0][k * 5]);
    expect(variances[3]).toBeLessThan(0.9 * variances[0]);
    variances.forEach((v, k) => {
      expect(v / variances[0]).toBeCloseTo(squares[k] / squares[0], 3);
    });
  });
});
