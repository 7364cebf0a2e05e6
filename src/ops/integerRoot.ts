// SPDX-License-Identifier: Apache-2.0
// One over the square root of an integer of 64 bits: the twin of runtime-c/include/mote/integerroot.h.

/** floor(sqrt(x)) for x < 2^64. */
function integerRoot(x: bigint): bigint {
  let root = BigInt(Math.floor(Math.sqrt(Number(x))));
  while (root * root > x) root--;
  while ((root + 1n) * (root + 1n) <= x) root++;
  return root;
}

/** d -> d / sqrt(x) as Q1.30. */
export function timesInverseRoot(x: bigint): (d: number) => number {
  if (x === 0n) return () => 0;
  let half = 0n;
  let wide = x;
  while (wide >> 62n === 0n) {
    wide <<= 2n;
    half++;
  }
  const factor = (1n << 62n) / integerRoot(wide);
  const total = 32n - half;
  return (d) => Number((BigInt(d) * factor + (1n << (total - 1n))) >> total);
}
