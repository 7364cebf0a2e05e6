// SPDX-License-Identifier: Apache-2.0
// Coordinate descent on the output's squared error (QuantEase, arXiv:2309.01885): each weight in turn takes the grid value
// that is best given all others, until nothing changes. Never makes a row worse, from wherever it starts. Between sweeps the
// row's scale is fitted to the integers in closed form, where the encoding leaves it free.
import type { Grid, GridRequest } from './grid.js';
import { timesMatrix } from './linearAlgebra.js';
import type { MomentOf } from './secondOrder.js';

const sweeps = 20;

/** d^T H d of one row. */
export function rowError(moment: Float64Array, errors: Float64Array): number {
  const n = errors.length;
  let total = 0;
  for (let i = 0; i < n; i++) {
    let sum = 0;
    for (let j = 0; j < n; j++) sum += moment[i * n + j] * errors[j];
    total += errors[i] * sum;
  }
  return total;
}

/** One row while it is rounded: what the output error follows from, kept up to date with the integers. */
interface Row {
  row: number;
  real: Float64Array;
  integers: Int8Array;
  moment: Float64Array;
  /** H times the real weights, and times the integers: the error's gradient is their difference in steps of the scale. */
  ofReal: Float64Array;
  ofIntegers: Float64Array;
}

function rowOf(request: GridRequest, moment: Float64Array, integers: Int8Array, row: number): Row {
  const [from, to] = [row * request.columns, (row + 1) * request.columns];
  const real = request.weights.subarray(from, to);
  const own = integers.subarray(from, to);
  const ofIntegers = timesMatrix(Float64Array.from(own), moment);
  return { row, real, integers: own, moment, ofReal: timesMatrix(real, moment), ofIntegers };
}

function descendRow({ row, real, integers, moment, ofReal, ofIntegers }: Row, grid: Grid): void {
  const n = real.length;
  const scale = grid.scales[row];
  for (let sweep = 0; sweep < sweeps; sweep++) {
    let changed = 0;
    for (let i = 0; i < n; i++) {
      const h = moment[i * n + i];
      if (!(h > 0)) continue;
      const gradient = ofIntegers[i] * scale - ofReal[i];
      const q = grid.nearest(row, i, integers[i] * scale - gradient / h);
      const more = q - integers[i];
      const step = more * scale;
      // Along one coordinate the error is a parabola: only a step that makes it smaller is taken.
      if (step === 0 || 2 * gradient * step + h * step * step >= 0) continue;
      integers[i] = q;
      changed++;
      addRow(ofIntegers, moment, i * n, more);
    }
    if (!changed) return;
  }
}

function addRow(sums: Float64Array, matrix: Float64Array, at: number, times: number): void {
  for (let j = 0; j < sums.length; j++) sums[j] += times * matrix[at + j];
}

/** The scale with the least output error for the integers of a row: q^T H w / q^T H q. */
function fitScale({ row, real, integers, ofIntegers }: Row, grid: Grid, least: number): void {
  let [along, square] = [0, 0];
  for (let i = 0; i < real.length; i++) {
    along += ofIntegers[i] * real[i];
    square += ofIntegers[i] * integers[i];
  }
  if (square > 0 && along > 0) grid.scales[row] = Math.fround(Math.max(least, along / square));
}

/** The row's squared error, but for what does not depend on its integers and its scale. */
function errorOf({ row, integers, ofReal, ofIntegers }: Row, { scales: { [row]: scale } }: Grid): number {
  let error = 0;
  for (let i = 0; i < integers.length; i++) error += integers[i] * (scale * ofIntegers[i] - 2 * ofReal[i]);
  return scale * error;
}

/** A row's integers improved in place, and so many times its scale, with the integers after each. */
function improve(row: Row, grid: Grid, least: number, scaleRounds: number): void {
  descendRow(row, grid);
  for (let i = 0; i < scaleRounds; i++) {
    fitScale(row, grid, least);
    descendRow(row, grid);
  }
}

/** Improves the integers in place, and so many times the scales of rows, with the integers after each. */
export function descend(
  request: GridRequest,
  grid: Grid,
  momentOf: MomentOf,
  integers: Int8Array,
  scaleRounds = 0,
): void {
  for (let r = 0; r < request.rows; r++)
    improve(rowOf(request, momentOf(r), integers, r), grid, request.leastScales[r], scaleRounds);
}

/** The same from several starts: of each row what comes out best. */
export function descendFrom(
  starts: readonly Int8Array[],
  request: GridRequest,
  grid: Grid,
  momentOf: MomentOf,
  scaleRounds: number,
): Int8Array {
  const best = new Int8Array(request.rows * request.columns);
  for (let r = 0; r < request.rows; r++) {
    const before = grid.scales[r];
    let [least, scale] = [Number.POSITIVE_INFINITY, before];
    for (const start of starts) {
      grid.scales[r] = before;
      const row = rowOf(request, momentOf(r), start, r);
      improve(row, grid, request.leastScales[r], scaleRounds);
      const error = errorOf(row, grid);
      // An error that is no number: weights that are none; the first start stays.
      if (!(error < least) && start !== starts[0]) continue;
      [least, scale] = [error, grid.scales[r]];
      best.set(row.integers, r * request.columns);
    }
    grid.scales[r] = scale;
  }
  return best;
}
