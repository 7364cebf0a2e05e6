// SPDX-License-Identifier: Apache-2.0
// The line from a float model and budgets to a recipe: quantizer settings -> workbench -> search -> pack. The pack is made
// from the recipe as `pack --recipe` makes it, so what it is said to take is what it takes.
import { loadTarget } from './build/boards.js';
import { fail } from './cli/errors.js';
import { type BudgetKind, type Budgets, limitOf } from './compress/allocate/budgets.js';
import { type Budget, costOf, leastOf } from './compress/allocate/choosePlan.js';
import { predict } from './compress/allocate/predict.js';
import type { Quality } from './compress/allocate/quality.js';
import { type Found, type FrontPoint, search } from './compress/allocate/search.js';
import { openSolver, type Solver } from './compress/allocate/solve.js';
import { type LevelPlan, openWorkbench, type Workbench } from './compress/allocate/workbench.js';
import { type Equalization, quantizeFromCalibration } from './compress/quantizeFromCalibration.js';
import { encodingFor } from './compress/recipe.js';
import { openWasmRunners } from './device/wasmRunner.js';
import type { Recipe } from './generated/recipe.js';
import type { Graph, TensorData } from './model/graph.js';
import { bytesOf } from './model/tensorData.js';
import type { LowerContext } from './ops/op.js';
import { estimateNode } from './ops/variants/choose.js';
import {
  calibrationSamples,
  importModel,
  type PackRequest,
  type PackResult,
  packModel,
  requireFloat,
  requireSupported,
  sha256,
  usedForCalibration,
} from './packModel.js';
import { isWeighted } from './passes/affine.js';
import { specOf } from './plan/buffers.js';
import { planGraph, weightBytes } from './plan/plan.js';

export interface TuneRequest extends Omit<PackRequest, 'recipe' | 'quantize'> {
  formats: readonly string[];
  budgets: Budgets;
  quality: Quality;
  seed: number;
  /** Calibration samples on which plans are judged. */
  lossSamples?: number;
  /** Plans that the evolution measures. */
  evaluations?: number;
  onProgress?: (what: string, done: number, all: number) => void;
}

/** Of a whole model. */
export interface Totals {
  flash: number;
  ram: number;
  cycles: number;
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
  limits: Partial<Record<BudgetKind, number>>;
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
  const bench = await openWorkbench({
    graph: quantized.source,
    samples,
    lossSamples: request.lossSamples ?? tuneDefaults.lossSamples,
    makeRunner,
    makeIntegerRunner,
    levels,
    target: loadTarget(request.target),
    quality: request.quality,
    matters: [
      'bytes',
      ...(request.budgets.cycles ? (['instructions'] as const) : []),
      ...(request.budgets.ram ? (['scratchBytes'] as const) : []),
    ],
  });
  return { bench, equalization: quantized.report.equalization };
}

/** What the layers without weights take. */
function restOf(graph: Graph, target: LowerContext['target']): Totals {
  const context = { rounding: 'single' as const, target };
  const plan = planGraph(graph, context);
  const weighted = (node: PackResult['plan']['steps'][number]['node']): boolean => isWeighted(node);
  const rest = plan.steps.filter((s) => !weighted(s.node));
  return {
    flash: rest.reduce((sum, s) => sum + weightBytes(s), 0),
    ram: plan.arenaBytes,
    cycles: rest.reduce(
      (sum, { node }) => sum + estimateNode(specOf(node), node, { ...context, graph }).instructions,
      0,
    ),
  };
}

interface Costs {
  rest: Totals;
  target: LowerContext['target'];
  bench: Workbench;
}

const sum = (plan: LevelPlan, of: (layer: number, level: number) => number): number =>
  plan.reduce((total, level, layer) => total + of(layer, level), 0);

function totals({ bench, rest, target }: Costs, plan: LevelPlan): Totals {
  return {
    flash: rest.flash + sum(plan, (i, k) => bench.costs[i][k].bytes),
    cycles: Math.round(rest.cycles + sum(plan, (i, k) => bench.costs[i][k].instructions)),
    ram: planGraph(bench.graphOf(plan), { rounding: 'single', target }).arenaBytes,
  };
}

/** For each layer and level the arena when all other layers take as little scratch as they can. */
function arenas(costs: Costs): number[][] {
  const { bench, target } = costs;
  const least = bench.costs.map((levels) =>
    levels.reduce((b, c, k) => (c.scratchBytes < levels[b].scratchBytes ? k : b), 0),
  );
  const known = new Map<string, number>();
  return bench.costs.map((levels, layer) =>
    levels.map(({ kernel, scratchBytes }, level) => {
      const key = `${layer} ${kernel} ${scratchBytes}`;
      const plan = least.map((l, i) => (i === layer ? level : l));
      const bytes = known.get(key) ?? planGraph(bench.graphOf(plan), { rounding: 'single', target }).arenaBytes;
      known.set(key, bytes);
      return bytes;
    }),
  );
}

interface Limits {
  limits: Partial<Record<BudgetKind, number>>;
  /** The first is flash. */
  budgets: Budget[];
}

function limitsOf(costs: Costs, request: TuneRequest, int8: Totals): Limits {
  const limits: Limits['limits'] = {};
  for (const kind of ['flash', 'ram', 'cycles'] as const) {
    const amount = request.budgets[kind];
    if (amount) limits[kind] = limitOf(amount, int8[kind]);
  }
  const { bench, rest } = costs;
  const flash: Budget = {
    limit: (limits.flash ?? Number.POSITIVE_INFINITY) - rest.flash,
    costs: bench.costs.map((levels) => levels.map((c) => c.bytes)),
  };
  const budgets = [flash];
  if (limits.cycles !== undefined)
    budgets.push({ limit: limits.cycles - rest.cycles, costs: bench.costs.map((l) => l.map((c) => c.instructions)) });
  const ram = limits.ram;
  if (ram !== undefined) budgets.push(ramBudget(arenas(costs), ram));
  return { limits, budgets };
}

/** A level that needs more than the budget is out; the rest cost nothing, for layers use the arena one after another. */
function ramBudget(arenaOf: number[][], limit: number): Budget {
  const least = Math.max(...arenaOf.map((levels) => Math.min(...levels)));
  if (least > limit)
    fail('fit.budget', { given: `ram=${limit}`, what: `the smallest RAM that can be met is ${least} bytes of arena` });
  return {
    limit: 0,
    costs: arenaOf.map((levels) => levels.map((bytes) => (bytes <= limit ? 0 : Number.POSITIVE_INFINITY))),
  };
}

/** Says the smallest budget that can be met, the others kept where that is possible. */
function refuse(solve: Solver, costs: Costs, { limits, budgets }: Limits): never {
  const given = Object.entries(limits)
    .map(([kind, limit]) => `${kind}=${limit}`)
    .join(',');
  const flash = leastOf(solve, budgets, 0);
  if (flash !== undefined && limits.flash !== undefined)
    fail('fit.budget', {
      given,
      what: `the smallest flash that can be met is ${flash + costs.rest.flash} bytes of constants`,
    });
  const cycles = limits.cycles === undefined ? undefined : leastOf(solve, [budgets[1], ...budgets.slice(2)], 0);
  const least =
    cycles === undefined
      ? 'no level fits'
      : `the smallest cycles that can be met are ${Math.ceil(cycles + costs.rest.cycles)}`;
  return fail('fit.budget', { given, what: least });
}

function recipeOf(bench: Workbench, plan: LevelPlan, request: TuneRequest, equalize: Equalization): Recipe {
  return {
    schema: 'mote.recipe/1',
    model: sha256(request.bytes),
    ...(request.calibration ? { calibration: sha256(bytesOf(request.calibration.array.data)) } : {}),
    quantizer: { equalize, ranges: 'mse', lossInputs: 'sequential' },
    layers: Object.fromEntries(
      bench.layers.map(({ name }, i) => [name, { weights: bench.levels[plan[i]], method: 'output' }]),
    ),
  };
}

/** Budgets of the front: from the smallest that can be met to plain int8. */
function frontLimits(solve: Solver, budgets: readonly Budget[], int8: LevelPlan): number[] {
  const least = leastOf(solve, budgets, 0);
  if (least === undefined) return [];
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

export async function tuneModel(request: TuneRequest): Promise<Tuned> {
  const { calibration } = request;
  const graph = importModel(request.bytes, request.fileName);
  requireSupported(graph);
  requireFloat(graph, request);
  if (!calibration) return fail('quant.float', { what: 'no calibration data was given' });
  if (request.quality === 'top1') requireClasses(graph);
  // The measurements start at int8, whatever the formats.
  const levels = ['int8', ...request.formats.filter((f) => f !== 'int8')];
  for (const level of levels) encodingFor(level, 'formats');
  const samples = usedForCalibration(calibrationSamples(graph, { ...request, calibration }).samples);
  const { bench, equalization } = await open(graph, samples, request, levels);
  const target = loadTarget(request.target);
  const int8Plan = bench.layers.map(() => 0);
  const costs: Costs = { bench, target, rest: restOf(bench.graphOf(int8Plan), target) };
  const int8 = totals(costs, int8Plan);
  const solve = await openSolver();
  const limits = limitsOf(costs, request, int8);
  if (leastOf(solve, limits.budgets, 0) === undefined || choosable(solve, limits) === undefined)
    refuse(solve, costs, limits);
  const { onProgress } = request;
  const prediction = await predict(bench, (done, all) => onProgress?.('probing levels', done, all));
  const found = await search(bench, solve, prediction, limits.budgets, {
    seed: request.seed,
    evaluations: request.evaluations ?? tuneDefaults.evaluations,
    frontLimits: frontLimits(solve, limits.budgets, int8Plan),
    onProgress,
  });
  if (!found) return refuse(solve, costs, limits);
  const recipe = recipeOf(bench, found.plan, request, equalization);
  const { onProgress: _, formats: _f, budgets: _b, quality: _q, seed: _s, ...packing } = request;
  const pack = await packModel({ ...packing, recipe });
  return {
    recipe,
    found,
    layers: bench.layers.map(({ name, weights }, i) => {
      const { bytes, instructions, rough } = bench.costs[i][found.plan[i]];
      const addedLoss = prediction.added[i][found.plan[i]];
      return { name, format: bench.levels[found.plan[i]], weights, bytes, instructions, rough, addedLoss };
    }),
    front: found.front.map((p) => ({ ...p, ...totals(costs, p.plan) })),
    int8,
    int8Loss: prediction.base,
    chosen: totals(costs, found.plan),
    limits: limits.limits,
    equalization,
    lossSamples: Math.min(request.lossSamples ?? tuneDefaults.lossSamples, samples.length),
    pack,
  };
}

/** Any plan that keeps the budgets. */
const choosable = (solve: Solver, { budgets }: Limits): number | undefined => {
  const least = leastOf(solve, budgets, 0);
  return least !== undefined && least <= budgets[0].limit ? least : undefined;
};
