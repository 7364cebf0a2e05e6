// SPDX-License-Identifier: Apache-2.0
// Coordinate descent on the output's squared error (QuantEase, arXiv:2309.01885): each weight in turn takes the grid value
// that is best given all others, until nothing changes. Never makes a row worse, from wherever it starts. Between sweeps the
// row's scale is fitted to the integers in closed form, where the encoding leaves it free.
import type { Grid, GridRequest } from './grid.js';
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

/** H times the errors of a row. */
function gradientOf(moment: Float64Array, errors: Float64Array): Float64Array {
  const n = errors.length;
  const gradient = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    const e = errors[i];
    if (e !== 0) for (let j = 0; j < n; j++) gradient[j] += e * moment[i * n + j];
  }
  return gradient;
}

function descendRow(real: Float64Array, integers: Int8Array, row: number, grid: Grid, moment: Float64Array): void {
  const n = real.length;
  const scale = grid.scales[row];
  const gradient = gradientOf(
    moment,
    Float64Array.from(integers, (q, i) => q * scale - real[i]),
  );
  for (let sweep = 0; sweep < sweeps; sweep++) {
    let changed = 0;
    for (let i = 0; i < n; i++) {
      const h = moment[i * n + i];
      if (!(h > 0)) continue;
      const q = grid.nearest(row, i, integers[i] * scale - gradient[i] / h);
      const step = (q - integers[i]) * scale;
      // Along one coordinate the error is a parabola: only a step that makes it smaller is taken.
      if (step === 0 || 2 * gradient[i] * step + h * step * step >= 0) continue;
      integers[i] = q;
      changed++;
      for (let j = 0; j < n; j++) gradient[j] += step * moment[i * n + j];
    }
    if (!changed) return;
  }
}

/** Improves the integers in place. */
export function descend(request: GridRequest, grid: Grid, momentOf: MomentOf, integers: Int8Array): void {
  const { rows, columns, weights } = request;
  for (let row = 0; row < rows; row++) {
    const at = row * columns;
    descendRow(weights.subarray(at, at + columns), integers.subarray(at, at + columns), row, grid, momentOf(row));
  }
}

/** The scale with the least output error for the integers of each row: q^T H w / q^T H q. */
export function fitScales(request: GridRequest, grid: Grid, momentOf: MomentOf, integers: Int8Array): void {
  const { rows, columns, weights, leastScales } = request;
  for (let row = 0; row < rows; row++) {
    const moment = momentOf(row);
    const q = Float64Array.from(integers.subarray(row * columns, (row + 1) * columns));
    const hq = gradientOf(moment, q);
    let [along, square] = [0, 0];
    for (let i = 0; i < columns; i++) {
      along += hq[i] * weights[row * columns + i];
      square += hq[i] * q[i];
    }
    if (square > 0 && along > 0) grid.scales[row] = Math.fround(Math.max(leastScales[row], along / square));
  }
}
