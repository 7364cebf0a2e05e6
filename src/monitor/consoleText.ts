// SPDX-License-Identifier: Apache-2.0
// A console's bytes as pieces to show: text, and between 00 and 00 the firmware's frames (runtime-c/firmware/PROTOCOL.md).
import { FRAME_LIMIT_BYTES } from '../device/protocol.js';
import { decodeFrame } from '../link/frame.js';
import { frameText } from './frameText.js';
import { Printable } from './printable.js';

export interface Piece {
  /** A frame stands on a line of its own; text goes on where the last one ended. */
  kind: 'text' | 'frame';
  text: string;
}

/** Takes any cut of the stream. */
export class ConsoleText {
  readonly #printable = new Printable();
  /** What came after a 00 and may be a frame; undefined in text. */
  #frame: number[] | undefined;

  push(bytes: Uint8Array): Piece[] {
    const pieces: Piece[] = [];
    const say = (text: string) => {
      const last = pieces.at(-1);
      if (text === '') return;
      if (last?.kind === 'text') last.text += text;
      else pieces.push({ kind: 'text', text });
    };
    let textFrom = 0;
    for (let i = 0; i < bytes.length; i++) {
      if (this.#frame === undefined) {
        if (bytes[i] !== 0) continue;
        say(this.#printable.push(bytes.subarray(textFrom, i)));
        this.#frame = [];
      } else if (bytes[i] !== 0) {
        this.#frame.push(bytes[i]);
        if (this.#frame.length > FRAME_LIMIT_BYTES) say(this.#giveUp());
      } else if (this.#frame.length > 0) {
        const payload = decodeFrame(Uint8Array.from(this.#frame));
        if (payload) {
          pieces.push({ kind: 'frame', text: frameText(payload) });
          this.#frame = undefined;
        } else {
          // Noise up to here; this 00 may begin the real one.
          say(this.#giveUp());
          this.#frame = [];
        }
      }
      textFrom = i + 1;
    }
    if (this.#frame === undefined) say(this.#printable.push(bytes.subarray(textFrom)));
    return pieces;
  }

  /** Nothing came for a while: what was held back was no frame and no character. */
  flush(): Piece[] {
    const text = (this.#frame === undefined ? '' : this.#giveUp()) + this.#printable.flush();
    return text === '' ? [] : [{ kind: 'text', text }];
  }

  #giveUp(): string {
    const bytes = Uint8Array.from([0, ...(this.#frame ?? [])]);
    this.#frame = undefined;
    return this.#printable.flush() + this.#printable.push(bytes);
  }
}
