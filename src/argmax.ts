// SPDX-License-Identifier: Apache-2.0

/** Index of the largest element; the first of equals. */
export function argmax(data: ArrayLike<number | bigint>): number {
  let best = 0;
  for (let i = 1; i < data.length; i++) if (data[i] > data[best]) best = i;
  return best;
}
