// SPDX-License-Identifier: Apache-2.0
// Learned rounding (AdaRound, arXiv:2004.10568) on the layer's quadratic loss: each weight goes down or up by a rectified
// sigmoid of a free variable; gradient steps (Adam) on the output's error, and a term that grows until every variable has made
// up its mind. Here for the comparison only: coordinate descent does as well, in a hundredth of the time (compression.md).
import { rowError } from '../src/compress/round/descend.js';
import type { Grid, GridRequest } from '../src/compress/round/grid.js';
import type { MomentOf } from '../src/compress/round/secondOrder.js';

export interface LearnedOptions {
  steps: number;
  /** Weight of the term that makes up minds, as a share of the loss at the start. */
  decide: number;
  rate: number;
}

export const learnedDefaults: LearnedOptions = { steps: 300, decide: 1, rate: 0.02 };

/** Stretch of the sigmoid, as in the paper: its ends reach 0 and 1. */
const stretch = { low: -0.1, high: 1.1 };
const momentum = 0.9;
const spread = 0.999;
/** The exponent of 1 - |2h - 1|^beta falls from here to there. */
const beta = { first: 20, last: 2 };

const sigmoid = (v: number): number => 1 / (1 + Math.exp(-v));

interface Slope {
  h: number;
  /** dh/dv; 0 where the sigmoid is cut off. */
  by: number;
}

function slopeAt(v: number): Slope {
  const s = sigmoid(v);
  const h = s * (stretch.high - stretch.low) + stretch.low;
  if (h <= 0) return { h: 0, by: 0 };
  if (h >= 1) return { h: 1, by: 0 };
  return { h, by: s * (1 - s) * (stretch.high - stretch.low) };
}

function learnRow(
  real: Float64Array,
  row: number,
  grid: Grid,
  moment: Float64Array,
  { steps, decide, rate }: LearnedOptions,
): Int8Array {
  const n = real.length;
  const scale = grid.scales[row];
  const ends = Array.from(real, (w, c) => grid.around(row, c, w));
  const v = Float64Array.from(real, (w, c) => {
    const [low, high] = ends[c];
    const share = high > low ? Math.min(0.99, Math.max(0.01, (w / scale - low) / (high - low))) : 0.5;
    const s = (share - stretch.low) / (stretch.high - stretch.low);
    return Math.log(s / (1 - s));
  });
  const [first, second] = [new Float64Array(n), new Float64Array(n)];
  const nearest = Float64Array.from(real, (w, c) => grid.nearest(row, c, w) * scale - w);
  // Per weight, so that the terms keep their proportion in wide and narrow layers.
  const unit = Math.max(Number.MIN_VALUE, rowError(moment, nearest) / n);
  const errors = new Float64Array(n);
  for (let step = 1; step <= steps; step++) {
    const slopes = Array.from(v, slopeAt);
    slopes.forEach(({ h }, c) => {
      errors[c] = (ends[c][0] + h * (ends[c][1] - ends[c][0])) * scale - real[c];
    });
    const progress = step / steps;
    // The first fifth goes without it, as in the paper.
    const pull = progress < 0.2 ? 0 : decide;
    const power = beta.last + (beta.first - beta.last) * (1 - progress);
    const along = timesSymmetric(moment, errors);
    for (let c = 0; c < n; c++) {
      const { h, by } = slopes[c];
      const width = (ends[c][1] - ends[c][0]) * scale;
      const middle = 2 * h - 1;
      const undecided = -power * 2 * Math.sign(middle) * Math.abs(middle) ** (power - 1);
      const gradient = ((2 * along[c] * width) / unit + pull * undecided) * by;
      first[c] = momentum * first[c] + (1 - momentum) * gradient;
      second[c] = spread * second[c] + (1 - spread) * gradient * gradient;
      v[c] -= (rate * (first[c] / (1 - momentum ** step))) / (Math.sqrt(second[c] / (1 - spread ** step)) + 1e-8);
    }
  }
  return Int8Array.from(v, (value, c) => ends[c][slopeAt(value).h >= 0.5 ? 1 : 0]);
}

function timesSymmetric(matrix: Float64Array, v: Float64Array): Float64Array {
  const n = v.length;
  const result = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    const a = v[i];
    if (a !== 0) for (let j = 0; j < n; j++) result[j] += a * matrix[i * n + j];
  }
  return result;
}

/** Rounds all rows on the grid. */
export function learn(
  { rows, columns, weights }: GridRequest,
  grid: Grid,
  momentOf: MomentOf,
  options: LearnedOptions = learnedDefaults,
): Int8Array {
  const integers = new Int8Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    const own = weights.subarray(row * columns, (row + 1) * columns);
    integers.set(learnRow(own, row, grid, momentOf(row), options), row * columns);
  }
  return integers;
}
