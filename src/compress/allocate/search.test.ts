// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import type { Graph } from '../../model/graph.js';
import type { LevelPlan } from './levelPlan.js';
import { parseLevel } from './levels.js';
import type { Prediction } from './predict.js';
import { search } from './search.js';
import { openSolver } from './solve.js';
import { uniformPlans } from './uniformPlans.js';
import type { Workbench } from './workbench.js';

const levels = ['int8', 'int4', 'palette4', 'int2', 'coded3'].map(parseLevel);
const bytes = [8, 4, 2, 2, 3];
/** By layer: palette4 loses less than int2 in each; coded weights are rounded for another loss. */
const ownLosses = [
  [0, 1, 4, 5, 2],
  [0, 1, 4, 4, 2],
  [0, 1, 4, 6, 2],
];

type Plans = Pick<Workbench, 'layers' | 'levels' | 'open' | 'offered' | 'ownLosses'>;
const all: Plans = {
  layers: ownLosses.map((_, i) => ({ name: `layer${i}`, weights: 8 })),
  levels,
  ownLosses,
  open: ownLosses.map((of) => of.map(() => true)),
  offered: ownLosses.map((of) => of.map(() => true)),
};
const budget = (limit: number) => ({ limit, costs: ownLosses.map(() => bytes) });

describe('uniform plans', () => {
  it('are those that fit and that no other of their kind beats in every layer', () => {
    const uniform = (limit: number): number[] => uniformPlans(all, [budget(limit)]).map(([level]) => level);
    expect(uniform(24)).toEqual([0, 4]);
    expect(uniform(12)).toEqual([1, 4]);
    expect(uniform(8)).toEqual([2]);
    expect(uniform(5)).toEqual([]);
  });

  it('have no level that a layer cannot take, and one of those that lose the same', () => {
    const open = ownLosses.map((of, layer) => of.map((_, level) => layer !== 1 || level !== 2));
    expect(uniformPlans({ ...all, open }, [budget(8)]).map(([level]) => level)).toEqual([3]);
    const same = ownLosses.map((of) => of.map(() => 1));
    expect(uniformPlans({ ...all, ownLosses: same }, [budget(8)]).map(([level]) => level)).toEqual([2]);
  });
});

describe('search', () => {
  // The probes believe that errors of int2 are the smallest; they measure as the largest.
  const added = [0, 1, 2, 0.5, 3];
  const measured = [0, 1, 2, 9, 9];
  const sum = (plan: LevelPlan, of: readonly number[]): number => plan.reduce((total, k) => total + of[k], 1);
  const prediction: Prediction = { base: 1, added: ownLosses.map(() => added), lossOf: (plan) => sum(plan, added) };
  const bench = {
    ...all,
    verify: (plan: LevelPlan) => Promise.resolve({ graph: {} as Graph, loss: sum(plan, measured) }),
  } as unknown as Workbench;

  it('is never worse than a uniform plan of as many bytes, whatever was predicted', async () => {
    const options = { seed: 1, evaluations: 0, frontLimits: [] };
    const found = await search(bench, await openSolver(), prediction, [budget(6)], options);
    expect(found?.plan).toEqual([2, 2, 2]);
    expect(found?.probed).toBe(7);
  });
});
