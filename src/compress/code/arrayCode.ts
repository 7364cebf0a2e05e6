// SPDX-License-Identifier: Apache-2.0
// One array of integers in a rANS stream, in whichever of four ways is shortest (FORMAT.md): all alike, numbers of a lattice
// in plain bits, numbers of a lattice by frequency, entries of a list by frequency.
import { fail } from '../../cli/errors.js';
import { type Frequencies, frequenciesOf, type RansDecoder, type RansEncoder, tableBits } from './rans.js';

const kindBits = 2;
const constantKind = 0;
const plainKind = 1;
const frequencyKind = 2;
const listKind = 3;

const widthBits = 6;
const countBits = 8;
const maxSymbols = 1 << countBits;
/** Entries of a list: the decoder keeps them on its stack. */
export const maxList = 32;
const frequencyWidthBits = 4;

const widthOf = (n: number): number => (n === 0 ? 0 : Math.floor(Math.log2(n)) + 1);
const zigzag = (n: number): number => (n < 0 ? -2 * n - 1 : 2 * n);
const unzigzag = (n: number): number => (n % 2 ? -(n + 1) / 2 : n / 2);

/** An integer modulo 2^32: how many bits, then they. */
function writeNumber(out: RansEncoder, value: number): void {
  const n = zigzag(value | 0);
  const width = widthOf(n);
  out.bits(width, widthBits);
  out.bits(n, width);
}

function readNumber(from: RansDecoder): number {
  const width = from.bits(widthBits);
  if (width > 32) fail('model.broken', { reason: 'its coded constants hold a number of more than 32 bits' });
  return unzigzag(from.bits(width));
}

const numberBits = (value: number): number => widthBits + widthOf(zigzag(value | 0));

const greatestDivisor = (a: number, b: number): number => {
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

function writeFrequencies(out: RansEncoder, counts: Uint16Array): void {
  for (const count of counts) {
    const width = widthOf(count);
    out.bits(width, frequencyWidthBits);
    if (width > 1) out.bits(count - 2 ** (width - 1), width - 1);
  }
}

function readFrequencies(from: RansDecoder, n: number): Frequencies {
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

const frequencyTableBits = (counts: Uint16Array): number =>
  counts.reduce((sum, c) => sum + frequencyWidthBits + Math.max(0, widthOf(c) - 1), 0);

const symbolBits = (counts: Uint16Array, occurrences: readonly number[]): number =>
  occurrences.reduce((sum, n, s) => (n === 0 ? sum : sum + n * (tableBits - Math.log2(counts[s]))), 0);

interface Way {
  bits: number;
  write(out: RansEncoder): void;
}

/** What all values have in common: value = base + step * index. */
interface Lattice {
  base: number;
  step: number;
  indices: number[];
  largest: number;
}

function latticeOf(values: readonly number[]): Lattice {
  const base = values.reduce((a, b) => Math.min(a, b), values[0]);
  const step = values.reduce((d, v) => greatestDivisor(d, v - base), 0);
  const indices = values.map((v) => (step === 0 ? 0 : (v - base) / step));
  return { base, step, indices, largest: indices.reduce((a, b) => Math.max(a, b), 0) };
}

function writeLattice(out: RansEncoder, kind: number, { base, step }: Lattice): void {
  out.bits(kind, kindBits);
  writeNumber(out, base);
  writeNumber(out, step);
}

function constantWay({ base }: Lattice): Way {
  return {
    bits: numberBits(base),
    write: (out) => {
      out.bits(constantKind, kindBits);
      writeNumber(out, base);
    },
  };
}

function plainWay(lattice: Lattice): Way {
  const { base, step, indices, largest } = lattice;
  const width = widthOf(largest);
  return {
    bits: numberBits(base) + numberBits(step) + widthBits + width * indices.length,
    write: (out) => {
      writeLattice(out, plainKind, lattice);
      out.bits(width, widthBits);
      for (const i of indices) out.bits(i, width);
    },
  };
}

function countSymbols(indices: readonly number[], n: number): number[] {
  const occurrences = new Array<number>(n).fill(0);
  for (const i of indices) occurrences[i]++;
  return occurrences;
}

/** Symbols by frequency behind a header. */
function frequencyWay(indices: readonly number[], n: number, header: Way): Way {
  const occurrences = countSymbols(indices, n);
  const counts = normalized(occurrences);
  const table = frequenciesOf(counts);
  return {
    bits: header.bits + countBits + frequencyTableBits(counts) + symbolBits(counts, occurrences),
    write: (out) => {
      header.write(out);
      writeFrequencies(out, counts);
      for (const i of indices) out.symbol(i, table);
    },
  };
}

function latticeFrequencies(lattice: Lattice): Way {
  const { base, step, indices, largest } = lattice;
  return frequencyWay(indices, largest + 1, {
    bits: numberBits(base) + numberBits(step),
    write: (out) => {
      writeLattice(out, frequencyKind, lattice);
      out.bits(largest, countBits);
    },
  });
}

function listFrequencies(values: readonly number[], list: readonly number[]): Way {
  const place = new Map(list.map((v, i) => [v, i]));
  return frequencyWay(
    values.map((v) => place.get(v) as number),
    list.length,
    {
      bits: list.reduce((sum, v) => sum + numberBits(v), 0),
      write: (out) => {
        out.bits(listKind, kindBits);
        out.bits(list.length - 1, countBits);
        for (const v of list) writeNumber(out, v);
      },
    },
  );
}

function waysOf(values: readonly number[]): Way[] {
  const lattice = latticeOf(values);
  if (lattice.largest === 0) return [constantWay(lattice)];
  const ways = [plainWay(lattice)];
  if (lattice.largest < maxSymbols) ways.push(latticeFrequencies(lattice));
  const list = [...new Set(values)].sort((a, b) => a - b);
  if (list.length <= maxList) ways.push(listFrequencies(values, list));
  return ways;
}

export function writeArray(out: RansEncoder, values: readonly number[]): void {
  waysOf(values)
    .reduce((best, way) => (way.bits < best.bits ? way : best))
    .write(out);
}

/** Values as they are read; what takes them makes them its type. */
export function readArray(from: RansDecoder, count: number): number[] {
  const kind = from.bits(kindBits);
  const all = (value: () => number): number[] => Array.from({ length: count }, value);
  if (kind === listKind) {
    const n = from.bits(countBits) + 1;
    if (n > maxList) fail('model.broken', { reason: `a list in its coded constants has ${n} entries` });
    const list = Array.from({ length: n }, () => readNumber(from));
    const table = readFrequencies(from, n);
    return all(() => list[from.symbol(table)]);
  }
  const base = readNumber(from);
  if (kind === constantKind) return all(() => base);
  const step = readNumber(from);
  if (kind === plainKind) {
    const width = from.bits(widthBits);
    if (width > 32) fail('model.broken', { reason: 'its coded constants hold numbers of more than 32 bits' });
    return all(() => base + step * from.bits(width));
  }
  const table = readFrequencies(from, from.bits(countBits) + 1);
  return all(() => base + step * from.symbol(table));
}
