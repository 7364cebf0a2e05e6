// SPDX-License-Identifier: Apache-2.0
// Evolution around the solver's plan, judged end to end (EvoPress, arXiv:2410.14649): one layer goes down a level or two,
// others go up while the budgets allow; what measures better stays. Same seed, same result.
import { xorshift32 } from '../../xorshift.js';
import { type Prediction, planCost } from './predict.js';
import type { LevelPlan, Workbench } from './workbench.js';

export interface Polished {
  plan: LevelPlan;
  loss: number;
  tried: number;
}

const keyOf = (plan: LevelPlan): string => plan.join(',');

/** A neighbour that keeps the budgets, or undefined. */
function mutate(
  plan: LevelPlan,
  prediction: Prediction,
  budgets: readonly number[],
  next: () => number,
): LevelPlan | undefined {
  const { choices } = prediction;
  const child = [...plan];
  const swaps = 1 + (next() % 2);
  for (let s = 0; s < swaps; s++) {
    child[next() % child.length] = next() % choices[0].length;
    child[next() % child.length] = next() % choices[0].length;
  }
  return budgets.every((budget, b) => planCost(prediction, child, b) <= budget) ? child : undefined;
}

export async function polish(
  bench: Workbench,
  prediction: Prediction,
  start: LevelPlan,
  budgets: readonly number[],
  evaluations: number,
): Promise<Polished> {
  const next = xorshift32(0x65766f);
  let best = { plan: start, loss: await bench.lossOf(bench.graphOf(start)) };
  const seen = new Set([keyOf(start)]);
  let tried = 0;
  // Most random neighbours break a budget or were seen; the limit ends the search on tiny models.
  for (let draws = 0; tried < evaluations && draws < 200 * evaluations; draws++) {
    const child = mutate(best.plan, prediction, budgets, next);
    if (!child || seen.has(keyOf(child))) continue;
    seen.add(keyOf(child));
    // Not worth a measurement when the prediction is hopeless.
    const predicted = child.reduce((sum, level, i) => sum + prediction.choices[i][level].loss, prediction.base);
    if (predicted > 1.5 * best.loss) continue;
    tried++;
    const loss = await bench.lossOf(bench.graphOf(child));
    if (loss < best.loss) best = { plan: child, loss };
  }
  return { ...best, tried };
}
