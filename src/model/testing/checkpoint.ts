// SPDX-License-Identifier: Apache-2.0
// Small language models and tokenizers in the files of llama2.c, for tests.
import { xorshift32 } from '../../xorshift.js';

export interface CheckpointShape {
  width: number;
  hidden: number;
  layers: number;
  heads: number;
  kvHeads: number;
  vocabulary: number;
  context: number;
  /** The classifier is a matrix of its own. */
  separate?: boolean;
}

export const smallShape: CheckpointShape = {
  width: 16,
  hidden: 20,
  layers: 2,
  heads: 4,
  kvHeads: 2,
  vocabulary: 40,
  context: 24,
};

/** The seven numbers that such a file begins with. */
export const headerInts = (s: CheckpointShape): Int32Array =>
  Int32Array.of(s.width, s.hidden, s.layers, s.heads, s.kvHeads, s.separate ? -s.vocabulary : s.vocabulary, s.context);

/** Pseudo-random weights; those of norms are near 1. */
export function checkpointBytes(s: CheckpointShape, seed = 1): Uint8Array {
  const next = xorshift32(seed);
  const kept = (s.width / s.heads) * s.kvHeads;
  const floats: number[] = [];
  const add = (count: number, columns: number): void => {
    for (let i = 0; i < count; i++) {
      const even = next() / 2 ** 31 - 1;
      floats.push(columns ? even * Math.sqrt(3 / columns) : 1 + even / 4);
    }
  };
  add(s.vocabulary * s.width, 3);
  add(s.layers * s.width, 0);
  for (const rows of [s.width, kept, kept, s.width]) add(s.layers * rows * s.width, s.width);
  add(s.layers * s.width, 0);
  add(s.layers * s.hidden * s.width, s.width);
  add(s.layers * s.width * s.hidden, s.hidden);
  add(s.layers * s.hidden * s.width, s.width);
  add(s.width, 0);
  add((s.context * s.width) / s.heads, 1);
  if (s.separate) add(s.vocabulary * s.width, 1);
  const header = new Uint8Array(headerInts(s).buffer);
  const body = new Uint8Array(Float32Array.from(floats).buffer);
  return Uint8Array.from([...header, ...body]);
}

/** A tokenizer of these words, all characters 0 to 255; the later a word, the lower its score. */
export function tokenizerBytes(words: readonly string[]): Uint8Array {
  const longest = Math.max(...words.map((w) => w.length));
  const out = [...new Uint8Array(Int32Array.of(longest).buffer)];
  words.forEach((word, i) => {
    out.push(...new Uint8Array(Float32Array.of(-i).buffer), ...new Uint8Array(Int32Array.of(word.length).buffer));
    out.push(...Buffer.from(word, 'latin1'));
  });
  return Uint8Array.from(out);
}

/** `<unk>`, begin, end, and 256 bytes, as every tokenizer of llama2.c begins. */
export const byteWords: readonly string[] = [
  '<unk>',
  '\n<s>\n',
  '\n</s>\n',
  ...Array.from({ length: 256 }, (_, b) => `<0x${b.toString(16).toUpperCase().padStart(2, '0')}>`),
];
