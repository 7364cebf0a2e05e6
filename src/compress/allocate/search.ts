// SPDX-License-Identifier: Apache-2.0
// From budgets to a plan: measure around int8, solve, measure again around that plan (errors of few bits depend on what
// the other layers do), solve again, then evolve. What measures best wins.
import { type Budget, choosePlan, keeps } from './choosePlan.js';
import { type Judged, judge, polish } from './polish.js';
import { type Prediction, type Progress, predict } from './predict.js';
import type { Solver } from './solve.js';
import type { LevelPlan, Workbench } from './workbench.js';

export interface SearchOptions {
  seed: number;
  /** Plans that the evolution measures. */
  evaluations: number;
  onProgress?: (what: string, done: number, all: number) => void;
}

export interface Found extends Judged {
  /** Predicted by the measurements nearest to the plan. */
  predicted: number;
  /** Plans that were measured end to end. */
  tried: number;
}

/** A level that alone loses this many times what the whole plan does is in no better plan. */
const hopeless = 3;

/** Measurements around a plan, but for levels that the first ones ruled out. */
async function predictAround(
  bench: Workbench,
  first: Prediction,
  at: Judged,
  onProgress: Progress,
): Promise<Prediction> {
  const limit = hopeless * Math.max(at.loss, first.lossOf(at.plan));
  return predict(bench, at.plan, onProgress, (layer, level) => first.single[layer][level] <= limit);
}

export async function search(
  bench: Workbench,
  solve: Solver,
  first: Prediction,
  budgets: readonly Budget[],
  options: SearchOptions,
): Promise<Found | undefined> {
  const progress =
    (what: string): Progress =>
    (done, all) =>
      options.onProgress?.(what, done, all);
  const plan = choosePlan(solve, first, budgets);
  if (!plan) return undefined;
  let best = await judge(bench, plan);
  const second = await predictAround(bench, first, best, progress('measuring around the plan'));
  const again = choosePlan(solve, second, budgets);
  if (again && keeps(again, budgets)) {
    const judged = await judge(bench, again);
    if (judged.loss < best.loss) best = judged;
  }
  const onProgress = progress('polishing');
  const polished = await polish(bench, second, best, budgets, { ...options, onProgress });
  return { ...polished, predicted: second.lossOf(polished.plan), tried: polished.tried + 2 };
}

export interface FrontPoint {
  plan: LevelPlan;
  predicted: number;
  measured: number;
}

/** Plans between the smallest and the largest of the first budget, the others kept; each is better than all before it. */
export async function front(
  bench: Workbench,
  solve: Solver,
  prediction: Prediction,
  budgets: readonly Budget[],
  limits: readonly number[],
): Promise<FrontPoint[]> {
  const points: FrontPoint[] = [];
  const seen = new Set<string>();
  for (const limit of limits) {
    const plan = choosePlan(solve, prediction, [{ ...budgets[0], limit }, ...budgets.slice(1)]);
    if (!plan || seen.has(plan.join())) continue;
    seen.add(plan.join());
    const { loss } = await judge(bench, plan);
    if (points.every((p) => loss < p.measured))
      points.push({ plan, predicted: prediction.lossOf(plan), measured: loss });
  }
  return points;
}
