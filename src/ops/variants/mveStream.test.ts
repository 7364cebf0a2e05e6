// SPDX-License-Identifier: Apache-2.0
// What the coder of constants is told of Helium's streams.
import { describe, expect, it } from 'vitest';
import { piecesOf, readPieces } from '../../compress/code/pieces.js';
import { ByteStream } from './mveStream.js';

const group = (stream: ByteStream, weights: number[], bias: number[]): void => {
  stream.int8(weights.slice(0, 4));
  stream.int8(weights.slice(4));
  stream.int32(bias);
  stream.int32([70_000, -70_000]);
};

describe('a stream of weights and words', () => {
  it('is taken apart where it repeats', () => {
    const stream = new ByteStream();
    group(stream, [1, 2, 3, 4, 5, 6, 7, 8], [-300, 300]);
    group(stream, [-1, -2, -3, -4, -5, -6, -7, -8], [1, -1]);
    const { const: array } = stream.constant();
    expect(array.sections).toEqual([
      { unit: 1, words: 2 },
      { unit: 4, words: 2 },
      { unit: 4, words: 2 },
    ]);
    expect(readPieces(array.data, piecesOf(array))).toEqual([
      [1, 2, 3, 4, 5, 6, 7, 8, -1, -2, -3, -4, -5, -6, -7, -8],
      [-300, 300, 1, -1],
      [70_000, -70_000, 70_000, -70_000],
    ]);
  });

  it('is one sequence of bytes where its words are not aligned', () => {
    const odd = new ByteStream();
    group(odd, [1, 2, 3, 4, 5], [1, 2]);
    const { const: array } = odd.constant();
    expect(array.sections).toBeUndefined();
    expect(readPieces(array.data, piecesOf(array))).toEqual([Array.from(array.data, Number)]);
  });
});
