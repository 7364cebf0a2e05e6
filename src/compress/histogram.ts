// SPDX-License-Identifier: Apache-2.0
// Where to clip an activation, judged on its histogram.
import type { Range } from './range.js';

export const histogramBins = 2048;

/** Counts of values in equal bins from min to max. */
export interface Histogram extends Range {
  counts: Float64Array;
}

const center = (h: Histogram, bin: number): number => h.min + ((bin + 0.5) * (h.max - h.min)) / h.counts.length;
const edge = (h: Histogram, bin: number): number => h.min + (bin * (h.max - h.min)) / h.counts.length;

/** Leaves out half of the rest at each end. An end at zero (behind a ReLU) loses nothing, so the other end gets it all. */
export function clipForPercentile(h: Histogram, percentile: number): Range {
  const total = h.counts.reduce((a, b) => a + b, 0);
  const outside = total * (1 - percentile / 100);
  const oneSided = h.min >= 0 || h.max <= 0;
  const budget = oneSided ? outside : outside / 2;
  const low = h.min >= 0 ? 0 : firstBeyond(h.counts, budget);
  const high = h.max <= 0 ? h.counts.length : h.counts.length - firstBeyond(h.counts.toReversed(), budget);
  return low < high ? { min: edge(h, low), max: edge(h, high) } : { min: h.min, max: h.max };
}

/** The first bin at which the running count passes the budget. */
function firstBeyond(counts: Float64Array, budget: number): number {
  let sum = 0;
  for (let bin = 0; bin < counts.length; bin++) {
    sum += counts[bin];
    if (sum > budget) return bin;
  }
  return counts.length;
}

/** The bins that rounding can move, by rising value. */
interface Occupied {
  values: Float64Array;
  counts: Float64Array;
}

function occupied(h: Histogram): Occupied {
  const half = (h.max - h.min) / h.counts.length / 2;
  const bins = Array.from(h.counts.keys()).filter(
    // Around zero are mostly exact zeros, which any range with a zero point holds exactly.
    (bin) => h.counts[bin] !== 0 && !(Math.abs(center(h, bin)) <= half),
  );
  return { values: Float64Array.from(bins, (b) => center(h, b)), counts: Float64Array.from(bins, (b) => h.counts[b]) };
}

/** Given up once it reaches `most`. */
function errorOf({ values, counts }: Occupied, range: Range, most: number): number {
  const low = Math.min(0, range.min);
  const high = Math.max(0, range.max);
  const scale = (high - low) / 255;
  if (!(scale > 0)) return Number.POSITIVE_INFINITY;
  const zero = Math.round(-low / scale);
  const step = (bin: number): number => Math.round(values[bin] / scale) + zero;
  // What is clipped lies at the ends, for values rise.
  let [first, end] = [0, values.length];
  while (first < end && step(first) < 0) first++;
  while (end > first && step(end - 1) > 255) end--;
  const clipped = (from: number, to: number, at: number, before: number): number => {
    let error = before;
    for (let bin = from; bin < to && error < most; bin++) {
      const distance = values[bin] - scale * (at - zero);
      error += counts[bin] * (distance * distance);
    }
    return error;
  };
  let error = clipped(0, first, 0, 0);
  // Inside, a bin spreads over its step: the error of rounding is uniform.
  const inside = (scale * scale) / 12;
  for (let bin = first; bin < end; bin++) error += counts[bin] * inside;
  return clipped(end, values.length, 255, error);
}

/** Squared error that clipping to the range and rounding to 256 steps makes, over the histogram. */
export const quantizationError = (h: Histogram, range: Range): number =>
  errorOf(occupied(h), range, Number.POSITIVE_INFINITY);

const shrinkSteps = Array.from({ length: 91 }, (_, i) => 1 - i / 100);

/** Shrinks both ends together, then each by itself, and keeps what errs least (so ends may differ: asymmetry). An end at
 *  zero, where it is as if there were no such end, has been shrunk with the other. */
export function clipForError(h: Histogram): Range {
  const bins = occupied(h);
  let best: Range = { min: h.min, max: h.max };
  let least = errorOf(bins, best, Number.POSITIVE_INFINITY);
  const consider = (range: Range): void => {
    const error = errorOf(bins, range, least);
    if (error < least) [best, least] = [range, error];
  };
  for (const s of shrinkSteps) consider({ min: h.min * s, max: h.max * s });
  if (h.min >= 0) return best;
  const together = best;
  for (const s of shrinkSteps) consider({ min: together.min * s, max: best.max });
  if (h.max <= 0) return best;
  const lowSet = best;
  for (const s of shrinkSteps) consider({ min: lowSet.min, max: h.max * s });
  return best;
}
