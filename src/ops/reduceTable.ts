// SPDX-License-Identifier: Apache-2.0
// Reductions over some axes, one row each: what the C kernel mote_<op>_<type>__ref does in row-major order of what is
// reduced. Mean is a file of its own (mean.ts). To add one: see README.md.

const f = Math.fround;

export interface Fold {
  start: number;
  step(sum: number, x: number): number;
}

export interface ReduceRow {
  op: string;
  types: Partial<Record<'f32' | 's32' | 's16' | 's8', Fold>>;
  /** int8 and int16: the sum of a function of input - zero point, which is rescaled with the input's scale to a power. */
  scaled?: {
    term(x: number): number;
    power: 1 | 2;
    /** The longest sums that fit 32 bits, and of int16 47 bits. */
    maxCount: Readonly<Record<'int8' | 'int16', number>>;
  };
}

const lowest = -(2 ** 31);
// biome-ignore lint/complexity/useMathMinMax: NaN and -0 come out as in C
const larger = (a: number, b: number): number => (b > a ? b : a);
// biome-ignore lint/complexity/useMathMinMax: NaN and -0 come out as in C
const smaller = (a: number, b: number): number => (b < a ? b : a);

export const reduceTable: readonly ReduceRow[] = [
  {
    op: 'sum',
    types: { f32: { start: 0, step: (s, x) => f(s + x) }, s32: { start: 0, step: (s, x) => (s + x) | 0 } },
    scaled: { term: (x) => x, power: 1, maxCount: { int8: 2 ** 23, int16: 2 ** 31 } },
  },
  {
    op: 'sumSquare',
    types: { f32: { start: 0, step: (s, x) => f(s + f(x * x)) } },
    scaled: { term: (x) => x * x, power: 2, maxCount: { int8: 2 ** 15, int16: 2 ** 16 } },
  },
  {
    op: 'sumAbs',
    types: { f32: { start: 0, step: (s, x) => f(s + Math.abs(x)) } },
    scaled: { term: Math.abs, power: 1, maxCount: { int8: 2 ** 23, int16: 2 ** 31 } },
  },
  { op: 'product', types: { f32: { start: 1, step: (s, x) => f(s * x) }, s32: { start: 1, step: Math.imul } } },
  {
    op: 'reduceMax',
    types: {
      f32: { start: Number.NEGATIVE_INFINITY, step: larger },
      s32: { start: lowest, step: larger },
      s16: { start: -32768, step: larger },
      s8: { start: -128, step: larger },
    },
  },
  {
    op: 'reduceMin',
    types: {
      f32: { start: Number.POSITIVE_INFINITY, step: smaller },
      s32: { start: -(lowest + 1), step: smaller },
      s16: { start: 32767, step: smaller },
      s8: { start: 127, step: smaller },
    },
  },
];
