// SPDX-License-Identifier: Apache-2.0
// What the allocator works with: a float model, its calibration, what every level of every layer takes and does to the
// answers, and any plan rounded and measured as pack rounds it.
import type { Recipe } from '../../generated/recipe.js';
import type { Graph, Node, TensorData, TensorId } from '../../model/graph.js';
import { isWeighted } from '../../passes/affine.js';
import { chooseRanges, collectStatistics, type HistogramMethod } from '../calibrate.js';
import { layerSensitivities, withSensitivities } from '../codedRecipe.js';
import { centred, collectMoments, type Moments } from '../moments.js';
import { quantizeGraph } from '../quantize.js';
import { type Equalization, quantizeFromCalibration } from '../quantizeFromCalibration.js';
import { recipeFrom } from '../recipe.js';
import { rewriteOf } from '../rewrite.js';
import type { MakeIntegerRunner, MakeRunner } from '../runner.js';
import type { Sensitivity } from '../sensitivity.js';
import { roundSequentially, withBiases } from '../sequential.js';
import { openAlone, ownLoss } from './aloneLevels.js';
import type { LayerCost, TuneTarget } from './layerCosts.js';
import type { LevelPlan } from './levelPlan.js';
import { type Level, parseLevel, rankOf } from './levels.js';
import { concatenated, decoded, judgedOf, outputsOf } from './outputs.js';
import { openProbes } from './probes.js';
import { lossOf, type Quality, viewOf } from './quality.js';

/** A plan, rounded layer after layer as `pack --recipe` does it, and measured on this machine's int8 kernels. */
export interface Verified {
  graph: Graph;
  loss: number;
}

export interface Workbench {
  layers: readonly { name: string; weights: number }[];
  levels: readonly Level[];
  /** Each layer rounded by itself: for what plans take. */
  graphOf(plan: LevelPlan): Graph;
  /** The plan as a recipe has it. */
  recipeOf(plan: LevelPlan): Recipe['layers'];
  /** What `quality` looks at in the float model's outputs for the loss samples, one after another. */
  clean: Float64Array;
  /** The same when one layer has a level's weights and those behind it are calibrated on that. */
  probe(layer: number, level: number): Float64Array;
  verify(plan: LevelPlan): Promise<Verified>;
  /** [layer][level] */
  costs: readonly (readonly LayerCost[])[];
  /** Squared error of each layer's own output at each level: [layer][level]. */
  ownLosses: readonly (readonly number[])[];
  /** Whether the layer can take the level: [layer][level]. */
  open: readonly (readonly boolean[])[];
  /** Whether any plan could be better with the level, too. */
  offered: readonly (readonly boolean[])[];
  /** Layers that can take a level, but only in the reference kernel, where int8 has one of the target's own: by level. */
  without: ReadonlyMap<string, number>;
  /** The same with these levels offered, too. */
  evenSlow(): Workbench;
}

export interface WorkbenchInput {
  graph: Graph;
  /** What `graph` was before its channels were scaled, and how they were; the same graph and `none` unless given. */
  from?: { graph: Graph; equalize: Equalization };
  /** Ranges and moments come from all, losses from `lossSamples` of them, evenly spread. */
  samples: readonly TensorData[][];
  lossSamples: number;
  makeRunner: MakeRunner;
  makeIntegerRunner: MakeIntegerRunner;
  levels: readonly string[];
  target: TuneTarget;
  quality?: Quality;
  ranges?: HistogramMethod;
  /** What is limited; bytes are unless given. */
  matters?: readonly Amount[];
}

type Amount = 'bytes' | 'instructions' | 'scratchBytes' | 'startBytes';

const evenly = <T>(list: readonly T[], count: number): T[] =>
  Array.from(
    { length: Math.min(count, list.length) },
    (_, i) => list[Math.floor((i * list.length) / Math.min(count, list.length))],
  );

/** A level is of no use where another loses no more, takes no more of anything that is limited, and less of something. */
function usefulLevels(
  costs: readonly LayerCost[],
  losses: readonly number[],
  can: readonly boolean[],
  matters: readonly Amount[],
): boolean[] {
  const figures = costs.map((c, k) => [losses[k], ...matters.map((m) => c[m])]);
  return figures.map(
    (own, k) =>
      can[k] &&
      figures.every((other, j) => {
        const noMore = can[j] && other.every((v, i) => v <= own[i]);
        return j === k || k === 0 || !noMore || (other.every((v, i) => v === own[i]) && j > k);
      }),
  );
}

export async function openWorkbench(input: WorkbenchInput): Promise<Workbench> {
  const { target, makeRunner, quality, matters = ['bytes'] } = input;
  const { graph: source, equalize } = input.from ?? { graph: input.graph, equalize: 'none' };
  const levels = input.levels.map(parseLevel);
  const graph = withBiases(input.graph);
  const samples = [...input.samples];
  const runner = await makeRunner(graph);
  const statistics = await collectStatistics(graph, samples, runner);
  const method = input.ranges ?? 'mse';
  const ranges = await chooseRanges(graph, samples, runner, statistics.extremes, method);
  const raw = collectMoments(graph, samples, runner);
  const moments = new Map([...raw].map(([id, m]) => [id, centred(m)]));
  const nodes = graph.nodes.filter((n) => isWeighted(n) && graph.tensors[n.inputs[1]].data !== undefined);
  const hasCoded = levels.some((l) => l.weights.startsWith('coded'));
  const sensitivities: ReadonlyMap<TensorId, Sensitivity> = hasCoded
    ? layerSensitivities({ graph, samples, runner }, raw)
    : new Map();
  const measured = { graph, raw, moments, means: statistics.means, ranges };
  const alone = openAlone({ measured, nodes, levels, target, sensitivities });
  const { costs } = alone;
  const shapeOf = (node: Node): readonly number[] => graph.tensors[node.inputs[1]].shape;
  const ownLosses = nodes.map((node, layer) =>
    levels.map((_, level) => ownLoss(graph, node, alone.real(layer, level), moments.get(node.outputs[0]) as Moments)),
  );
  const slow = costs.map((of) => of.map((c) => c.rough && !of[0].rough));
  const openTo = (evenSlow: boolean): Pick<Workbench, 'open' | 'offered'> => {
    const open = costs.map((of, layer) =>
      of.map((_, level) => alone.can(layer, level) && (evenSlow || !slow[layer][level])),
    );
    return { open, offered: costs.map((of, layer) => usefulLevels(of, ownLosses[layer], open[layer], matters)) };
  };
  const floatOf = (s: TensorData[]): Float32Array[] => s.map((d) => Float32Array.from(d as ArrayLike<number>));
  const chosen = evenly(samples, input.lossSamples);
  const floats = chosen.map(floatOf);
  const others = samples.filter((s) => !chosen.includes(s)).map(floatOf);
  const probes = await openProbes({
    ...{ graph, nodes, makeRunner, judged: judgedOf(graph) },
    samples: [...floats, ...others],
    answered: floats.length,
  });
  const view = viewOf(quality ?? 'snr', probes.clean);
  const clean = concatenated(view(probes.clean));
  const recipeOf = (plan: LevelPlan): Recipe['layers'] =>
    Object.fromEntries(
      nodes.map((node, i) => {
        const level = levels[plan[i]];
        const rank = rankOf(level, node, shapeOf(node));
        const { weights, coded } = level;
        return [node.name, { weights, method: 'output', ...(coded ? { coded } : {}), ...(rank ? { rank } : {}) }];
      }),
    );
  /** As quantizeFromCalibration does it; that itself where layers become two, for what is known here is of one. */
  const packed = async (recipe: Recipe): Promise<Graph> => {
    const rewrite = rewriteOf(recipe);
    const { makeIntegerRunner } = input;
    const settings = { method, equalize, recipeOf: recipeFrom(recipe), checkSamples: 0, makeIntegerRunner };
    if (rewrite) return (await quantizeFromCalibration(source, samples, makeRunner, { ...settings, rewrite })).graph;
    const rounding = withSensitivities(settings.recipeOf, sensitivities);
    const round = await roundSequentially({ graph: input.graph, samples, makeRunner, recipeOf: rounding });
    return quantizeGraph(input.graph, ranges, { biasCorrection: statistics.means, round });
  };
  const bench: Workbench = {
    layers: nodes.map((n) => ({ name: n.name, weights: shapeOf(n).reduce((a, b) => a * b, 1) })),
    levels,
    graphOf: alone.graphOf,
    recipeOf,
    clean,
    costs,
    ownLosses,
    ...openTo(false),
    evenSlow: () => ({ ...bench, ...openTo(true), without: new Map() }),
    without: new Map(
      levels.flatMap(({ name }, level) => {
        const count = slow.filter((of, layer) => of[level] && alone.can(layer, level)).length;
        return count > 0 ? [[name, count] as const] : [];
      }),
    ),
    probe: (layer, level) =>
      concatenated(view(probes.answers(layer, alone.real(layer, level), levels[level].low !== undefined))),
    async verify(plan) {
      const made = await packed({ schema: 'mote.recipe/1', layers: recipeOf(plan) });
      const plain = decoded(made);
      const integer = await input.makeIntegerRunner(plain);
      const outputs = outputsOf(plain, (inputs, visit) => integer.run(inputs, visit), floats);
      return { graph: made, loss: lossOf(clean, concatenated(view(outputs))) };
    },
  };
  return bench;
}
