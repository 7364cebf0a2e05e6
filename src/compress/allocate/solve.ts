// SPDX-License-Identifier: Apache-2.0
// One level for each layer, so that the predicted loss is least and every budget is kept: a multiple-choice knapsack with a
// few constraints, solved exactly as an integer program (HiGHS).
import highsModule from 'highs';

export interface Choice {
  /** Predicted loss that this level adds. */
  loss: number;
  /** What it takes of each budget, in the budgets' order. */
  costs: readonly number[];
}

export interface Problem {
  /** layers[i][k]: level k of layer i. */
  layers: readonly (readonly Choice[])[];
  budgets: readonly number[];
}

export type Solver = (problem: Problem) => number[] | undefined;

const name = (layer: number, level: number): string => `x${layer}_${level}`;

/** Ten significant digits, in plain notation as the LP format wants numbers. */
const number = (value: number): string => (value === 0 ? '0' : value.toPrecision(10));

function linear(terms: readonly { factor: number; variable: string }[]): string {
  const used = terms.filter((t) => t.factor !== 0);
  if (used.length === 0) return `0 ${terms[0].variable}`;
  // The LP format limits lines; one term a line reads well, too.
  return used.map((t) => `${t.factor < 0 ? '-' : '+'} ${number(Math.abs(t.factor))} ${t.variable}`).join('\n ');
}

/** The problem in CPLEX LP format. */
export function lpText({ layers, budgets }: Problem): string {
  const all = layers.flatMap((levels, i) => levels.map((choice, k) => ({ choice, variable: name(i, k) })));
  const largest = Math.max(...all.map(({ choice }) => Math.abs(choice.loss)), Number.MIN_VALUE);
  const lines = [
    'Minimize',
    ` obj: ${linear(all.map((a) => ({ factor: a.choice.loss / largest, variable: a.variable })))}`,
  ];
  lines.push('Subject To');
  layers.forEach((levels, i) => {
    lines.push(` one${i}: ${linear(levels.map((_, k) => ({ factor: 1, variable: name(i, k) })))} = 1`);
  });
  budgets.forEach((budget, b) => {
    if (!Number.isFinite(budget)) return;
    lines.push(
      ` budget${b}: ${linear(all.map((a) => ({ factor: a.choice.costs[b], variable: a.variable })))} <= ${number(budget)}`,
    );
  });
  lines.push('Binary', ...all.map((a) => ` ${a.variable}`), 'End');
  return `${lines.join('\n')}\n`;
}

// Its types describe the CommonJS build, where the function is a member `default`; Node's import gives the function.
const loadHighs = highsModule as unknown as typeof highsModule.default;

/** Loads the solver once; it answers the chosen level of each layer, or undefined where no choice keeps the budgets. */
export async function openSolver(): Promise<Solver> {
  const highs = await loadHighs();
  return (problem) => {
    const result = highs.solve(lpText(problem), { mip_rel_gap: 1e-9, mip_abs_gap: 1e-12 });
    if (result.Status !== 'Optimal') return undefined;
    const columns = result.Columns as Record<string, { Primal?: number }>;
    return problem.layers.map((levels, i) => levels.findIndex((_, k) => (columns[name(i, k)]?.Primal ?? 0) > 0.5));
  };
}

/** The least that a budget can be: the sum of the cheapest levels. */
export const leastCost = ({ layers }: Problem, budget: number): number =>
  layers.reduce((sum, levels) => sum + Math.min(...levels.map((l) => l.costs[budget])), 0);
