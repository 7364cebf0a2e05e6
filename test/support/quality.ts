// SPDX-License-Identifier: Apache-2.0

/** Signal-to-noise ratio of `got` against `expected`, in dB. */
export function snrDb(expected: readonly ArrayLike<number>[], got: readonly ArrayLike<number>[]): number {
  let signal = 0;
  let noise = 0;
  expected.forEach((e, k) => {
    for (let i = 0; i < e.length; i++) {
      signal += e[i] ** 2;
      noise += (e[i] - got[k][i]) ** 2;
    }
  });
  return 10 * Math.log10(signal / noise);
}

/** Largest difference relative to the largest magnitude of the expected outputs. */
export function relativeError(expected: ArrayLike<number>, got: ArrayLike<number>): number {
  let largest = 0;
  let worst = 0;
  for (let i = 0; i < expected.length; i++) {
    largest = Math.max(largest, Math.abs(expected[i]));
    worst = Math.max(worst, Math.abs(expected[i] - got[i]));
  }
  return worst / largest;
}
