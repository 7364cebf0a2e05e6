// SPDX-License-Identifier: Apache-2.0
// Reads a link as a protocol does: so many bytes, within a time limit. Bytes that come while nobody reads are kept.
import type { Link } from './link.js';

export class ReadTimeout extends Error {}
export class LinkClosed extends Error {}

/** More than any boot loader says unasked; a board that streams noise for ever must not fill the memory. */
const mostKeptBytes = 1 << 20;

export class ByteReader {
  #kept: Uint8Array = new Uint8Array(0);
  #closed: string | undefined;
  #wake: (() => void) | undefined;

  constructor(link: Link) {
    link.onData((bytes) => {
      this.#kept = Uint8Array.from(Buffer.concat([this.#kept, bytes]).subarray(-mostKeptBytes));
      this.#wake?.();
    });
    link.onClose((reason) => {
      this.#closed = reason;
      this.#wake?.();
    });
  }

  /** Bytes that have come and were not read. */
  get waiting(): number {
    return this.#kept.length;
  }

  /** Why the link is closed; undefined while it is open. */
  get closed(): string | undefined {
    return this.#closed;
  }

  /** Throws away what has come so far and returns it, for messages. */
  discard(): Uint8Array {
    const bytes = this.#kept;
    this.#kept = new Uint8Array(0);
    return bytes;
  }

  /** Exactly `count` bytes, or ReadTimeout (bytes that came are kept), or LinkClosed with the reason. */
  async take(count: number, timeoutMs: number): Promise<Uint8Array> {
    await this.#until(() => this.#kept.length >= count, timeoutMs);
    const bytes = this.#kept.slice(0, count);
    this.#kept = this.#kept.slice(count);
    return bytes;
  }

  /** All bytes up to and with `end` (at most `mostBytes`, which end in ReadTimeout too). */
  async takeThrough(end: number, timeoutMs: number, mostBytes = mostKeptBytes): Promise<Uint8Array> {
    await this.#until(() => this.#kept.includes(end) || this.#kept.length > mostBytes, timeoutMs);
    const at = this.#kept.indexOf(end);
    if (at < 0) throw new ReadTimeout(`${this.#kept.length} bytes without an end`);
    return this.take(at + 1, 0);
  }

  async #until(enough: () => boolean, timeoutMs: number): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    while (!enough()) {
      if (this.#closed !== undefined) throw new LinkClosed(this.#closed);
      const left = deadline - performance.now();
      if (left <= 0) throw new ReadTimeout(`nothing more within ${Math.round(timeoutMs)} ms`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      this.#wake = undefined;
    }
  }
}
