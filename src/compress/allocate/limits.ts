// SPDX-License-Identifier: Apache-2.0
// Budgets of a whole model as budgets of its layers; and, where none can be met, the smallest that can.
import { fail } from '../../cli/errors.js';
import { type ArenaOf, arenas } from './arenas.js';
import { type BudgetKind, type Budgets, budgetKinds, limitOf } from './budgets.js';
import { type Budget, leastPlan, solvePlan } from './choosePlan.js';
import type { LevelPlan } from './levelPlan.js';
import { fits, type Judge, type Measure } from './polish.js';
import type { Solver } from './solve.js';
import type { Totals } from './totals.js';
import type { Workbench } from './workbench.js';

/** What is given of each kind. */
export type Given = Partial<Record<BudgetKind, number>>;

export interface KindBudget extends Budget {
  kind: BudgetKind;
}

export interface Limits {
  given: Given;
  /** The first is flash, given or not. */
  budgets: KindBudget[];
}

export interface Costs {
  bench: Workbench;
  /** Of plain int8. */
  int8: Totals;
  arenaOf: ArenaOf;
}

const sumOf = (plan: LevelPlan, of: (layer: number, level: number) => number): number =>
  plan.reduce((total, level, layer) => total + of(layer, level), 0);

/** What a plan takes as its layers take it when each is rounded by itself. */
export function expectedTotals({ bench, int8, arenaOf }: Costs, plan: LevelPlan): Totals {
  const { costs } = bench;
  return {
    flash: int8.flash + sumOf(plan, (i, k) => costs[i][k].bytes - costs[i][0].bytes),
    cycles: Math.round(int8.cycles + sumOf(plan, (i, k) => costs[i][k].instructions - costs[i][0].instructions)),
    ram: arenaOf(plan),
  };
}

/** Layers use scratch one after another, so that each must fit alone; what is decoded at the start adds up. */
function ramBudgets({ bench, arenaOf }: Costs, limit: number): KindBudget[] {
  const { bytes, least } = arenas(bench, arenaOf);
  const start = bench.costs.map((levels) => levels.map((c) => c.startBytes));
  if (start.flat().every((b) => b === 0)) {
    const costs = bytes.map((levels) => levels.map((b) => (b <= limit ? 0 : Number.POSITIVE_INFINITY)));
    return [{ kind: 'ram', limit: 0, costs, least }];
  }
  return bytes.map((own, layer) => ({
    kind: 'ram',
    limit,
    costs: start.map((levels, i) => (i === layer ? own : levels)),
    least,
  }));
}

export function limitsOf(costs: Costs, asked: Budgets): Limits {
  const { bench, int8 } = costs;
  const given: Given = {};
  for (const kind of budgetKinds) {
    const amount = asked[kind];
    if (amount) given[kind] = limitOf(amount, int8[kind]);
  }
  const ofLayers = (kind: 'flash' | 'cycles', of: 'bytes' | 'instructions'): KindBudget => ({
    kind,
    limit:
      (given[kind] ?? Number.POSITIVE_INFINITY) -
      int8[kind] +
      sumOf(
        bench.layers.map(() => 0),
        (i) => bench.costs[i][0][of],
      ),
    costs: bench.costs.map((levels) => levels.map((c) => c[of])),
  });
  return {
    given,
    budgets: [
      ofLayers('flash', 'bytes'),
      ...(given.cycles === undefined ? [] : [ofLayers('cycles', 'instructions')]),
      ...(given.ram === undefined ? [] : ramBudgets(costs, given.ram)),
    ],
  };
}

/** What a plan takes beyond each of the budgets once it is rounded. */
export const measureFor =
  ({ given, budgets }: Limits, totals: (...of: Parameters<Measure>) => Totals): Measure =>
  (verified, plan) => {
    const taken = totals(verified, plan);
    return budgets.map(({ kind }) => taken[kind] - (given[kind] ?? Number.POSITIVE_INFINITY));
  };

const leastText: Record<BudgetKind, (least: number) => string> = {
  flash: (least) => `the smallest flash that can be met is ${least} bytes of constants`,
  ram: (least) => `the smallest RAM that can be met is ${least} bytes of arena`,
  cycles: (least) => `the smallest cycles that can be met are ${least}`,
};

interface Judging {
  solve: Solver;
  judge: Judge;
  totals(plan: LevelPlan): Totals;
}

/** Whether any plan keeps the budgets, as far as layers are known by themselves. */
export function isOpen({ bench }: Costs, { budgets }: Limits, solve: Solver): boolean {
  const open = bench.offered.map((levels) => levels.map((is) => (is ? 0 : Number.POSITIVE_INFINITY)));
  return solvePlan(solve, open, budgets) !== undefined;
}

/** Ends with the smallest budget that can be met, the others kept where that is possible, unless these can. */
export async function requireMet(costs: Costs, limits: Limits, judging: Judging): Promise<void> {
  if (!isOpen(costs, limits, judging.solve)) await refuse(costs, limits, judging);
}

/** The same where plans fit by what their layers take alone, but none does once it is rounded. */
export async function refuse({ bench }: Costs, { given, budgets }: Limits, judging: Judging): Promise<void> {
  const { solve, judge, totals } = judging;
  const order: readonly BudgetKind[] = ['ram', 'flash', 'cycles'];
  let found: { kind: BudgetKind; least: number } | undefined;
  for (const kind of order.filter((k) => given[k] !== undefined)) {
    const which = budgets.findIndex((b) => b.kind === kind);
    const plan = leastPlan(solve, budgets, which, bench.offered);
    if (!plan) continue;
    const judged = await judge(plan);
    if (fits(judged)) return;
    const keepsOthers = judged.excess.every((e, i) => e <= 0 || budgets[i].kind === kind);
    if (keepsOthers) found ??= { kind, least: totals(judged.plan)[kind] };
  }
  fail('fit.budget', {
    given: Object.entries(given)
      .map(([kind, limit]) => `${kind}=${limit}`)
      .join(','),
    what: found ? leastText[found.kind](found.least) : 'no level fits',
  });
}
