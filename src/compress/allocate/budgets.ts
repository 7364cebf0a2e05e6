// SPDX-License-Identifier: Apache-2.0
// `flash=48K,cycles=2.5M` or `flash=45%`: what a plan may take.
import { fail } from '../../cli/errors.js';

export const budgetKinds = ['flash', 'ram', 'cycles'] as const;
export type BudgetKind = (typeof budgetKinds)[number];

/** An amount, or a share of what plain int8 takes. */
export type Amount = { absolute: number } | { share: number };
export type Budgets = Partial<Record<BudgetKind, Amount>>;

// Bytes come in powers of two, counts of instructions do not.
const factors: Record<BudgetKind, Readonly<Record<string, number>>> = {
  flash: { '': 1, k: 1024, m: 1024 ** 2 },
  ram: { '': 1, k: 1024, m: 1024 ** 2 },
  cycles: { '': 1, k: 1e3, m: 1e6 },
};

function parseOne(part: string): [BudgetKind, Amount] | undefined {
  const match = /^(\w+)=(\d+(?:\.\d+)?)(%|[km]?)$/i.exec(part.trim());
  const kind = budgetKinds.find((k) => k === match?.[1]);
  if (!match || !kind || !(Number(match[2]) > 0)) return undefined;
  if (match[3] === '%') return [kind, { share: Number(match[2]) / 100 }];
  return [kind, { absolute: Math.floor(Number(match[2]) * factors[kind][match[3].toLowerCase()]) }];
}

export function parseBudgets(text: string): Budgets {
  const budgets: Budgets = {};
  for (const part of text.split(',')) {
    const parsed = parseOne(part);
    if (!parsed || budgets[parsed[0]] !== undefined)
      fail('usage.option', {
        option: 'budget',
        expected: 'flash=, ram= or cycles= with a number, K, M or %',
        got: text,
      });
    budgets[parsed[0]] = parsed[1];
  }
  return budgets;
}

export const limitOf = (amount: Amount, int8: number): number =>
  'share' in amount ? Math.ceil(amount.share * int8) : amount.absolute;
