// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Choice, leastCost, openSolver, type Problem } from './solve.js';

/** Every plan there is. */
function best({ layers, budgets }: Problem): number | undefined {
  let least: number | undefined;
  const go = (i: number, loss: number, costs: readonly number[]): void => {
    if (costs.some((c, b) => c > budgets[b])) return;
    if (i === layers.length) {
      if (least === undefined || loss < least) least = loss;
      return;
    }
    for (const choice of layers[i])
      go(
        i + 1,
        loss + choice.loss,
        costs.map((c, b) => c + choice.costs[b]),
      );
  };
  go(
    0,
    0,
    budgets.map(() => 0),
  );
  return least;
}

const choice: fc.Arbitrary<Choice> = fc.record({
  loss: fc.integer({ min: 0, max: 1000 }).map((n) => n / 1000),
  costs: fc.tuple(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 0, max: 30 })),
});

describe('the allocation solver', () => {
  it('finds what trying every plan finds', async () => {
    const solve = await openSolver();
    fc.assert(
      fc.property(
        fc.array(fc.array(choice, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 5 }),
        fc.tuple(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 0, max: 120 })),
        (layers, budgets) => {
          const problem = { layers, budgets };
          const plan = solve(problem);
          const wanted = best(problem);
          expect(plan === undefined).toBe(wanted === undefined);
          if (!plan || wanted === undefined) return;
          expect(plan.reduce((sum, k, i) => sum + layers[i][k].loss, 0)).toBeCloseTo(wanted, 6);
          budgets.forEach((budget, b) => {
            expect(plan.reduce((sum, k, i) => sum + layers[i][k].costs[b], 0)).toBeLessThanOrEqual(budget);
          });
        },
      ),
      { numRuns: 60 },
    );
  });

  it('says that nothing fits, and what would', async () => {
    const solve = await openSolver();
    const layers = [
      [
        { loss: 0, costs: [10] },
        { loss: 1, costs: [4] },
      ],
      [{ loss: 0, costs: [7] }],
    ];
    expect(solve({ layers, budgets: [10] })).toBeUndefined();
    expect(leastCost({ layers, budgets: [10] }, 0)).toBe(11);
    expect(solve({ layers, budgets: [11] })).toEqual([1, 0]);
  });
});
