// SPDX-License-Identifier: Apache-2.0
import { expect, it } from 'vitest';
import { fitNonNegative } from './leastSquares.js';

const rows = [
  [1, 3, 10],
  [1, 7, 20],
  [1, 1, 55],
  [1, 9, 31],
];
const times = (x: readonly number[]): number[] => rows.map((row) => row.reduce((sum, v, i) => sum + v * x[i], 0));

it('finds the coefficients that made the goals', () => {
  for (const [i, value] of fitNonNegative(rows, times([5, 0.25, 2])).entries())
    expect(value).toBeCloseTo([5, 0.25, 2][i], 9);
});

it('takes none below 0, and then the closest of the others', () => {
  const goals = times([5, -0.25, 2]);
  const x = fitNonNegative(rows, goals);
  expect(Math.min(...x)).toBe(0);
  const error = (y: readonly number[]): number => times(y).reduce((sum, v, i) => sum + (v - goals[i]) ** 2, 0);
  for (const at of [0, 2])
    for (const by of [-0.01, 0.01]) expect(error(x.map((v, i) => (i === at ? v + by : v)))).toBeGreaterThan(error(x));
});
