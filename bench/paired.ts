// SPDX-License-Identifier: Apache-2.0
// Two models judged on the same samples: what they share says nothing of which is better, so only samples that one of them
// alone gets right count (McNemar's test, in its exact form).

export interface Paired {
  /** Samples that only the first gets right, and only the second. */
  first: number;
  second: number;
  /** How likely two equal models differ by as much or more. */
  chance: number;
}

/** Share of the 2^n outcomes of n even bets in which at most k are won. */
function atMost(k: number, n: number): number {
  let [ways, sum] = [1, 0];
  for (let i = 0; i <= k; i++) {
    sum += ways;
    ways = (ways * (n - i)) / (i + 1);
  }
  return sum / 2 ** n;
}

export function paired(first: readonly boolean[], second: readonly boolean[]): Paired {
  const only = (a: readonly boolean[], b: readonly boolean[]): number => a.filter((right, i) => right && !b[i]).length;
  const counts = { first: only(first, second), second: only(second, first) };
  const n = counts.first + counts.second;
  return { ...counts, chance: Math.min(1, 2 * atMost(Math.min(counts.first, counts.second), n)) };
}
