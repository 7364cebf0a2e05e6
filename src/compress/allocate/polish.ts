// SPDX-License-Identifier: Apache-2.0
// Evolution around the solver's plan, judged end to end (EvoPress, arXiv:2410.14649): levels of a few layers change, the
// children that the probes predict best are rounded sequentially and measured, and what measures better stays. Same seed,
// same result.
import { xorshift32 } from '../../xorshift.js';
import { type Budget, keeps } from './choosePlan.js';
import type { LevelPlan } from './levelPlan.js';
import type { Prediction } from './predict.js';
import type { Verified, Workbench } from './workbench.js';

export interface Judged extends Verified {
  plan: LevelPlan;
  /** What it takes beyond each budget once it is rounded; negative where there is room. */
  excess: readonly number[];
}

/** What a plan takes beyond each budget: the kernel, and the bytes of coded weights, go with the integers. */
export type Measure = (verified: Verified, plan: LevelPlan) => readonly number[];

export const fits = ({ excess }: Judged): boolean => excess.every((e) => e <= 0);

export interface PolishOptions {
  /** Plans to be measured. */
  evaluations: number;
  seed: number;
  onProgress?: (done: number, all: number) => void;
}

/** Measures a plan once. */
export type Judge = (plan: LevelPlan) => Promise<Judged>;

export const keyOf = (plan: LevelPlan): string => plan.join(',');

export function openJudge(
  bench: Workbench,
  measure: Measure = () => [],
): { judge: Judge; known: ReadonlyMap<string, Judged> } {
  const known = new Map<string, Judged>();
  const judge = async (plan: LevelPlan): Promise<Judged> => {
    const before = known.get(keyOf(plan));
    if (before) return before;
    const verified = await bench.verify(plan);
    const judged = { plan, ...verified, excess: measure(verified, plan) };
    known.set(keyOf(plan), judged);
    return judged;
  };
  return { judge, known };
}

/** One or two pairs of layers change their levels. */
function mutate(plan: LevelPlan, levels: number, next: () => number): LevelPlan {
  const child = [...plan];
  const swaps = 1 + (next() % 2);
  for (let s = 0; s < 2 * swaps; s++) child[next() % child.length] = next() % levels;
  return child;
}

/** Random neighbours drawn for each that is measured. */
const drawsEach = 400;
/** Predicted to lose this many times what the best plan is predicted to: not worth a measurement. */
const hopeless = 1.25;

interface Search {
  bench: Workbench;
  prediction: Prediction;
  budgets: readonly Budget[];
  seen: Set<string>;
  next: () => number;
}

/** The best by prediction of many neighbours of a plan. */
function children({ bench, prediction, budgets, seen, next }: Search, of: LevelPlan, count: number): LevelPlan[] {
  const drawn = new Map<string, { plan: LevelPlan; loss: number }>();
  const most = hopeless * prediction.lossOf(of);
  for (let i = 0; i < drawsEach * count; i++) {
    const plan = mutate(of, bench.levels.length, next);
    const loss = prediction.lossOf(plan);
    const useful = plan.every((level, layer) => level === of[layer] || bench.offered[layer][level]);
    if (useful && loss <= most && keeps(plan, budgets) && !seen.has(keyOf(plan)))
      drawn.set(keyOf(plan), { plan, loss });
  }
  const best = [...drawn.values()].sort((a, b) => a.loss - b.loss).slice(0, count);
  for (const { plan } of best) seen.add(keyOf(plan));
  return best.map((b) => b.plan);
}

/** Measurements of one generation. */
const generation = 4;

export async function polish(
  bench: Workbench,
  prediction: Prediction,
  start: Judged,
  budgets: readonly Budget[],
  judge: Judge,
  { evaluations, seed, onProgress }: PolishOptions,
): Promise<Judged> {
  const search: Search = { bench, prediction, budgets, seen: new Set([keyOf(start.plan)]), next: xorshift32(seed) };
  let best = start;
  for (let done = 0; done < evaluations; ) {
    const plans = children(search, best.plan, Math.min(generation, evaluations - done));
    if (plans.length === 0) break;
    for (const plan of plans) {
      const judged = await judge(plan);
      onProgress?.(++done, evaluations);
      if (fits(judged) && judged.loss < best.loss) best = judged;
    }
  }
  return best;
}
