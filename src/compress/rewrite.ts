// SPDX-License-Identifier: Apache-2.0
// What changes the float graph's layers before it is quantized: channels that go, layers that split.
import { fail } from '../cli/errors.js';
import type { Recipe } from '../generated/recipe.js';
import type { Graph, TensorData } from '../model/graph.js';
import { canFactor, factorLayers } from './lowRank.js';
import { collectMoments } from './moments.js';
import { pruneChannels } from './pruneChannels.js';
import type { MakeRunner } from './runner.js';

export interface Rewrite {
  /** Share of the channels that go. */
  channels?: number;
  /** Ranks by the layer's node name. */
  ranks?: ReadonlyMap<string, number>;
}

/** What a recipe asks for; undefined where it is nothing. */
export function rewriteOf(recipe: Recipe): Rewrite | undefined {
  const ranks = new Map(
    Object.entries(recipe.layers).flatMap(([name, { rank }]) => (rank === undefined ? [] : [[name, rank] as const])),
  );
  if (recipe.channels === undefined && ranks.size === 0) return undefined;
  return { ...(recipe.channels === undefined ? {} : { channels: recipe.channels }), ranks };
}

function requireFactors(graph: Graph, name: string, rank: number): void {
  const node = graph.nodes.find((n) => n.name === name);
  const most = node && canFactor(node, graph) ? graph.tensors[node.inputs[1]].shape[0] - 1 : 0;
  if (rank > most)
    fail('usage.option', {
      option: 'recipe',
      expected: most > 0 ? `a rank of at most ${most} for ${name}` : `ranks for conv2d and fullyConnected layers only`,
      got: `rank ${rank} for ${name}`,
    });
}

export async function rewriteGraph(
  source: Graph,
  samples: readonly TensorData[][],
  makeRunner: MakeRunner,
  { channels, ranks }: Rewrite,
): Promise<Graph> {
  const moments = async (graph: Graph): Promise<ReturnType<typeof collectMoments>> =>
    collectMoments(graph, samples, await makeRunner(graph));
  const fewer = channels === undefined ? source : pruneChannels(source, await moments(source), { share: channels });
  for (const [name, rank] of ranks ?? []) requireFactors(fewer, name, rank);
  return ranks?.size ? factorLayers(fewer, await moments(fewer), (node) => ranks.get(node.name)) : fewer;
}
