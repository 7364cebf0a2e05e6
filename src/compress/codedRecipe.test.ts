// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import type { Graph } from '../model/graph.js';
import { GraphBuilder, randomValues } from '../passes/testing/graphBuilder.js';
import { quantizeFromCalibration } from './quantizeFromCalibration.js';
import { recipeFrom, uniformRecipe } from './recipe.js';
import { entropyBits } from './round/rate.js';
import { evaluateRunner } from './runner.js';

/** Two convolutions, the second with a channel whose weights are small. */
function network(): Graph {
  const b = new GraphBuilder();
  const x = b.input([1, 6, 6, 4]);
  const conv = { strides: [1, 1], pads: [1, 1, 1, 1], dilations: [1, 1], groups: 1, activation: { min: 0, max: null } };
  const first = b.op('conv2d', [x, b.constant([16, 3, 3, 4], randomValues(1, 576, 0.3))], conv);
  const second = b.op('conv2d', [first, b.constant([12, 3, 3, 16], randomValues(2, 1728, 0.2))], conv);
  const flat = b.op('reshape', [second], { shape: [1, 432] });
  b.graph.outputs.push(b.op('fullyConnected', [flat, b.constant([5, 432], randomValues(3, 2160, 0.1))]));
  return b.graph;
}

const samples = Array.from({ length: 64 }, (_, i) => [randomValues(100 + i, 144).map(Math.abs)]);

async function packed(recipeOf: ReturnType<typeof uniformRecipe>) {
  const { graph, report } = await quantizeFromCalibration(network(), samples, evaluateRunner, {
    recipeOf,
    equalize: 'none',
    method: 'mse',
  });
  const data = graph.nodes.flatMap((n) => {
    const weights = graph.tensors[n.inputs[1]]?.data;
    return n.op === 'conv2d' || n.op === 'fullyConnected' ? [weights as Int8Array] : [];
  });
  return { data, snrDb: report.outputSnrDb as number };
}

const allBits = (data: readonly Int8Array[]): number =>
  data.reduce((sum, d) => sum + entropyBits(d) * d.length, 0) / data.reduce((sum, d) => sum + d.length, 0);

describe('coded weights', () => {
  it('come out at the wanted bits over all layers, and lose more the fewer they are', async () => {
    const [three, two] = [await packed(uniformRecipe('coded3')), await packed(uniformRecipe('coded2'))];
    expect(Math.abs(allBits(three.data) - 3)).toBeLessThan(0.4);
    // Random weights and few samples: what sequential rounding aims at has more bits than the weights.
    expect(Math.abs(allBits(two.data) - 2)).toBeLessThan(0.7);
    expect(three.snrDb).toBeGreaterThan(two.snrDb + 3);
  });

  it('have a rate of their own where a recipe names the layer', async () => {
    const names = network().nodes.map((n) => n.name);
    const { data } = await packed(
      recipeFrom({
        schema: 'mote.recipe/1',
        layers: { [names[0]]: { weights: 'coded4.5' }, [names[3]]: { weights: 'coded2' } },
      }),
    );
    expect(Math.abs(entropyBits(data[0]) - 4.5)).toBeLessThan(0.15);
    expect(Math.abs(entropyBits(data[2]) - 2)).toBeLessThan(0.15);
    expect(entropyBits(data[1])).toBeGreaterThan(6);
  });

  it('are the same every time', async () => {
    const [a, b] = [await packed(uniformRecipe('coded2.5')), await packed(uniformRecipe('coded2.5'))];
    expect(a).toEqual(b);
  });
});
