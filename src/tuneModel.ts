// SPDX-License-Identifier: Apache-2.0
// The line from a float model and budgets to a recipe: quantizer settings -> workbench -> search -> pack. The pack is made
// from the recipe as `pack --recipe` makes it, so what it is said to take is what it takes.
import { loadTarget } from './build/boards.js';
import { fail } from './cli/errors.js';
import { openArenas } from './compress/allocate/arenas.js';
import type { Budgets } from './compress/allocate/budgets.js';
import { type Budget, costOf, leastPlan } from './compress/allocate/choosePlan.js';
import { type LayerCost, layerCosts, type TuneTarget } from './compress/allocate/layerCosts.js';
import type { LevelPlan } from './compress/allocate/levelPlan.js';
import { levelNames, parseLevel } from './compress/allocate/levels.js';
import {
  type Costs,
  expectedTotals,
  type Given,
  isOpen,
  type Limits,
  limitsOf,
  measureFor,
  refuse,
  requireMet,
} from './compress/allocate/limits.js';
import { keyOf, openJudge } from './compress/allocate/polish.js';
import { predict } from './compress/allocate/predict.js';
import type { Quality } from './compress/allocate/quality.js';
import { type Found, type FrontPoint, search } from './compress/allocate/search.js';
import { openSolver, type Solver } from './compress/allocate/solve.js';
import { type Totals, totalsOf } from './compress/allocate/totals.js';
import { openWorkbench, type Workbench } from './compress/allocate/workbench.js';
import { type Equalization, quantizeFromCalibration } from './compress/quantizeFromCalibration.js';
import { codedFrom } from './compress/recipe.js';
import { withTable } from './costs/boardCosts.js';
import { openWasmRunners } from './device/wasmRunner.js';
import type { Recipe } from './generated/recipe.js';
import type { Graph, TensorData } from './model/graph.js';
import { bytesOf } from './model/tensorData.js';
import {
  calibrationSamples,
  importModel,
  type PackResult,
  packModel,
  requireFloat,
  requireSupported,
  sha256,
  usedForCalibration,
} from './packModel.js';
import type { PackRequest } from './packRequest.js';
import type { CodedMode } from './plan/codedConstants.js';

export interface TuneRequest extends Omit<PackRequest, 'recipe' | 'quantize' | 'coded'> {
  /** Levels to choose among; those with kernels of the target's own of a list that goes with the budgets unless given. */
  formats?: readonly string[];
  /** Offers levels that are stored entropy-coded. */
  coded?: CodedMode;
  budgets: Budgets;
  quality: Quality;
  seed: number;
  /** Calibration samples on which plans are judged. */
  lossSamples?: number;
  /** Plans that the evolution measures. */
  evaluations?: number;
  onProgress?: (what: string, done: number, all: number) => void;
}

export interface TunedLayer {
  name: string;
  format: string;
  weights: number;
  bytes: number;
  instructions: number;
  /** The cost table has no row for the kernel. */
  rough: boolean;
  /** What this layer alone adds to the loss of int8. */
  addedLoss: number;
}

export interface Tuned {
  recipe: Recipe;
  found: Found;
  layers: TunedLayer[];
  front: (FrontPoint & Totals)[];
  int8: Totals;
  chosen: Totals;
  /** Of plain int8, measured. */
  int8Loss: number;
  limits: Given;
  /** Levels that the target has no kernel of its own for, and in how many layers: not offered there. */
  without: ReadonlyMap<string, number>;
  equalization: Equalization;
  /** Judged on this many calibration samples. */
  lossSamples: number;
  /** Made from the recipe. */
  pack: PackResult;
}

export const tuneDefaults = { lossSamples: 48, evaluations: 8 } as const;
const frontPoints = 10;

interface Opened {
  bench: Workbench;
  equalization: Equalization;
}

/** The float graph is scaled as pack scales it for int8; the recipe says how. */
async function open(graph: Graph, samples: TensorData[][], request: TuneRequest, levels: string[]): Promise<Opened> {
  const { float: makeRunner, integer: makeIntegerRunner } = await openWasmRunners();
  const quantized = await quantizeFromCalibration(graph, samples, makeRunner, { makeIntegerRunner });
  const { equalization } = quantized.report;
  const bench = await openWorkbench({
    graph: quantized.source,
    from: { graph, equalize: equalization },
    samples,
    lossSamples: request.lossSamples ?? tuneDefaults.lossSamples,
    makeRunner,
    makeIntegerRunner,
    levels,
    target: withTable(loadTarget(request.target), request.costs),
    quality: request.quality,
    matters: [
      'bytes',
      ...(request.budgets.cycles ? (['instructions'] as const) : []),
      ...(request.budgets.ram ? (['scratchBytes', 'startBytes'] as const) : []),
    ],
  });
  return { bench, equalization };
}

type RecipeOf = (plan: LevelPlan) => Recipe;

/** What plans are as recipes. */
const recipesFor =
  (bench: Workbench, request: TuneRequest, equalize: Equalization, samples: number): RecipeOf =>
  (plan) => ({
    schema: 'mote.recipe/1',
    model: sha256(request.bytes),
    ...(request.calibration ? { calibration: sha256(bytesOf(request.calibration.array.data)) } : {}),
    quantizer: { equalize, ranges: 'mse', lossInputs: 'sequential', samples },
    layers: bench.recipeOf(plan),
  });

/** Budgets of the front: from the smallest that can be met to plain int8. */
function frontLimits(solve: Solver, bench: Workbench, budgets: readonly Budget[], int8: LevelPlan): number[] {
  const smallest = leastPlan(solve, budgets, 0, bench.offered);
  if (!smallest) return [];
  const least = costOf(budgets[0], smallest);
  const most = costOf(budgets[0], int8);
  return Array.from({ length: frontPoints }, (_, i) => least + Math.floor(((most - least) * i) / (frontPoints - 1)));
}

/** top1 is agreement with the float model's answers: there must be some to choose among. */
function requireClasses(graph: Graph): void {
  const [output] = graph.outputs.map((id) => graph.tensors[id]);
  if (graph.outputs.length !== 1 || (output.shape.at(-1) ?? 1) < 2)
    fail('usage.option', {
      option: 'quality',
      expected: 'snr for a model without classes to choose among',
      got: 'top1',
    });
}

/** The layers of the plan as they came out. */
function layersOf(
  bench: Workbench,
  costs: ReadonlyMap<string, LayerCost>,
  plan: LevelPlan,
  added: number[][],
): TunedLayer[] {
  return bench.layers.map(({ name, weights }, i) => {
    const { bytes, instructions, rough } = costs.get(name) ?? bench.costs[i][plan[i]];
    return {
      ...{ name, format: bench.levels[plan[i]].name, weights, bytes, instructions, rough },
      addedLoss: added[i][plan[i]],
    };
  });
}

/** Levels by name, int8 first: measurements start there. */
function levelsOf({ formats, budgets, coded }: TuneRequest): string[] {
  const names = formats ?? levelNames({ cycles: budgets.cycles !== undefined, ...(coded ? { coded } : {}) });
  return ['int8', ...new Set(names.filter((f) => f !== 'int8'))];
}

/** Levels that only the reference kernel runs are for those who name them, and for budgets that nothing else keeps. */
function opened(costs: Costs, solve: Solver, { budgets, formats }: TuneRequest): { ready: Costs; limits: Limits } {
  const limits = limitsOf(costs, budgets);
  if (formats === undefined && isOpen(costs, limits, solve)) return { ready: costs, limits };
  const ready = { ...costs, bench: costs.bench.evenSlow() };
  return { ready, limits: limitsOf(ready, budgets) };
}

interface Ready extends Costs {
  equalization: Equalization;
  target: TuneTarget;
  recipeOf: RecipeOf;
  samples: number;
}

async function prepare(request: TuneRequest): Promise<Ready> {
  const { calibration } = request;
  const graph = importModel(request.bytes, request.fileName);
  requireSupported(graph);
  requireFloat(graph, request);
  if (!calibration) return fail('quant.float', { what: 'no calibration data was given' });
  if (request.quality === 'top1') requireClasses(graph);
  const levels = levelsOf(request);
  const coded = levels.map(parseLevel).some((l) => l.weights.startsWith('coded'));
  const samples = usedForCalibration(calibrationSamples(graph, { ...request, calibration }).samples, coded);
  const { bench, equalization } = await open(graph, samples, request, levels);
  const target = withTable(loadTarget(request.target), request.costs);
  return {
    ...{ bench, equalization, target, samples: samples.length },
    recipeOf: recipesFor(bench, request, equalization, samples.length),
    int8: totalsOf(bench.graphOf(bench.layers.map(() => 0)), target),
    arenaOf: openArenas(bench, target),
  };
}

export async function tuneModel(request: TuneRequest): Promise<Tuned> {
  const { onProgress } = request;
  const prepared = await prepare(request);
  const { target, recipeOf, int8 } = prepared;
  const solve = await openSolver();
  const { ready, limits } = opened(prepared, solve, request);
  const { bench } = ready;
  const taken = new Map<string, Totals>();
  const judging = openJudge(
    bench,
    measureFor(limits, ({ graph }, plan) => {
      const totals = totalsOf(graph, target, codedFrom(recipeOf(plan)));
      taken.set(keyOf(plan), totals);
      return totals;
    }),
  );
  const totals = (plan: LevelPlan): Totals => taken.get(keyOf(plan)) ?? expectedTotals(ready, plan);
  const met = { solve, judge: judging.judge, totals };
  await requireMet(ready, limits, met);
  const prediction = await predict(bench, (done, all) => onProgress?.('probing levels', done, all));
  const found = await search(bench, solve, prediction, limits.budgets, {
    seed: request.seed,
    evaluations: request.evaluations ?? tuneDefaults.evaluations,
    frontLimits: frontLimits(
      solve,
      bench,
      limits.budgets,
      bench.layers.map(() => 0),
    ),
    onProgress,
    judging,
  });
  if (!found) {
    await refuse(ready, limits, met);
    throw new Error('a plan fits that the search did not find');
  }
  const recipe = recipeOf(found.plan);
  const { onProgress: _, formats: _f, budgets: _b, quality: _q, seed: _s, coded: _c, ...packing } = request;
  const costs = layerCosts(found.graph, target, (name) => recipe.layers[name]?.coded);
  return {
    recipe,
    found,
    layers: layersOf(bench, costs, found.plan, prediction.added),
    front: found.front.map((p) => ({ ...p, ...totals(p.plan) })),
    int8,
    int8Loss: prediction.base,
    chosen: totals(found.plan),
    limits: limits.given,
    without: bench.without,
    equalization: prepared.equalization,
    lossSamples: Math.min(request.lossSamples ?? tuneDefaults.lossSamples, prepared.samples),
    pack: await packModel({ ...packing, recipe }),
  };
}
