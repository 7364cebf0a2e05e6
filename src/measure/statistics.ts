// SPDX-License-Identifier: Apache-2.0
// What repeated measurements say.

export interface Summary {
  count: number;
  min: number;
  median: number;
  mean: number;
  max: number;
  /** Sample standard deviation; 0 of one value. */
  deviation: number;
  /** The middle 95 % of the values: between their 2.5 and 97.5 percentiles. */
  low95: number;
  high95: number;
}

/** The quantile of sorted values, interpolated between ranks (Hyndman and Fan 1996, definition 7). */
export function quantile(sorted: ArrayLike<number>, share: number): number {
  const at = (sorted.length - 1) * Math.min(1, Math.max(0, share));
  const below = Math.floor(at);
  const above = Math.min(sorted.length - 1, below + 1);
  return sorted[below] + (at - below) * (sorted[above] - sorted[below]);
}

/** Throws a RangeError on no values: there is no summary of nothing. */
export function summarize(values: readonly number[]): Summary {
  if (values.length === 0) throw new RangeError('no values');
  const sorted = Float64Array.from(values).sort();
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const squares = values.reduce((a, b) => a + (b - mean) ** 2, 0);
  return {
    count: values.length,
    min: sorted[0],
    median: quantile(sorted, 0.5),
    mean,
    max: sorted[sorted.length - 1],
    deviation: values.length > 1 ? Math.sqrt(squares / (values.length - 1)) : 0,
    low95: quantile(sorted, 0.025),
    high95: quantile(sorted, 0.975),
  };
}
