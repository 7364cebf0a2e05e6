// SPDX-License-Identifier: Apache-2.0
// Evolution around the solver's plan, judged end to end (EvoPress, arXiv:2410.14649): one layer goes down a level or two,
// others go up while the budgets allow; what measures better stays. Same seed, same result.
import { xorshift32 } from '../../xorshift.js';
import { type Budget, keeps } from './choosePlan.js';
import type { Prediction } from './predict.js';
import { lossOf } from './quality.js';
import type { LevelPlan, Workbench } from './workbench.js';

export interface Judged {
  plan: LevelPlan;
  /** Measured. */
  loss: number;
}

export interface Polished extends Judged {
  tried: number;
}

export interface PolishOptions {
  evaluations: number;
  seed: number;
  onProgress?: (done: number, all: number) => void;
}

const keyOf = (plan: LevelPlan): string => plan.join(',');

export async function judge(bench: Workbench, plan: LevelPlan): Promise<Judged> {
  return { plan, loss: lossOf(bench.clean, await bench.answersOf(plan)) };
}

/** One or two pairs of layers change their levels. */
function mutate(plan: LevelPlan, levels: number, next: () => number): LevelPlan {
  const child = [...plan];
  const swaps = 1 + (next() % 2);
  for (let s = 0; s < 2 * swaps; s++) child[next() % child.length] = next() % levels;
  return child;
}

/** Predicted to lose this many times what the best plan does: not worth a measurement. */
const hopeless = 1.5;

export async function polish(
  bench: Workbench,
  prediction: Prediction,
  start: Judged,
  budgets: readonly Budget[],
  { evaluations, seed, onProgress }: PolishOptions,
): Promise<Polished> {
  const next = xorshift32(seed);
  let best = start;
  const seen = new Set([keyOf(start.plan)]);
  let tried = 0;
  // Most random neighbours break a budget or were seen; the limit ends the search on tiny models.
  for (let draws = 0; tried < evaluations && draws < 200 * evaluations; draws++) {
    const child = mutate(best.plan, bench.levels.length, next);
    if (seen.has(keyOf(child)) || !keeps(child, budgets)) continue;
    seen.add(keyOf(child));
    if (prediction.lossOf(child) > hopeless * best.loss) continue;
    const judged = await judge(bench, child);
    onProgress?.(++tried, evaluations);
    if (judged.loss < best.loss) best = judged;
  }
  return { ...best, tried };
}
