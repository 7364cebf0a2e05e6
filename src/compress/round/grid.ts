// SPDX-License-Identifier: Apache-2.0
// The values that an encoding leaves a weight to take. A grid is fitted to a layer's real weights first (scales, palettes,
// masks, outliers); then rounding to nearest, second-order rounding and learned rounding all choose among its values.
import type { Encoding } from '../formats/encoding.js';

export interface GridRequest {
  rows: number;
  columns: number;
  /** Real weights, [rows][columns]. */
  weights: Float64Array;
  encoding: Encoding;
  /** How much an error in each column costs: mean square of its input, say. All alike where left out. */
  importance?: Float64Array;
  /** The same of each weight by itself, [rows][columns]; goes before what the columns say. */
  importances?: Float64Array;
  /** Smallest scale that each row may have (its bias and its multiplier must fit). */
  leastScales: Float64Array;
  /** Second moments of the inputs of each row: masks are chosen by them where they are known. */
  momentOf?: (row: number) => Float64Array;
  /** Of the weights, how many are kept by `block`, and how many are outliers. */
  keptShare?: number;
  outlierShare?: number;
}

export interface Grid {
  /** real = scales[row] * integer. */
  scales: Float64Array;
  /** Of groups of columns, 1..16, where the encoding has them. */
  groupScales?: Uint8Array;
  /** Real weights that make up for what a mask takes; on them the loss is the same but for a constant. */
  start?: Float64Array;
  /** The int8 that comes nearest to a real weight here. */
  nearest(row: number, column: number, real: number): number;
  /** The neighbours of a real weight: the grid's values next below and next above, equal at its ends. */
  around(row: number, column: number, real: number): [low: number, high: number];
}

export const defaultKeptShare = 0.5;
export const defaultOutlierShare = 0.005;

export const importanceAt = ({ columns, importance, importances }: GridRequest, row: number, column: number): number =>
  importances?.[row * columns + column] ?? importance?.[column] ?? 1;

export const clampTo = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, value));
