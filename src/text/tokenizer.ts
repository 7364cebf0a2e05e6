// SPDX-License-Identifier: Apache-2.0
// The tokenizer files of llama2.c (https://github.com/karpathy/llama2.c, tokenizer.py `export`, run.c `build_tokenizer`): the
// longest word as int32, then for each token a float32 score, an int32 length and the bytes. Texts become tokens by byte pair
// encoding: of all neighbours that make a word, those with the best score are joined first.
import { fail } from '../cli/errors.js';

export interface Tokenizer {
  /** Begins with the token that begins a text. */
  encode(text: string): number[];
  /** The bytes that a token adds to a text; the first word of a text has no space before it. */
  bytesOf(token: number, before: number): Uint8Array;
}

/** Tokens that llama2.c has by number: a text begins, a text ends, and 256 bytes (run.c `encode`). */
export const beginToken = 1;
export const endToken = 2;
const firstByteToken = 3;
/** Longer prompts would take minutes to join, and no context holds them. */
const maxPromptBytes = 65_536;

interface Words {
  /** Bytes as characters 0 to 255. */
  words: string[];
  scores: Float64Array;
}

const latin = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');

function readWords(bytes: Uint8Array, vocabulary: number, path: string): Words {
  const wrong = (reason: string): never => fail('text.tokenizer', { path, reason });
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  // A token takes eight bytes at least: a vocabulary that the file cannot hold is refused before anything is made for it.
  if (bytes.length < 4 + 8 * vocabulary) wrong(`${bytes.length} bytes cannot hold ${vocabulary} tokens`);
  const longest = view.getInt32(0, true);
  const words: string[] = [];
  const scores = new Float64Array(vocabulary);
  let at = 4;
  for (let token = 0; token < vocabulary; token++) {
    if (at + 8 > bytes.length) wrong(`it ends after ${token} of ${vocabulary} tokens`);
    const [score, length] = [view.getFloat32(at, true), view.getInt32(at + 4, true)];
    at += 8;
    if (length < 0 || length > longest || at + length > bytes.length)
      wrong(`token ${token} has a length of ${length} bytes`);
    if (!Number.isFinite(score)) wrong(`token ${token} has no finite score`);
    words.push(latin(bytes.subarray(at, at + length)));
    scores[token] = score;
    at += length;
  }
  if (at !== bytes.length) wrong(`${bytes.length - at} bytes follow its ${vocabulary} tokens`);
  return { words, scores };
}

/** Tokens of the characters of the text one by one; of characters that are no word, their bytes. */
function characterTokens(text: string, tokenOf: ReadonlyMap<string, number>, vocabulary: number): number[] {
  return [...text].flatMap((character) => {
    const bytes = Buffer.from(character, 'utf8');
    const word = tokenOf.get(bytes.toString('latin1'));
    if (word !== undefined) return [word];
    if (firstByteToken + 256 > vocabulary)
      fail('text.prompt', { reason: `the tokenizer has no word for '${character}' and none for bytes` });
    return [...bytes].map((b) => firstByteToken + b);
  });
}

/** Joins the best neighbours until none are left, the first of equals first. */
function join(tokens: number[], { words, scores }: Words, tokenOf: ReadonlyMap<string, number>): number[] {
  const list = [...tokens];
  const joined = (i: number): number => tokenOf.get(words[list[i]] + words[list[i + 1]]) ?? -1;
  const pairs = list.slice(1).map((_, i) => joined(i));
  for (;;) {
    let best = -1;
    for (let i = 0; i < pairs.length; i++)
      if (pairs[i] >= 0 && (best < 0 || scores[pairs[i]] > scores[pairs[best]])) best = i;
    if (best < 0) return list;
    list.splice(best, 2, pairs[best]);
    pairs.splice(best, 1);
    if (best > 0) pairs[best - 1] = joined(best - 1);
    if (best < pairs.length) pairs[best] = joined(best);
  }
}

/** The tokenizer of a model with so many tokens; `path` names the file in errors. */
export function readTokenizer(bytes: Uint8Array, vocabulary: number, path: string): Tokenizer {
  const table = readWords(bytes, vocabulary, path);
  const { words } = table;
  const tokenOf = new Map<string, number>();
  words.forEach((word, token) => {
    if (!tokenOf.has(word)) tokenOf.set(word, token);
  });
  return {
    encode(text) {
      const size = Buffer.byteLength(text);
      if (size > maxPromptBytes) fail('text.prompt', { reason: `it has ${size} bytes, more than ${maxPromptBytes}` });
      // sentencepiece puts a space before a text.
      const space = text === '' ? undefined : tokenOf.get(' ');
      const characters = characterTokens(text, tokenOf, vocabulary);
      return [beginToken, ...join([...(space === undefined ? [] : [space]), ...characters], table, tokenOf)];
    },
    bytesOf(token, before) {
      const word = words[token] ?? '';
      const byte = /^<0x([0-9A-Fa-f]{2})>$/.exec(word);
      if (byte) return Uint8Array.of(Number.parseInt(byte[1], 16));
      return Buffer.from(before === beginToken && word.startsWith(' ') ? word.slice(1) : word, 'latin1');
    },
  };
}
