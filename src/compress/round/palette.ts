// SPDX-License-Identifier: Apache-2.0
// The best palette of k integers for weighted values on a line. The values fall into at most 255 integer bins, and in one
// dimension k-means is solved exactly by dynamic programming over the sorted bins (Wang and Song 2011, "Ckmeans.1d.dp").
import type { Weighted } from './scaleSearch.js';

interface Bins {
  values: number[];
  /** Sums over the bins before each: of the importances, times value, times value squared. */
  weight: Float64Array;
  first: Float64Array;
  second: Float64Array;
}

function binsOf(list: readonly Weighted[]): Bins {
  const weights = new Map<number, number>();
  for (const { value, importance } of list) {
    const v = Math.min(127, Math.max(-128, Math.round(value)));
    weights.set(v, (weights.get(v) ?? 0) + importance);
  }
  const values = [...weights.keys()].sort((a, b) => a - b);
  const sums = (power: number): Float64Array => {
    const sum = new Float64Array(values.length + 1);
    values.forEach((v, i) => {
      sum[i + 1] = sum[i] + (weights.get(v) as number) * v ** power;
    });
    return sum;
  };
  return { values, weight: sums(0), first: sums(1), second: sums(2) };
}

const middle = ({ values, weight, first }: Bins, from: number, to: number): number => {
  const w = weight[to] - weight[from];
  return Math.round(w > 0 ? (first[to] - first[from]) / w : values[from]);
};

/** Squared error of bins [from, to) when all become their rounded mean. */
function cost(bins: Bins, from: number, to: number): number {
  const m = middle(bins, from, to);
  const { weight, first, second } = bins;
  return second[to] - second[from] - 2 * m * (first[to] - first[from]) + m * m * (weight[to] - weight[from]);
}

/** At most k integers, sorted. */
export function fitPalette(list: readonly Weighted[], k: number): Int8Array {
  const bins = binsOf(list);
  const n = bins.values.length;
  if (n <= k) return Int8Array.from(bins.values);
  // best[c][i]: least cost of the first i bins in c runs; start[c][i]: where its last run begins.
  const best = Array.from({ length: k + 1 }, () => new Float64Array(n + 1).fill(Number.POSITIVE_INFINITY));
  const start = Array.from({ length: k + 1 }, () => new Int32Array(n + 1));
  best[0][0] = 0;
  for (let c = 1; c <= k; c++) {
    for (let i = c; i <= n; i++) {
      for (let j = c - 1; j < i; j++) {
        const total = best[c - 1][j] + cost(bins, j, i);
        if (total < best[c][i]) {
          best[c][i] = total;
          start[c][i] = j;
        }
      }
    }
  }
  const palette: number[] = [];
  for (let c = k, end = n; c > 0; c--) {
    palette.push(middle(bins, start[c][end], end));
    end = start[c][end];
  }
  return Int8Array.from([...new Set(palette)].sort((a, b) => a - b));
}
