// SPDX-License-Identifier: Apache-2.0
// One order of a row's weights, and how the error of each goes to those after it.
import { cholesky, dampedInverse, permuted } from './linearAlgebra.js';

/** Share of the mean diagonal that is added to it: GPTQ's own setting. */
export const damping = 0.01;

export interface Sweep {
  order: number[];
  /** Upper triangle U with U^T U = H^-1, in `order`. */
  factor: Float64Array;
  /** [later][earlier]: how much of an earlier one's error a later one takes over; the factor's columns over their diagonal. */
  shares: Float64Array;
}

const byWorth = (moment: Float64Array, n: number): number[] =>
  Array.from({ length: n }, (_, i) => i).sort((a, b) => moment[b * n + b] - moment[a * n + a] || a - b);

/** The columns by falling H_jj (GPTQ's act-order) unless in a given order, and the factor that says where errors go. */
export function sweepOf(moment: Float64Array, n: number, order = byWorth(moment, n)): Sweep {
  const inverse = dampedInverse(permuted(moment, n, order), n, damping);
  const lower = cholesky(inverse, n);
  if (!lower) throw new Error('the inverse of a positive definite matrix is not');
  const shares = lower.map((v, i) => v / lower[(i % n) * (n + 1)]);
  return { order, factor: lower, shares };
}
