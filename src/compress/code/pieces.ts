// SPDX-License-Identifier: Apache-2.0
// What of a constant array is coded as one sequence: all of it, or elements of one meaning where an array mixes several.
import type { ConstArray, Section } from '../../ops/op.js';

/** Elements at offset + o * outerStride + i * innerStride, o < outer, i < inner; o is the slower one. */
export interface Piece {
  offset: number;
  /** Bytes of an element. */
  unit: 1 | 2 | 4;
  inner: number;
  innerStride: number;
  outer: number;
  outerStride: number;
  /** Halfwords of 256 * odd + even: coded as if the even byte had not borrowed (Section.paired). */
  paired?: true;
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
export const piecesOf = (array: ConstArray): Piece[] => allPieces(array).filter((p) => elementsOf(p) > 0);

function allPieces(array: ConstArray): Piece[] {
  const { data } = array;
  const sections = sectionsOf(array);
  const unit = data.BYTES_PER_ELEMENT as Piece['unit'];
  const period = sections?.reduce((sum, s) => sum + s.words, 0) ?? 0;
  if (!sections || unit !== wordBytes || period === 0 || data.length % period !== 0)
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
      outer: data.length / period,
      outerStride: period * wordBytes,
      ...(s.paired ? { paired: true as const } : {}),
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

/** Takes back what negative even bytes borrowed from odd ones (sign 1), or lends it again (sign -1). */
function borrow(v: DataView, piece: Piece, sign: number): void {
  for (const at of positions(piece)) {
    if ((at - piece.offset) % 2 === 0 && v.getInt8(at) < 0) v.setInt8(at + 1, v.getInt8(at + 1) + sign);
  }
}

const viewOf = (data: ConstArray['data']): DataView => new DataView(data.buffer, data.byteOffset, data.byteLength);

/** The integers of a piece. */
export function readPiece(data: ConstArray['data'], piece: Piece): number[] {
  const view = viewOf(piece.paired ? data.slice() : data);
  if (piece.paired) borrow(view, piece, 1);
  return Array.from(positions(piece), (at) => readers[piece.unit](view, at));
}

/** Puts them back, modulo the size of an element. */
export function writePiece(data: ConstArray['data'], piece: Piece, values: readonly number[]): void {
  const view = viewOf(data);
  let i = 0;
  for (const at of positions(piece)) writers[piece.unit](view, at, values[i++]);
  if (piece.paired) borrow(view, piece, -1);
}
