// SPDX-License-Identifier: Apache-2.0
// What of a console is shown, logged and kept.
import { ConsoleText, type Piece } from './consoleText.js';
import { LineStamps, secondsStamp } from './lineStamps.js';

export interface ScreenOptions {
  /** Seconds since the start before each line. */
  stamps: boolean;
  /** All bytes in hexadecimal. */
  hex: boolean;
  show(text: string): void;
  nowMs?: () => number;
}

/** Of what came, kept to be searched and for the answer. */
const mostKeptLetters = 1 << 20;
const rowBytes = 16;

export class Screen {
  readonly #text = new ConsoleText();
  readonly #stamps: LineStamps;
  readonly #options: ScreenOptions;
  #heard = '';

  constructor(options: ScreenOptions) {
    const { stamps, nowMs = () => performance.now() } = options;
    const start = nowMs();
    this.#options = options;
    this.#stamps = new LineStamps(() => (stamps ? secondsStamp(nowMs() - start) : ''));
  }

  /** What was shown of the board's bytes, notices left out. */
  get heard(): string {
    return this.#heard;
  }

  bytes(bytes: Uint8Array): void {
    this.#pieces(this.#options.hex ? hexRows(bytes) : this.#text.push(bytes));
  }

  /** Nothing came for a while. */
  quiet(): void {
    if (!this.#options.hex) this.#pieces(this.#text.flush());
  }

  notice(words: string): void {
    this.quiet();
    this.#options.show(this.#stamps.line(`-- ${words}`));
  }

  end(): void {
    this.quiet();
    this.#options.show(this.#stamps.end());
  }

  #pieces(pieces: readonly Piece[]): void {
    if (pieces.length === 0) return;
    const shown = this.#stamps.add(pieces);
    this.#heard = (this.#heard + shown).slice(-mostKeptLetters);
    this.#options.show(shown);
  }
}

const hexRows = (bytes: Uint8Array): Piece[] =>
  Array.from({ length: Math.ceil(bytes.length / rowBytes) }, (_, i) => ({
    kind: 'text',
    text: `${Array.from(bytes.subarray(i * rowBytes, (i + 1) * rowBytes), (b) => b.toString(16).padStart(2, '0')).join(' ')}\n`,
  }));
