// SPDX-License-Identifier: Apache-2.0
// The scale with the least squared rounding error for some weights: the largest magnitude decides where clipping begins to
// cost; below it, a short search (as GPTQ's and AWQ's codes do for few bits).

/** Shares of the largest magnitude that are tried; 1 comes first, so that a tie keeps the plain choice. */
const shares = [1, 0.95, 0.9, 0.85, 0.8, 0.75, 0.7, 0.65, 0.6, 0.55, 0.5, 0.45, 0.4, 0.35];

export interface Codes {
  low: number;
  high: number;
}

export interface Weighted {
  value: number;
  importance: number;
}

export function roundingError(list: readonly Weighted[], scale: number, { low, high }: Codes): number {
  let error = 0;
  for (const { value, importance } of list) {
    const code = Math.min(high, Math.max(low, Math.round(value / scale)));
    error += importance * (value - code * scale) ** 2;
  }
  return error;
}

/** 0 where all weights are 0. */
export function bestScale(list: readonly Weighted[], codes: Codes): number {
  const largest = list.reduce((m, { value }) => Math.max(m, Math.abs(value)), 0);
  if (largest === 0) return 0;
  let best = { scale: 0, error: Number.POSITIVE_INFINITY };
  for (const share of shares) {
    const scale = (share * largest) / codes.high;
    const error = roundingError(list, scale, codes);
    if (error < best.error) best = { scale, error };
  }
  return best.scale;
}

/** Ternary: -s, 0 or s. For a threshold, s is the mean of what exceeds it (TWN, arXiv:1605.04711); all thresholds are tried. */
export function bestTernaryScale(list: readonly Weighted[]): number {
  const sorted = [...list].sort((a, b) => Math.abs(b.value) - Math.abs(a.value));
  let best = { scale: 0, gain: 0 };
  let [sum, weight] = [0, 0];
  for (const { value, importance } of sorted) {
    sum += importance * Math.abs(value);
    weight += importance;
    // The squared error falls by sum^2 / weight when these, and only these, become +-s.
    if (weight > 0 && sum ** 2 / weight > best.gain) best = { scale: sum / weight, gain: sum ** 2 / weight };
  }
  return best.scale;
}
