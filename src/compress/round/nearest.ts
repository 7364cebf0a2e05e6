// SPDX-License-Identifier: Apache-2.0
// Rounding to nearest: what every other method is measured against.
import type { WeightMatrix } from '../formats/index.js';
import type { Grid, GridRequest } from './grid.js';

export const nearest = ({ rows, columns, weights }: GridRequest, grid: Grid): WeightMatrix => ({
  rows,
  columns,
  values: Int8Array.from(weights, (w, i) => grid.nearest(Math.floor(i / columns), i % columns, w)),
  ...(grid.groupScales ? { groupScales: grid.groupScales } : {}),
});
