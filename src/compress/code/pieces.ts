// SPDX-License-Identifier: Apache-2.0
// What of a constant array is coded as one sequence: all of it, or elements of one meaning where an array mixes several.
import type { ConstArray, Section, SectionForm } from '../../ops/op.js';
import { formOf } from './forms.js';

/** Elements at offset + o * outerStride + i * innerStride, o < outer, i < inner; o is the slower one. */
export interface Piece {
  offset: number;
  /** Bytes of an element. */
  unit: 1 | 2 | 4;
  inner: number;
  innerStride: number;
  outer: number;
  outerStride: number;
  /** What is coded was taken apart so; it is put together again behind this piece. */
  form?: SectionForm;
}

const wordBytes = 4;

export const elementsOf = ({ inner, outer }: Piece): number => inner * outer;

/** Rows of a few words that say different things, as bias, multiplier and shift of a channel. */
const mostFields = 4;

function sectionsOf({ sections, shape, dtype }: ConstArray): readonly Section[] | undefined {
  const words = shape[1];
  if (sections || dtype !== 'int32' || shape.length !== 2 || words < 2 || words > mostFields) return sections;
  return [{ words, unit: 4, fields: words }];
}

/** The sequences of an array; none of nothing. */
export const piecesOf = (array: ConstArray): Piece[] =>
  allPieces(array)
    .filter((p) => elementsOf(p) > 0)
    .map(({ form, ...piece }) => {
      if (form === undefined) return piece;
      const formed = { ...formedPiece(form, piece), form };
      return holds(array.data, formed) ? formed : piece;
    });

/** Of `columns` three of four bytes are left. */
const formedPiece = (form: SectionForm, piece: Piece): Piece =>
  form === 'columns' ? { ...piece, inner: (piece.inner / 4) * 3 } : piece;

function allPieces(array: ConstArray): Piece[] {
  const { data } = array;
  const sections = sectionsOf(array);
  const unit = data.BYTES_PER_ELEMENT as Piece['unit'];
  const period = wordBytes * (sections?.reduce((sum, s) => sum + s.words, 0) ?? 0);
  if (!sections || unit === 2 || period === 0 || data.byteLength % period !== 0)
    return [{ offset: 0, unit, inner: data.length, innerStride: unit, outer: 1, outerStride: 0 }];
  let start = 0;
  return sections.flatMap((s): Piece[] => {
    const first = start;
    start += s.words * wordBytes;
    const fields = s.fields ?? 1;
    const inner = (s.words * wordBytes) / s.unit / fields;
    return Array.from({ length: fields }, (_, f) => ({
      offset: first + f * s.unit,
      unit: s.unit,
      inner,
      innerStride: fields * s.unit,
      outer: data.byteLength / period,
      outerStride: period,
      // Rounds are made of what comes in the last two fields.
      ...(s.form && (s.form !== 'rounds' || f === fields - 1) ? { form: s.form } : {}),
    }));
  });
}

const readers: Readonly<Record<Piece['unit'], (v: DataView, at: number) => number>> = {
  1: (v, at) => v.getInt8(at),
  2: (v, at) => v.getInt16(at, true),
  4: (v, at) => v.getInt32(at, true),
};
const writers: Readonly<Record<Piece['unit'], (v: DataView, at: number, value: number) => void>> = {
  1: (v, at, value) => v.setInt8(at, value),
  2: (v, at, value) => v.setInt16(at, value, true),
  4: (v, at, value) => v.setInt32(at, value, true),
};

/** Byte positions in coded order. */
function* positions({ offset, inner, innerStride, outer, outerStride }: Piece): Generator<number> {
  for (let o = 0; o < outer; o++) for (let i = 0; i < inner; i++) yield offset + o * outerStride + i * innerStride;
}

const viewOf = (data: ConstArray['data']): DataView => new DataView(data.buffer, data.byteOffset, data.byteLength);

function eachRun(view: DataView, piece: Piece, way: 'takeApart' | 'putTogether'): void {
  if (!piece.form) return;
  const form = formOf(piece.form);
  for (let o = 0; o < piece.outer; o++) form[way](view, { ...piece, at: piece.offset + o * piece.outerStride });
}

/** Whether the words really follow from each other so. */
function holds(data: ConstArray['data'], piece: Piece): boolean {
  const copy = data.slice();
  eachRun(viewOf(copy), piece, 'takeApart');
  eachRun(viewOf(copy), piece, 'putTogether');
  return copy.every((v, i) => v === data[i]);
}

/** The integers of all pieces of an array. */
export function readPieces(data: ConstArray['data'], pieces: readonly Piece[]): number[][] {
  const view = viewOf(data.slice());
  for (const piece of pieces) eachRun(view, piece, 'takeApart');
  return pieces.map((piece) => Array.from(positions(piece), (at) => readers[piece.unit](view, at)));
}

/** Puts those of one back, modulo the size of an element; all before it are there already. */
export function writePiece(data: ConstArray['data'], piece: Piece, values: readonly number[]): void {
  const view = viewOf(data);
  let i = 0;
  for (const at of positions(piece)) writers[piece.unit](view, at, values[i++]);
  eachRun(view, piece, 'putTogether');
}
