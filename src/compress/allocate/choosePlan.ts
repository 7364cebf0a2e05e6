// SPDX-License-Identifier: Apache-2.0
// The plan of least predicted loss within the budgets: predicted losses of layers add up, so an integer program finds it.

import type { LevelPlan } from './levelPlan.js';
import type { Prediction } from './predict.js';
import type { Choice, Solver } from './solve.js';

export interface Budget {
  /** At most this much in all layers together; what else takes of it is already off. */
  limit: number;
  /** [layer][level]; infinite where the level cannot be taken at all. */
  costs: readonly (readonly number[])[];
  /** The plan that takes least, where it is not that of the cheapest levels. */
  least?: LevelPlan;
}

export const costOf = ({ costs }: Budget, plan: LevelPlan): number =>
  plan.reduce((sum, level, layer) => sum + costs[layer][level], 0);

export const keeps = (plan: LevelPlan, budgets: readonly Budget[]): boolean =>
  budgets.every((b) => costOf(b, plan) <= b.limit);

/** The plan with the least sum of `losses` within the budgets; levels of infinite loss or cost are left out. */
export function solvePlan(
  solve: Solver,
  losses: readonly (readonly number[])[],
  budgets: readonly Budget[],
): LevelPlan | undefined {
  const open = losses.map((levels, layer) =>
    levels
      .map((_, level) => level)
      .filter((k) => Number.isFinite(levels[k]) && budgets.every((b) => Number.isFinite(b.costs[layer][k]))),
  );
  if (open.some((levels) => levels.length === 0)) return undefined;
  const layers = open.map((levels, layer): Choice[] =>
    levels.map((level) => ({ loss: losses[layer][level], costs: budgets.map((b) => b.costs[layer][level]) })),
  );
  const chosen = solve({ layers, budgets: budgets.map((b) => b.limit) });
  return chosen?.map((k, layer) => open[layer][k]);
}

export const choosePlan = (solve: Solver, prediction: Prediction, budgets: readonly Budget[]): LevelPlan | undefined =>
  solvePlan(solve, prediction.added, budgets);

/** The plan that takes least of one budget while the others are kept; among `offered` levels. */
export function leastPlan(
  solve: Solver,
  budgets: readonly Budget[],
  which: number,
  offered: readonly (readonly boolean[])[],
): LevelPlan | undefined {
  const { costs, least } = budgets[which];
  if (least) return least;
  const others = budgets.filter((_, b) => b !== which);
  return solvePlan(
    solve,
    costs.map((levels, layer) => levels.map((c, k) => (offered[layer][k] ? c : Number.POSITIVE_INFINITY))),
    others,
  );
}

/** The budgets with less room, where a plan took more of one than was predicted. */
export const tightened = (budgets: readonly Budget[], plan: LevelPlan, excess: readonly number[]): Budget[] =>
  budgets.map((b, i) => (excess[i] > 0 ? { ...b, limit: costOf(b, plan) - excess[i] } : b));
