// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { byteWords, tokenizerBytes } from '../model/testing/checkpoint.js';
import { beginToken, readTokenizer, type Tokenizer } from './tokenizer.js';

const words = [...byteWords, ' ', 'a', 'b', 'c', 'é', 'ab', 'bc', ' a', 'abc'].map((w) =>
  Buffer.from(w, 'utf8').toString('latin1'),
);
const file = tokenizerBytes(words);
const tokenizer = readTokenizer(file, words.length, 'words.bin');
const tokensOf = (...list: string[]): number[] => list.map((w) => words.indexOf(Buffer.from(w).toString('latin1')));

const decode = (t: Tokenizer, tokens: readonly number[]): string =>
  Buffer.concat(tokens.slice(1).map((token, i) => t.bytesOf(token, tokens[i]))).toString('utf8');

describe('readTokenizer', () => {
  it('joins the neighbours with the best score first', () => {
    // 'ab' goes before 'bc', so 'bc' finds no 'b' any more; ' ' stands before the text.
    expect(tokenizer.encode('bc')).toEqual([beginToken, ...tokensOf(' ', 'bc')]);
    expect(tokenizer.encode('babc')).toEqual([beginToken, ...tokensOf(' ', 'b', 'abc')]);
    expect(tokenizer.encode('a')).toEqual([beginToken, ...tokensOf(' a')]);
    expect(tokenizer.encode('')).toEqual([beginToken]);
  });

  it('writes a character without a word as its bytes', () => {
    expect(tokenizer.encode('€')).toEqual([beginToken, ...tokensOf(' '), 3 + 0xe2, 3 + 0x82, 3 + 0xac]);
    expect(tokenizer.encode('é')).toEqual([beginToken, ...tokensOf(' ', 'é')]);
  });

  it('gives back every text that it was given', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'abc é€\n😀<0x41>') }), (text) => {
        expect(decode(tokenizer, tokenizer.encode(text))).toBe(text);
      }),
    );
  });

  it('takes the space away only at the beginning', () => {
    const [space] = tokensOf(' a');
    expect(decode(tokenizer, [beginToken, space, space])).toBe('a a');
  });
});

describe('odd tokenizers end in one sentence', () => {
  const outcome = (bytes: Uint8Array, vocabulary = words.length): string => {
    try {
      readTokenizer(bytes, vocabulary, 'words.bin');
      return 'read';
    } catch (error) {
      return (error as Error).message;
    }
  };
  const changed = (at: number, value: number): Uint8Array => {
    const copy = file.slice();
    new DataView(copy.buffer).setInt32(at, value, true);
    return copy;
  };
  it.each([
    ['empty', new Uint8Array(0), words.length, /0 bytes cannot hold/],
    ['cut', file.subarray(0, file.length - 1), words.length, /token 267 has a length of 3/],
    ['cut between tokens', file.subarray(0, file.length - 11), words.length, /it ends after 267 of 268/],
    ['longer', Uint8Array.of(...file, 0), words.length, /1 bytes follow/],
    ['of a smaller model', file, words.length - 1, /11 bytes follow its 267 tokens/],
    ['of a vast model', file, 2 ** 31, /cannot hold 2147483648 tokens/],
    ['with a vast length', changed(8, 2 ** 31 - 1), words.length, /token 0 has a length of 2147483647/],
    ['with a negative length', changed(8, -1), words.length, /token 0 has a length of -1/],
    ['with a score that is no number', changed(4, 0x7fc00000), words.length, /token 0 has no finite score/],
  ])('%s', (_, bytes, vocabulary, expected) => {
    expect(outcome(bytes, vocabulary)).toMatch(expected);
  });

  it('never throws anything but an error of the list', () => {
    fc.assert(
      fc.property(fc.nat(file.length - 1), fc.nat(255), fc.nat(file.length), (at, value, length) => {
        const copy = file.slice(0, length);
        if (at < copy.length) copy[at] = value;
        expect(outcome(copy)).toMatch(/^read$|is not the tokenizer of this model/);
      }),
    );
  });
});
