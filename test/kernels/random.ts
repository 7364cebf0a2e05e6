// SPDX-License-Identifier: Apache-2.0
// Reproducible random numbers for the kernel tests; MOTE_SEED repeats a run.

export interface Random {
  /** Integer in [min, max]. */
  int(min: number, max: number): number;
  /** Real number in [min, max). */
  real(min: number, max: number): number;
  pick<T>(values: readonly T[]): T;
  chance(probability: number): boolean;
}

/** The seed of this run: MOTE_SEED, or the clock. */
export const runSeed = (): number => Number(process.env.MOTE_SEED ?? Date.now() % 1_000_000);

/** mulberry32 (Tommy Ettinger, 2017). */
export function randomOf(seed: number): Random {
  let state = seed | 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const int = (min: number, max: number): number => min + Math.floor(next() * (max - min + 1));
  return {
    int,
    real: (min, max) => min + next() * (max - min),
    pick: (values) => values[int(0, values.length - 1)],
    chance: (probability) => next() < probability,
  };
}
