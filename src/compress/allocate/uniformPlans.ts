// SPDX-License-Identifier: Apache-2.0
// One level for all layers: what a mixed plan must not be worse than, whatever the probes say of either.
import { type Budget, keeps } from './choosePlan.js';
import type { LevelPlan } from './levelPlan.js';
import { familyOf } from './levels.js';
import type { Workbench } from './workbench.js';

/** Uniform plans within the budgets, without those that another of them beats in every layer taken by itself. */
export function uniformPlans(
  { layers, levels, open, ownLosses }: Pick<Workbench, 'layers' | 'levels' | 'open' | 'ownLosses'>,
  budgets: readonly Budget[],
): LevelPlan[] {
  const planOf = (level: number): LevelPlan => layers.map(() => level);
  const fitting = levels
    .map((_, level) => level)
    .filter((level) => open.every((of) => of[level]) && keeps(planOf(level), budgets));
  const beats = (a: number, b: number): boolean =>
    familyOf(levels[a]) === familyOf(levels[b]) &&
    ownLosses.every((of) => of[a] <= of[b]) &&
    (a < b || ownLosses.some((of) => of[a] < of[b]));
  return fitting.filter((level) => !fitting.some((other) => other !== level && beats(other, level))).map(planOf);
}
