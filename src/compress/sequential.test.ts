// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import type { Graph, Node } from '../model/graph.js';
import { GraphBuilder, randomValues } from '../passes/testing/graphBuilder.js';
import { covariances } from './covariances.js';
import { openFrontier, startOf } from './frontier.js';
import { type JointMoments, jointMoments } from './jointMoments.js';
import { centred, collectMoments } from './moments.js';
import { type LossInputs, quantizeFromCalibration } from './quantizeFromCalibration.js';
import { uniformRecipe } from './recipe.js';
import { evaluateRunner, type FloatRunner } from './runner.js';
import { aimed, inputsOf } from './sequential.js';

/** Three layers of four-pixel images, the last one dense. */
function network(zeroChannel = false): Graph {
  const b = new GraphBuilder();
  const x = b.input([1, 6, 6, 4]);
  const weights = randomValues(1, 8 * 3 * 3 * 4, 0.3);
  if (zeroChannel) weights.fill(0, 0, 36);
  const relu = { activation: { min: 0, max: null } };
  const conv = { strides: [1, 1], pads: [1, 1, 1, 1], dilations: [1, 1], groups: 1, ...relu };
  const first = b.op('conv2d', [x, b.constant([8, 3, 3, 4], weights), b.constant([8], randomValues(2, 8))], conv);
  const depth = b.constant([1, 3, 3, 8], randomValues(3, 72, 0.4));
  const second = b.op('depthwiseConv2d', [first, depth, b.constant([8], randomValues(4, 8))], {
    ...conv,
    multiplier: 1,
  });
  const flat = b.op('reshape', [second], { shape: [1, 288] });
  b.graph.outputs.push(b.op('fullyConnected', [flat, b.constant([5, 288], randomValues(5, 1440, 0.2))]));
  return b.graph;
}

/** Correlated, and not around zero. */
const images = (count: number, seed: number): Float32Array[] =>
  Array.from({ length: count }, (_, i) => {
    const coarse = randomValues(seed + i, 16);
    return randomValues(seed + 1000 + i, 144, 0.2).map(
      (v, at) => v + 0.7 + coarse[(Math.floor(at / 72) * 4 + (at % 4)) % 16],
    );
  });

const snrOf = async (graph: Graph, lossInputs: LossInputs, samples = images(24, 1)): Promise<number> => {
  const { report } = await quantizeFromCalibration(
    graph,
    samples.map((s) => [s]),
    evaluateRunner,
    { recipeOf: uniformRecipe('int3'), lossInputs, equalize: 'none', checkSamples: 24 },
  );
  return report.outputSnrDb as number;
};

/** Of a node's inputs in two runners of a graph. */
function momentsOf(
  graph: Graph,
  node: Node,
  samples: Float32Array[],
  clean: FloatRunner,
  packed: FloatRunner,
): JointMoments {
  const start = startOf(
    graph,
    samples.map((s) => [s]),
  );
  const seen = (runner: FloatRunner): Float32Array[] => inputsOf(openFrontier(graph, runner, start), node);
  return jointMoments(graph, node, { clean: seen(clean), packed: seen(packed) }, 4096, covariances);
}

describe('sequential calibration', () => {
  it('comes closer to the float model than rounding on the float inputs does', async () => {
    const graph = network();
    const [float, around, sequential] = [
      await snrOf(graph, 'float'),
      await snrOf(graph, 'centred'),
      await snrOf(graph, 'sequential'),
    ];
    expect(sequential).toBeGreaterThan(Math.max(float, around));
  });

  it('aims at the exact minimum of |W x - V y|', () => {
    const graph = network();
    const [clean, packed] = [evaluateRunner(graph), evaluateRunner(graph)];
    const node = graph.nodes[1];
    const first = graph.tensors[graph.nodes[0].inputs[1]].data as Float32Array;
    packed.setConstants?.(new Map([[graph.nodes[0].inputs[1], { data: first.map((w) => Math.round(4 * w) / 4) }]]));
    const joint = momentsOf(graph, node, images(20, 50), clean, packed);
    const n = joint.columns;
    const weights = Float64Array.from(randomValues(9, 8 * n));
    const aim = aimed(weights, joint, 1e-12);
    // At the minimum, the error W x - V y has no covariance with y.
    for (let row = 0; row < 8; row++) {
      for (let j = 0; j < n; j++) {
        let left = 0;
        let size = 0;
        for (let i = 0; i < n; i++) {
          const yy = joint.matrices[row][i * n + j];
          const xy = joint.differences[row][i * n + j] + yy;
          left += weights[row * n + i] * xy - aim[row * n + i] * yy;
          size += Math.abs(weights[row * n + i] * xy);
        }
        expect(Math.abs(left)).toBeLessThan(1e-6 * size + 1e-9);
      }
    }
  });

  it('leaves weights alone where the layers before are exact', () => {
    const graph = network();
    const [clean, packed] = [evaluateRunner(graph), evaluateRunner(graph)];
    const joint = momentsOf(graph, graph.nodes[1], images(5, 80), clean, packed);
    const weights = Float64Array.from(randomValues(9, 72));
    expect(aimed(weights, joint)).toEqual(weights);
  });

  it.each([
    ['one sample', () => [network(), images(1, 3)] as const],
    ['the same sample again and again', () => [network(), Array.from({ length: 6 }, () => images(1, 3)[0])] as const],
    ['black images', () => [network(), Array.from({ length: 6 }, () => new Float32Array(144))] as const],
    ['a channel of zeros', () => [network(true), images(8, 3)] as const],
  ])('gives a model on %s', async (_, make) => {
    const [graph, samples] = make();
    for (const lossInputs of ['float', 'centred', 'sequential'] as const)
      expect(await snrOf(graph, lossInputs, samples)).toBeGreaterThan(5);
  });
});

describe('moments', () => {
  it('around the mean are covariances', () => {
    const graph = network();
    const samples = images(10, 7);
    const all = collectMoments(
      graph,
      samples.map((s) => [s]),
      evaluateRunner(graph),
    );
    const own = all.get(graph.nodes[2].outputs[0]) ?? [...all.values()][2];
    const around = centred(own);
    for (let i = 0; i < own.columns; i += 37)
      expect(around.matrices[0][i * own.columns + i]).toBeCloseTo(
        own.matrices[0][i * own.columns + i] - own.means[0][i] ** 2,
        9,
      );
  });
});
