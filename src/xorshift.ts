// SPDX-License-Identifier: Apache-2.0

/** Pseudo-random 32-bit numbers (Marsaglia, "Xorshift RNGs", 2003), so that the same input gives the same bytes. */
export function xorshift32(seed: number): () => number {
  let s = seed | 0 || 1;
  return () => {
    s ^= s << 13;
    s ^= s >>> 17;
    s ^= s << 5;
    return s >>> 0;
  };
}
