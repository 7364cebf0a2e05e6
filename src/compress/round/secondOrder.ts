// SPDX-License-Identifier: Apache-2.0
// Rounding that makes up for itself: each rounded weight's error is spread over the weights not yet rounded so that the
// layer's output moves least. H is the second moment of the layer's inputs, E[x x^T]; the output's squared error of a row
// is d^T H d for weight errors d.
import { beamOnGrid } from './beam.js';
import type { Grid, GridRequest } from './grid.js';
import { dampedInverse } from './linearAlgebra.js';
import { damping, type Sweep, sweepOf } from './sweep.js';

/** Second moments of the inputs that a row sees, columns x columns. */
export type MomentOf = (row: number) => Float64Array;

/** Rounds one row; `weights` are used up. Gives the integers. */
type RoundRow = (weights: Float64Array, row: number, grid: Grid) => Int8Array;

/** GPTQ (arXiv:2210.17323): all rows in one order of columns. */
function sweepRow({ order, factor }: Sweep): RoundRow {
  const n = order.length;
  // Row j of U is column j of the lower factor.
  const upper = transposed(factor, n);
  return (weights, row, grid) => {
    const integers = new Int8Array(n);
    const real = Float64Array.from(order, (column) => weights[column]);
    for (let j = 0; j < n; j++) {
      const q = grid.nearest(row, order[j], real[j]);
      integers[order[j]] = q;
      const error = (real[j] - q * grid.scales[row]) / upper[j * n + j];
      for (let k = j + 1; k < n; k++) real[k] -= error * upper[j * n + k];
    }
    return integers;
  };
}

function transposed(m: Float64Array, n: number): Float64Array {
  const t = new Float64Array(n * n);
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) t[j * n + i] = m[i * n + j];
  return t;
}

/** Optimal Brain Quantization (arXiv:2208.11580): always the weight next whose rounding costs least now. */
function greedyRow(inverse: Float64Array, n: number): RoundRow {
  const h = new Float64Array(n * n);
  const left = new Int32Array(n);
  return (weights, row, grid) => {
    const integers = new Int8Array(n);
    const scale = grid.scales[row];
    h.set(inverse);
    for (let i = 0; i < n; i++) left[i] = i;
    for (let count = n; count > 0; count--) {
      let best = { at: 0, cost: Number.POSITIVE_INFINITY, q: 0 };
      for (let k = 0; k < count; k++) {
        const column = left[k];
        const q = grid.nearest(row, column, weights[column]);
        const cost = (weights[column] - q * scale) ** 2 / h[column * n + column];
        if (cost < best.cost) best = { at: k, cost, q };
      }
      const p = left[best.at];
      integers[p] = best.q;
      left.copyWithin(best.at, best.at + 1, count);
      eliminate(h, n, p, left.subarray(0, count - 1), weights, (weights[p] - best.q * scale) / h[p * n + p]);
    }
    return integers;
  };
}

/** Spreads the error of weight p, and takes p out of the inverse. */
function eliminate(
  h: Float64Array,
  n: number,
  p: number,
  left: Int32Array,
  weights: Float64Array,
  error: number,
): void {
  const pivot = h[p * n + p];
  for (let a = 0; a < left.length; a++) {
    const i = left[a] * n;
    weights[left[a]] -= error * h[i + p];
    const share = h[i + p] / pivot;
    for (let b = 0; b < left.length; b++) h[i + left[b]] -= share * h[p * n + left[b]];
  }
}

/** Up to this many products of one output, rows are rounded in their own best order, too; n^3 a row. */
const greedyColumns = 80;

type MakeRound = (moment: Float64Array, columns: number) => RoundRow;

const greedy: MakeRound = (moment, n) => greedyRow(dampedInverse(moment, n, damping), n);
const swept: MakeRound = (moment, n) => sweepRow(sweepOf(moment, n));
const onPaths: MakeRound = (moment, n) => {
  const sweep = sweepOf(moment, n);
  return (weights, row, grid) => beamOnGrid(weights, sweep, row, grid);
};

function roundRows(request: GridRequest, grid: Grid, momentOf: MomentOf, make: MakeRound): Int8Array {
  const { rows, columns } = request;
  const weights = grid.start ?? request.weights;
  const made = new Map<Float64Array, RoundRow>();
  const integers = new Int8Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    const moment = momentOf(row);
    const round = made.get(moment) ?? make(moment, columns);
    made.set(moment, round);
    integers.set(round(weights.slice(row * columns, (row + 1) * columns), row, grid), row * columns);
  }
  return integers;
}

/** Rounds all rows on the grid. */
export const secondOrder = (request: GridRequest, grid: Grid, momentOf: MomentOf): Int8Array =>
  roundRows(request, grid, momentOf, request.columns <= greedyColumns ? greedy : swept);

/** The same on many paths, and in the rows' own best order where that is affordable: where descent should start. */
export const startsOf = (request: GridRequest, grid: Grid, momentOf: MomentOf): Int8Array[] =>
  (request.columns <= greedyColumns ? [onPaths, greedy] : [onPaths]).map((make) =>
    roundRows(request, grid, momentOf, make),
  );
