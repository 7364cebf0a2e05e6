// SPDX-License-Identifier: Apache-2.0
// Pieces of a console as a stream of text: each line with its time where that is wanted, notices and frames on lines of
// their own.
import type { Piece } from './consoleText.js';

export class LineStamps {
  #atStart = true;
  /** `stamp` gives what stands before a line that begins now. */
  constructor(private readonly stamp: () => string) {}

  add(pieces: readonly Piece[]): string {
    return pieces.map((p) => (p.kind === 'frame' ? this.line(`[${p.text}]`) : this.#text(p.text))).join('');
  }

  /** A whole line. */
  line(text: string): string {
    return `${this.end()}${this.stamp()}${text}\n`;
  }

  /** Ends the line that is open. */
  end(): string {
    const open = !this.#atStart;
    this.#atStart = true;
    return open ? '\n' : '';
  }

  #text(text: string): string {
    let out = '';
    for (const part of text.split(/(?<=\n)/)) {
      if (part === '') continue;
      out += this.#atStart ? this.stamp() + part : part;
      this.#atStart = part.endsWith('\n');
    }
    return out;
  }
}

/** Seconds since the start: `[   12.345] `. */
export const secondsStamp = (ms: number): string => `[${(ms / 1000).toFixed(3).padStart(9)}] `;
