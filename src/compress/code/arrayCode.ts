// SPDX-License-Identifier: Apache-2.0
// One array of integers in a rANS stream, in whichever of five ways is shortest (FORMAT.md): all alike, numbers of a lattice
// in plain bits, numbers of a lattice by frequency, entries of a list by frequency, multiples along a trellis.
import { fail } from '../../cli/errors.js';
import { frequenciesOf, type RansDecoder, type RansEncoder } from './rans.js';
import {
  countSymbols,
  frequencyTableBits,
  greatestDivisor,
  kindBits,
  normalized,
  numberBits,
  readFrequencies,
  readNumber,
  symbolBits,
  type Way,
  widthBits,
  widthOf,
  writeFrequencies,
  writeNumber,
} from './symbols.js';
import { readTrellis, trellisKind, trellisWay } from './trellisCode.js';

const constantKind = 0;
const plainKind = 1;
const frequencyKind = 2;
const listKind = 3;

const countBits = 8;
const maxSymbols = 1 << countBits;
/** Entries of a list: the decoder keeps them on its stack. */
export const maxList = 32;

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

function waysOf(values: readonly number[], period: number): Way[] {
  const lattice = latticeOf(values);
  if (lattice.largest === 0) return [constantWay(lattice)];
  const ways = [plainWay(lattice)];
  if (lattice.largest < maxSymbols) ways.push(latticeFrequencies(lattice));
  const list = [...new Set(values)].sort((a, b) => a - b);
  if (list.length <= maxList) ways.push(listFrequencies(values, list));
  const trellis = trellisWay(values, period);
  return trellis ? [...ways, trellis] : ways;
}

const shortest = (values: readonly number[], period: number): Way =>
  waysOf(values, period).reduce((best, way) => (way.bits < best.bits ? way : best));

export const isAlongTrellis = (values: readonly number[], period: number): boolean =>
  shortest(values, period).kind === trellisKind;

/** `period`: after so many numbers the array begins anew (Piece.inner). */
export function writeArray(out: RansEncoder, values: readonly number[], period: number): void {
  shortest(values, period).write(out);
}

/** Values as they are read; what takes them makes them its type. */
export function readArray(from: RansDecoder, count: number, period: number): number[] {
  const kind = from.bits(kindBits);
  const all = (value: () => number): number[] => Array.from({ length: count }, value);
  if (kind === listKind) {
    const n = from.bits(countBits) + 1;
    if (n > maxList) fail('model.broken', { reason: `a list in its coded constants has ${n} entries` });
    const list = Array.from({ length: n }, () => readNumber(from));
    const table = readFrequencies(from, n);
    return all(() => list[from.symbol(table)]);
  }
  if (kind === trellisKind) return readTrellis(from, count, period);
  if (kind > trellisKind)
    fail('model.broken', { reason: `its coded constants hold a sequence of unknown kind ${kind}` });
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
