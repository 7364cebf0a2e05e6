// SPDX-License-Identifier: Apache-2.0
// Words that follow from their neighbours (SectionForm), taken apart before coding and put together after decoding: in
// place, and exactly, or not at all.
import type { SectionForm } from '../../ops/op.js';

/** As mote/coded.h numbers them. */
export const formCodes: Readonly<Record<SectionForm, number>> = { borrowed: 1, sums: 2, rounds: 3, columns: 4 };

/** One period of a piece: where it begins, and how many elements of it there are how far apart. */
export interface Run {
  at: number;
  inner: number;
  innerStride: number;
}

interface Form {
  takeApart(v: DataView, run: Run): void;
  putTogether(v: DataView, run: Run): void;
}

const word = (v: DataView, at: number): number => v.getInt32(at, true);
const setWord = (v: DataView, at: number, value: number): void => v.setInt32(at, value | 0, true);
const wordBytes = 4;

/** Sign 1 takes back what negative even bytes borrowed from odd ones, -1 lends it again. */
const borrow =
  (sign: number) =>
  (v: DataView, { at, inner }: Run): void => {
    for (let i = at; i < at + inner; i += 2) if (v.getInt8(i) < 0) v.setInt8(i + 1, v.getInt8(i + 1) + sign);
  };

const eachPair = ({ at, inner }: Run, visit: (first: number, second: number) => void): void => {
  for (let i = 0; i + 1 < inner; i += 2) visit(at + wordBytes * i, at + wordBytes * (i + 1));
};

/** The place of each shift; the word before it is the rounding. */
const eachShift = ({ at, inner, innerStride }: Run, visit: (shiftAt: number) => void): void => {
  for (let i = 0; i < inner; i++) visit(at + i * innerStride);
};

const half = (shift: number): number => 2 ** ((shift - 1) & 31);

/** Bytes of `columns` that are stored, of three words each. */
const columnTaps = 3;

const forms: Readonly<Record<SectionForm, Form>> = {
  borrowed: { takeApart: borrow(1), putTogether: borrow(-1) },
  sums: {
    takeApart: (v, run) => eachPair(run, (a, b) => setWord(v, b, (word(v, b) - word(v, a)) >> 8)),
    putTogether: (v, run) => eachPair(run, (a, b) => setWord(v, b, (word(v, b) << 8) + word(v, a))),
  },
  rounds: {
    takeApart: (v, run) =>
      eachShift(run, (at) => {
        const s = word(v, at);
        setWord(v, at - wordBytes, (word(v, at - wordBytes) - half(s)) >> (s & 31));
      }),
    putTogether: (v, run) =>
      eachShift(run, (at) => {
        const s = word(v, at);
        setWord(v, at - wordBytes, half(s) + (word(v, at - wordBytes) << (s & 31)));
      }),
  },
  // Of each word bytes 0, 1, 3 move up to those before.
  columns: {
    takeApart: (v, { at, inner }) => {
      for (let k = 0; k < inner / columnTaps; k++)
        [0, 1, 3].forEach((byte, i) => void v.setInt8(at + columnTaps * k + i, v.getInt8(at + wordBytes * k + byte)));
    },
    putTogether: (v, { at, inner }) => {
      for (let k = inner / columnTaps - 1; k >= 0; k--)
        [2, 1, 1, 0].forEach(
          (i, byte) => void v.setInt8(at + wordBytes * k + 3 - byte, v.getInt8(at + columnTaps * k + i)),
        );
    },
  },
};

export const formOf = (form: SectionForm): Form => forms[form];
