// SPDX-License-Identifier: Apache-2.0
// The constant arrays of a call as one coded stream, and back.
import { fail } from '../../cli/errors.js';
import type { ConstArray } from '../../ops/op.js';
import { isAlongTrellis, readArray, writeArray } from './arrayCode.js';
import { elementsOf, piecesOf, readPieces, writePiece } from './pieces.js';
import { RansDecoder, RansEncoder } from './rans.js';

/** The constants of one call, in the order of its parameters; integers of up to 32 bits. */
export function encodeConstants(arrays: readonly ConstArray[]): Uint8Array {
  const out = new RansEncoder();
  for (const array of arrays) {
    const pieces = piecesOf(array);
    readPieces(array.data, pieces).forEach((values, i) => void writeArray(out, values, pieces[i].inner));
  }
  return out.finish();
}

/** Whether any of the sequences is coded along the trellis. */
export const useTrellis = (arrays: readonly ConstArray[]): boolean =>
  arrays.some((array) => {
    const pieces = piecesOf(array);
    return readPieces(array.data, pieces).some((values, i) => isAlongTrellis(values, pieces[i].inner));
  });

/** Fills arrays that are made of the same pieces as those that were coded; never reads past the stream, and fails where it
 *  is not one of these arrays. */
export function decodeConstants(bytes: Uint8Array, into: readonly ConstArray[], like: readonly ConstArray[]): void {
  const from = new RansDecoder(bytes);
  into.forEach(({ data }, i) => {
    for (const piece of piecesOf(like[i])) writePiece(data, piece, readArray(from, elementsOf(piece), piece.inner));
  });
  if (!from.ended) fail('model.broken', { reason: 'its coded constants do not end where they should' });
}
