// SPDX-License-Identifier: Apache-2.0
// Recipes that remove channels and split layers, through the whole quantizer.
import { describe, expect, it } from 'vitest';
import type { Graph } from '../model/graph.js';
import { GraphBuilder, randomValues } from '../passes/testing/graphBuilder.js';
import { quantizeFromCalibration } from './quantizeFromCalibration.js';
import { recipeFrom, uniformRecipe } from './recipe.js';
import { rewriteOf } from './rewrite.js';
import { evaluateRunner } from './runner.js';

function network(): Graph {
  const b = new GraphBuilder();
  const x = b.input([1, 24]);
  const relu = { activation: { min: 0, max: null } };
  const wide = b.op('fullyConnected', [x, b.constant([32, 24], randomValues(1, 768, 0.4))], relu);
  b.graph.outputs.push(b.op('fullyConnected', [wide, b.constant([6, 32], randomValues(2, 192, 0.4))]));
  return b.graph;
}

const samples = Array.from({ length: 40 }, (_, i) => [randomValues(10 + i, 24)]);

describe('recipes', () => {
  it('split a layer, and both halves take its format', async () => {
    const recipe = {
      schema: 'mote.recipe/1' as const,
      layers: { fullyConnected_0: { weights: 'int6', rank: 12 } },
    };
    const { graph, report } = await quantizeFromCalibration(network(), samples, evaluateRunner, {
      recipeOf: recipeFrom(recipe),
      rewrite: rewriteOf(recipe),
    });
    const stored = graph.nodes.map((n) => graph.tensors[n.inputs[1]].stored?.encoding);
    expect(stored).toEqual([{ kind: 'int', bits: 6, group: 0 }, { kind: 'int', bits: 6, group: 0 }, undefined]);
    expect(report.outputSnrDb).toBeGreaterThan(3);
    expect(report.outputSnrDb).toBeLessThan(25);
  });

  it('remove channels, and say how far from the whole model that is', async () => {
    const recipe = { schema: 'mote.recipe/1' as const, channels: 0.25, layers: {} };
    const { graph, report } = await quantizeFromCalibration(network(), samples, evaluateRunner, {
      rewrite: rewriteOf(recipe),
    });
    expect(graph.tensors[graph.nodes[0].inputs[1]].shape).toEqual([24, 24]);
    expect(report.outputSnrDb).toBeLessThan(30);
  });

  it('refuse a rank that no layer can have, by name', async () => {
    for (const [name, rank] of [
      ['fullyConnected_0', 32],
      ['nothing', 2],
    ] as const) {
      const recipe = { schema: 'mote.recipe/1' as const, layers: { [name]: { weights: 'int8', rank } } };
      await expect(
        quantizeFromCalibration(network(), samples, evaluateRunner, { rewrite: rewriteOf(recipe) }),
      ).rejects.toThrow(name);
    }
  });

  it('round to the same bytes every time', async () => {
    const pack = async (): Promise<string> => {
      const { graph } = await quantizeFromCalibration(network(), samples, evaluateRunner, {
        recipeOf: uniformRecipe('int4'),
        rewrite: { channels: 0.1 },
      });
      return JSON.stringify(graph.tensors.map((t) => [t.data && Array.from(t.data, Number), t.quant]));
    };
    expect(await pack()).toBe(await pack());
  });
});
