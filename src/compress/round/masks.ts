// SPDX-License-Identifier: Apache-2.0
// Which weights are left where an encoding stores zeros: removed one unit (a weight, or a block of them) after another, always
// the one whose removal moves the layer's output least when the weights that are left make up for it (Optimal Brain
// Compression, arXiv:2208.11580). What is left ends at its best real values, on which scales are then fitted.
import { cholesky, dampedInverse, inverseFromCholesky } from './linearAlgebra.js';
import type { MomentOf } from './secondOrder.js';

const damping = 0.01;

export interface MaskRequest {
  rows: number;
  columns: number;
  weights: Float64Array;
  momentOf: MomentOf;
}

export interface Masked {
  /** 1 where a weight is kept. */
  kept: Uint8Array;
  /** The weights kept, at their best; zero elsewhere. */
  weights: Float64Array;
}

/** A row's units in the order of their removal, and the error that each adds. */
interface Trace {
  units: number[];
  costs: number[];
}

/** A row being pruned: its weights, and the inverse of the moments of those that are left. */
interface Row {
  weights: Float64Array;
  inverse: Float64Array;
  n: number;
}

/** Takes one weight out, for good. */
function remove({ weights, inverse, n }: Row, p: number): void {
  const pivot = inverse[p * n + p];
  const error = weights[p] / pivot;
  for (let i = 0; i < n; i++) weights[i] -= error * inverse[p * n + i];
  const own = inverse.slice(p * n, (p + 1) * n);
  for (let i = 0; i < n; i++) {
    const share = own[i] / pivot;
    if (share !== 0) for (let j = 0; j < n; j++) inverse[i * n + j] -= share * own[j];
  }
  // Exactly gone, whatever rounding has left.
  for (let i = 0; i < n; i++) {
    inverse[p * n + i] = 0;
    inverse[i * n + p] = 0;
  }
  weights[p] = 0;
}

/** w_B^T (inverse_BB)^-1 w_B: what the removal of a unit's columns costs. */
function costOf({ weights, inverse, n }: Row, columns: readonly number[]): number {
  if (columns.length === 1) {
    const [p] = columns;
    return weights[p] ** 2 / inverse[p * n + p];
  }
  const k = columns.length;
  const sub = new Float64Array(k * k);
  columns.forEach((a, i) => {
    columns.forEach((b, j) => {
      sub[i * k + j] = inverse[a * n + b];
    });
  });
  const lower = cholesky(sub, k);
  const w = columns.map((c) => weights[c]);
  if (!lower) return w.reduce((sum, v, i) => sum + (v * v) / Math.max(Number.MIN_VALUE, sub[i * k + i]), 0);
  const back = inverseFromCholesky(lower, k);
  return w.reduce((sum, v, i) => sum + v * w.reduce((s, u, j) => s + u * back[i * k + j], 0), 0);
}

/** Removes the cheapest unit that `may` go, until none may. */
function trace(
  row: Row,
  units: readonly (readonly number[])[],
  may: (unit: number) => boolean,
  taken: (unit: number) => void,
): Trace {
  const result: Trace = { units: [], costs: [] };
  const left = new Set(units.keys());
  for (;;) {
    let best = { unit: -1, cost: Number.POSITIVE_INFINITY };
    for (const unit of left) {
      if (!may(unit)) continue;
      const cost = costOf(row, units[unit]);
      if (cost < best.cost || best.unit < 0) best = { unit, cost };
    }
    if (best.unit < 0) return result;
    for (const column of units[best.unit]) remove(row, column);
    left.delete(best.unit);
    taken(best.unit);
    result.units.push(best.unit);
    result.costs.push(best.cost);
  }
}

const inverses = (columns: number): ((moment: Float64Array) => Float64Array) => {
  const known = new Map<Float64Array, Float64Array>();
  return (moment) => {
    const inverse = known.get(moment) ?? dampedInverse(moment, columns, damping);
    known.set(moment, inverse);
    return inverse;
  };
};

/** Of each run of m columns, n are kept. */
export function keepOfEach({ rows, columns, weights, momentOf }: MaskRequest, n: number, m: number): Masked {
  const result = { kept: new Uint8Array(weights.length).fill(1), weights: weights.slice() };
  const inverseOf = inverses(columns);
  const units = Array.from({ length: columns }, (_, c) => [c]);
  for (let r = 0; r < rows; r++) {
    const row = {
      n: columns,
      weights: result.weights.subarray(r * columns, (r + 1) * columns),
      inverse: inverseOf(momentOf(r)).slice(),
    };
    const left = Array.from({ length: Math.ceil(columns / m) }, (_, g) => Math.min(m, columns - g * m));
    trace(
      row,
      units,
      (c) => left[Math.floor(c / m)] > n,
      (c) => {
        left[Math.floor(c / m)]--;
        result.kept[r * columns + c] = 0;
      },
    );
  }
  return result;
}

/** Of all blocks of `width` columns, over all rows, this share is kept. */
export function keepBlocks(request: MaskRequest, width: number, share: number): Masked {
  const { rows, columns, weights, momentOf } = request;
  const perRow = Math.ceil(columns / width);
  const units = Array.from({ length: perRow }, (_, b) =>
    Array.from({ length: Math.min(width, columns - b * width) }, (_, i) => b * width + i),
  );
  const inverseOf = inverses(columns);
  const start = (r: number): Row => ({
    n: columns,
    weights: weights.slice(r * columns, (r + 1) * columns),
    inverse: inverseOf(momentOf(r)).slice(),
  });
  const traces = Array.from({ length: rows }, (_, r) =>
    trace(
      start(r),
      units,
      () => true,
      () => undefined,
    ),
  );
  const counts = cheapestPrefixes(traces, rows * perRow - Math.round(rows * perRow * share));
  const result = { kept: new Uint8Array(weights.length).fill(1), weights: weights.slice() };
  traces.forEach(({ units: order }, r) => {
    const row = start(r);
    for (const unit of order.slice(0, counts[r])) {
      for (const c of units[unit]) {
        remove(row, c);
        result.kept[r * columns + c] = 0;
      }
    }
    result.weights.set(row.weights, r * columns);
  });
  return result;
}

/** How much of each trace is gone when `count` units are taken, always the next one that costs least. */
function cheapestPrefixes(traces: readonly Trace[], count: number): number[] {
  const taken = traces.map(() => 0);
  for (let k = 0; k < count; k++) {
    let best = -1;
    for (let r = 0; r < traces.length; r++) {
      const cost = traces[r].costs[taken[r]];
      if (cost !== undefined && (best < 0 || cost < traces[best].costs[taken[best]])) best = r;
    }
    if (best < 0) break;
    taken[best]++;
  }
  return taken;
}
