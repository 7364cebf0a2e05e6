// SPDX-License-Identifier: Apache-2.0
// What sequences in a rANS stream are made of (FORMAT.md): numbers, and tables of frequencies with what symbols cost by them.
import { fail } from '../../cli/errors.js';
import { type Frequencies, frequenciesOf, type RansDecoder, type RansEncoder, tableBits } from './rans.js';

/** Of the number that says how a sequence is written. */
export const kindBits = 3;

export const widthBits = 6;
const frequencyWidthBits = 4;

export const widthOf = (n: number): number => (n === 0 ? 0 : Math.floor(Math.log2(n)) + 1);
const zigzag = (n: number): number => (n < 0 ? -2 * n - 1 : 2 * n);
const unzigzag = (n: number): number => (n % 2 ? -(n + 1) / 2 : n / 2);

/** An integer modulo 2^32: how many bits, then they. */
export function writeNumber(out: RansEncoder, value: number): void {
  const n = zigzag(value | 0);
  const width = widthOf(n);
  out.bits(width, widthBits);
  out.bits(n, width);
}

export function readNumber(from: RansDecoder): number {
  const width = from.bits(widthBits);
  if (width > 32) fail('model.broken', { reason: 'its coded constants hold a number of more than 32 bits' });
  return unzigzag(from.bits(width));
}

export const numberBits = (value: number): number => widthBits + widthOf(zigzag(value | 0));

export const greatestDivisor = (a: number, b: number): number => {
  let [x, y] = [a, b];
  while (y > 0) [x, y] = [y, x % y];
  return x;
};

/** Shares of 2^tableBits as near to the numbers as whole ones come; none that occurs is 0. */
export function normalized(occurrences: readonly number[]): Uint16Array {
  const total = occurrences.reduce((a, b) => a + b, 0);
  const size = 2 ** tableBits;
  const shares = occurrences.map((n) => (n === 0 ? 0 : Math.max(1, Math.round((n / total) * size))));
  let sum = shares.reduce((a, b) => a + b, 0);
  while (sum !== size) {
    // The step that costs the fewest bits, one at a time.
    const step = Math.sign(size - sum);
    let best = -1;
    let least = Number.POSITIVE_INFINITY;
    shares.forEach((share, i) => {
      if (share === 0 || share + step < 1) return;
      const cost = occurrences[i] * Math.log2(share / (share + step));
      if (cost < least) [best, least] = [i, cost];
    });
    shares[best] += step;
    sum += step;
  }
  return Uint16Array.from(shares);
}

export function writeFrequencies(out: RansEncoder, counts: Uint16Array): void {
  for (const count of counts) {
    const width = widthOf(count);
    out.bits(width, frequencyWidthBits);
    if (width > 1) out.bits(count - 2 ** (width - 1), width - 1);
  }
}

export function readFrequencies(from: RansDecoder, n: number): Frequencies {
  const counts = Uint16Array.from({ length: n }, () => {
    const width = from.bits(frequencyWidthBits);
    if (width > tableBits + 1) fail('model.broken', { reason: 'a frequency in its coded constants is too large' });
    return width > 1 ? 2 ** (width - 1) + from.bits(width - 1) : width;
  });
  const sum = counts.reduce((a, b) => a + b, 0);
  if (sum !== 2 ** tableBits)
    fail('model.broken', { reason: `frequencies in its coded constants sum to ${sum}, not ${2 ** tableBits}` });
  return frequenciesOf(counts);
}

export const frequencyTableBits = (counts: Uint16Array): number =>
  counts.reduce((sum, c) => sum + frequencyWidthBits + Math.max(0, widthOf(c) - 1), 0);

export const symbolBits = (counts: Uint16Array, occurrences: readonly number[]): number =>
  occurrences.reduce((sum, n, s) => (n === 0 ? sum : sum + n * (tableBits - Math.log2(counts[s]))), 0);

/** A way to write a sequence. */
export interface Way {
  kind?: number;
  bits: number;
  write(out: RansEncoder): void;
}

export function countSymbols(indices: readonly number[], n: number): number[] {
  const occurrences = new Array<number>(n).fill(0);
  for (const i of indices) occurrences[i]++;
  return occurrences;
}
