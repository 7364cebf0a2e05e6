// SPDX-License-Identifier: Apache-2.0
// Rounding that makes up for itself: each rounded weight's error is spread over the weights not yet rounded so that the
// layer's output moves least. H is the second moment of the layer's inputs, E[x x^T]; the output's squared error of a row
// is d^T H d for weight errors d.
import type { Grid, GridRequest } from './grid.js';
import { cholesky, dampedInverse, permuted } from './linearAlgebra.js';

/** Second moments of the inputs that a row sees, columns x columns. */
export type MomentOf = (row: number) => Float64Array;

/** Share of the mean diagonal that is added to it: GPTQ's own setting. */
const damping = 0.01;

/** Rounds one row; `weights` are used up. Gives the integers. */
type RoundRow = (weights: Float64Array, row: number, grid: Grid) => Int8Array;

export interface Sweep {
  order: number[];
  /** Upper triangle U with U^T U = H^-1, in `order`. */
  factor: Float64Array;
}

/** The columns by falling H_jj (GPTQ's act-order), and the factor that says where errors go. */
export function sweepOf(moment: Float64Array, n: number): Sweep {
  const order = Array.from({ length: n }, (_, i) => i).sort((a, b) => moment[b * n + b] - moment[a * n + a] || a - b);
  const inverse = dampedInverse(permuted(moment, n, order), n, damping);
  const lower = cholesky(inverse, n);
  if (!lower) throw new Error('the inverse of a positive definite matrix is not');
  return { order, factor: lower };
}

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

/** Up to this many products of one output, rows are rounded in their own best order; n^3 a row. */
const greedyColumns = 80;

/** Rounds all rows on the grid. */
export function secondOrder(request: GridRequest, grid: Grid, momentOf: MomentOf): Int8Array {
  const { rows, columns } = request;
  const weights = grid.start ?? request.weights;
  const made = new Map<Float64Array, RoundRow>();
  const rounderOf = (moment: Float64Array): RoundRow => {
    const known = made.get(moment);
    if (known) return known;
    const round =
      columns <= greedyColumns
        ? greedyRow(dampedInverse(moment, columns, damping), columns)
        : sweepRow(sweepOf(moment, columns));
    made.set(moment, round);
    return round;
  };
  const integers = new Int8Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    const own = weights.slice(row * columns, (row + 1) * columns);
    integers.set(rounderOf(momentOf(row))(own, row, grid), row * columns);
  }
  return integers;
}
