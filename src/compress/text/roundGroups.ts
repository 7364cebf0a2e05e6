// SPDX-License-Identifier: Apache-2.0
// A matrix as codes of four bits in groups of 32 columns with a scale and a zero point each: weight = scale of the row * scale of
// the group * (code - zero point). Ranges are fitted to the weights group by group; then the codes are chosen so that the layer's
// output moves least: GPTQ's sweep (arXiv:2210.17323), and coordinate descent behind it (QuantEase, arXiv:2309.01885).
import { groupColumns } from '../../ops/dynamicFullyConnected.js';
import { timesMatrix } from '../round/linearAlgebra.js';
import { type Sweep, sweepOf } from '../round/sweep.js';

export interface GroupedWeights {
  /** Code minus zero point, [rows][columns]. */
  values: Int8Array;
  groupScales: Uint8Array;
  zeros: Uint8Array;
  /** Of the rows. */
  scales: Float64Array;
}

const mostCode = 15;
const mostGroupScale = 255;
/** Shares of the range that are tried: outliers may cost less cut off than all others cost rounded coarsely. */
const shares = Array.from({ length: 24 }, (_, i) => 0.6 + i * 0.02);
const sweeps = 10;
const scaleRounds = 2;

/** Step and zero point with the least weighted squared error of one group. */
function fitGroup(w: Float64Array, importance: Float64Array): { step: number; zero: number } {
  const low = Math.min(0, ...w);
  const span = Math.max(0, ...w) - low;
  if (span === 0) return { step: 0, zero: 0 };
  const middle = Math.floor((-low / span) * mostCode);
  let best = { cost: Number.POSITIVE_INFINITY, step: 0, zero: 0 };
  for (const share of shares) {
    const step = (span * share) / mostCode;
    for (let zero = Math.max(0, middle - 1); zero <= Math.min(mostCode, middle + 2); zero++) {
      let cost = 0;
      for (let i = 0; i < w.length; i++) cost += importance[i] * (nearest(w[i], step, zero) * step - w[i]) ** 2;
      if (cost < best.cost) best = { cost, step, zero };
    }
  }
  return best;
}

const nearest = (real: number, step: number, zero: number): number =>
  Math.min(mostCode - zero, Math.max(-zero, Math.round(real / step)));

/** One row while it is rounded. */
interface Row {
  real: Float64Array;
  /** Of each column. */
  steps: Float64Array;
  zeros: Uint8Array;
  values: Int8Array;
}

function sweepRow({ real, steps, zeros, values }: Row, { order, factor }: Sweep): void {
  const n = order.length;
  const left = Float64Array.from(order, (column) => real[column]);
  for (let j = 0; j < n; j++) {
    const column = order[j];
    values[column] = nearest(left[j], steps[column], zeros[column]);
    const error = (left[j] - values[column] * steps[column]) / factor[j * n + j];
    for (let k = j + 1; k < n; k++) left[k] -= error * factor[k * n + j];
  }
}

function descendRow({ real, steps, zeros, values }: Row, moment: Float64Array): void {
  const n = real.length;
  const gradient = timesMatrix(
    real.map((w, i) => values[i] * steps[i] - w),
    moment,
  );
  for (let sweep = 0; sweep < sweeps; sweep++) {
    let changed = false;
    for (let i = 0; i < n; i++) {
      const h = moment[i * n + i];
      if (!(h > 0)) continue;
      const next = nearest(values[i] * steps[i] - gradient[i] / h, steps[i], zeros[i]);
      const move = (next - values[i]) * steps[i];
      // Along one coordinate the error is a parabola: only a step that makes it smaller is taken.
      if (move === 0 || 2 * gradient[i] * move + h * move * move >= 0) continue;
      values[i] = next;
      for (let j = 0; j < n; j++) gradient[j] += move * moment[i * n + j];
      changed = true;
    }
    if (!changed) return;
  }
}

/** The scale of the row with the least output error for its integers: q^T H w / q^T H q. */
function fitScale({ real, steps, values }: Row, scale: number, moment: Float64Array): number {
  const now = steps.map((step, i) => step * values[i]);
  const of = timesMatrix(now, moment);
  const [along, square] = [real, now].map((x) => x.reduce((sum, v, i) => sum + v * of[i], 0));
  const fitted = square > 0 && along > 0 ? Math.fround((scale * along) / square) : scale;
  if (!(fitted > 0)) return scale;
  for (let i = 0; i < steps.length; i++) steps[i] *= fitted / scale;
  return fitted;
}

/** Rounds a matrix [rows][columns] for inputs with this second moment. */
export function roundGroups(weights: Float32Array, columns: number, moment: Float64Array): GroupedWeights {
  const rows = weights.length / columns;
  const groups = Math.ceil(columns / groupColumns);
  const importance = Float64Array.from({ length: columns }, (_, i) => moment[i * columns + i] || 1e-12);
  const sweep = sweepOf(moment, columns);
  const out: GroupedWeights = {
    values: new Int8Array(weights.length),
    groupScales: new Uint8Array(rows * groups),
    zeros: new Uint8Array(rows * groups),
    scales: new Float64Array(rows),
  };
  for (let r = 0; r < rows; r++) {
    const real = Float64Array.from(weights.subarray(r * columns, (r + 1) * columns));
    const fits = Array.from({ length: groups }, (_, g) => {
      const [from, to] = [g * groupColumns, (g + 1) * groupColumns];
      return fitGroup(real.subarray(from, to), importance.subarray(from, to));
    });
    // A row of zeros has a scale all the same: kernels multiply by it.
    let scale = Math.fround(Math.max(...fits.map((f) => f.step)) / mostGroupScale) || 1;
    const groupScales = fits.map((f) => Math.max(1, Math.round(f.step / scale)));
    const groupOf = (column: number): number => Math.floor(column / groupColumns);
    const row: Row = {
      real,
      steps: real.map((_, i) => scale * groupScales[groupOf(i)]),
      zeros: Uint8Array.from(real, (_, i) => fits[groupOf(i)].zero),
      values: out.values.subarray(r * columns, (r + 1) * columns),
    };
    sweepRow(row, sweep);
    descendRow(row, moment);
    for (let i = 0; i < scaleRounds; i++) {
      scale = fitScale(row, scale, moment);
      descendRow(row, moment);
    }
    out.scales[r] = scale;
    out.groupScales.set(groupScales, r * groups);
    out.zeros.set(
      fits.map((f) => f.zero),
      r * groups,
    );
  }
  return out;
}
