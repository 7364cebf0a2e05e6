// SPDX-License-Identifier: Apache-2.0
// What integers cost in the coder's tables, by how often they came.
import { tableBits } from '../code/rans.js';

export const largestCode = 127;

/** The coder's tables have so many slots, and each integer that occurs at all takes one (code/rans.ts). */
const slots = 2 ** tableBits;

/** Bits of each integer from -127 on by how often it came, and a guess for those that did not; rare ones pay for the slot
 *  that they keep from the others. */
export function bitsOfCounts(counts: Float64Array): Float64Array {
  const share = (i: number): number => counts[i] + 0.3 / (1 + (i - largestCode) ** 2);
  let total = 0;
  for (let i = 0; i < counts.length; i++) total += share(i);
  const slot = total / slots;
  return counts.map((_, i) => {
    const own = share(i);
    return Math.log2(total / Math.max(own, slot)) + (Math.max(0, slot - own) * Math.LOG2E) / Math.max(1, own);
  });
}
