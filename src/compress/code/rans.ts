// SPDX-License-Identifier: Apache-2.0
// A range variant of asymmetric numeral systems (rANS, arXiv:1311.2540): one 32-bit state, 16-bit words. Symbols with any
// table of frequencies and plain bits mix freely in one stream, and cost what they carry. What is written last is read
// first, so the encoder keeps a list and turns it around.
import { fail } from '../../cli/errors.js';

/** The state stays in [2^16, 2^32). */
const lowest = 2 ** 16;
const wordBits = 16;
/** Frequencies of a table sum to 2^tableBits. */
export const tableBits = 8;

/** Frequencies and where each symbol's range begins. */
export interface Frequencies {
  counts: Uint16Array;
  starts: Uint16Array;
}

export function frequenciesOf(counts: Uint16Array): Frequencies {
  const starts = new Uint16Array(counts.length);
  for (let s = 1; s < counts.length; s++) starts[s] = starts[s - 1] + counts[s - 1];
  return { counts, starts };
}

interface Piece {
  count: number;
  start: number;
  bits: number;
}

export class RansEncoder {
  readonly #pieces: Piece[] = [];

  symbol(s: number, { counts, starts }: Frequencies): void {
    this.#pieces.push({ count: counts[s], start: starts[s], bits: tableBits });
  }

  /** An integer of up to 32 bits as it is, low half first. */
  bits(value: number, count: number): void {
    const low = Math.min(count, wordBits);
    if (low > 0) this.#pieces.push({ count: 1, start: value % 2 ** low, bits: low });
    if (count > low) this.bits(Math.floor(value / 2 ** low), count - low);
  }

  finish(): Uint8Array {
    const words: number[] = [];
    let state = lowest;
    for (let i = this.#pieces.length - 1; i >= 0; i--) {
      const { count, start, bits } = this.#pieces[i];
      if (state >= (lowest / 2 ** bits) * count * 2 ** wordBits) {
        words.push(state % lowest);
        state = Math.floor(state / lowest);
      }
      state = Math.floor(state / count) * 2 ** bits + (state % count) + start;
    }
    words.push(state % lowest, Math.floor(state / lowest));
    const out = new Uint8Array(2 * words.length);
    words.reverse().forEach((w, i) => {
      out[2 * i] = w & 255;
      out[2 * i + 1] = w >> 8;
    });
    // The decoder takes zeros where the stream has ended.
    let end = out.length;
    while (end > 0 && out[end - 1] === 0) end--;
    return out.slice(0, end);
  }
}

export class RansDecoder {
  readonly #bytes: Uint8Array;
  #at = 0;
  #state: number;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    const high = this.#word();
    this.#state = high * lowest + this.#word();
  }

  #byte(): number {
    return this.#at < this.#bytes.length ? this.#bytes[this.#at++] : 0;
  }

  #word(): number {
    const low = this.#byte();
    return low + 256 * this.#byte();
  }

  #take(state: number): void {
    this.#state = state < lowest ? state * lowest + this.#word() : state;
  }

  bits(count: number): number {
    const low = Math.min(count, wordBits);
    const value = this.#state % 2 ** low;
    this.#take(Math.floor(this.#state / 2 ** low));
    return count > low ? value + 2 ** low * this.bits(count - low) : value;
  }

  symbol({ counts, starts }: Frequencies): number {
    const slot = this.#state % 2 ** tableBits;
    let s = 0;
    while (s < counts.length && !(slot >= starts[s] && slot < starts[s] + counts[s])) s++;
    if (s === counts.length) fail('model.broken', { reason: 'a table of frequencies in its coded constants has gaps' });
    this.#take(counts[s] * Math.floor(this.#state / 2 ** tableBits) + slot - starts[s]);
    return s;
  }

  /** Whether the stream ended where it should: nothing left, and the state as the encoder began. */
  get ended(): boolean {
    return this.#at >= this.#bytes.length && this.#state === lowest;
  }
}
