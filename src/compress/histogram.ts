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

/** Mean squared error that clipping to the range and rounding to 256 steps makes, over the histogram. */
export function quantizationError(h: Histogram, range: Range): number {
  const low = Math.min(0, range.min);
  const high = Math.max(0, range.max);
  const scale = (high - low) / 255;
  if (!(scale > 0)) return Number.POSITIVE_INFINITY;
  const zero = Math.round(-low / scale);
  const half = (h.max - h.min) / h.counts.length / 2;
  let error = 0;
  for (let bin = 0; bin < h.counts.length; bin++) {
    if (h.counts[bin] === 0) continue;
    const v = center(h, bin);
    if (Math.abs(v) <= half) continue; // mostly exact zeros, which any range with a zero point holds exactly
    const step = Math.round(v / scale) + zero;
    const clipped = step < 0 || step > 255;
    const distance = clipped ? v - scale * ((step < 0 ? 0 : 255) - zero) : 0;
    // Inside, a bin spreads over its step: the error of rounding is uniform.
    error += h.counts[bin] * (clipped ? distance * distance : (scale * scale) / 12);
  }
  return error;
}

const shrinkSteps = Array.from({ length: 91 }, (_, i) => 1 - i / 100);

/** Shrinks both ends together, then each by itself, and keeps what errs least (so ends may differ: asymmetry). */
export function clipForError(h: Histogram): Range {
  let best: Range = { min: h.min, max: h.max };
  let least = quantizationError(h, best);
  const consider = (range: Range): void => {
    const error = quantizationError(h, range);
    if (error < least) [best, least] = [range, error];
  };
  for (const s of shrinkSteps) consider({ min: h.min * s, max: h.max * s });
  const together = best;
  for (const s of shrinkSteps) consider({ min: together.min * s, max: best.max });
  const lowSet = best;
  for (const s of shrinkSteps) consider({ min: lowSet.min, max: Math.max(h.max, 0) * s });
  return best;
}
