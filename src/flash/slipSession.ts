// SPDX-License-Identifier: Apache-2.0
// SLIP frames over a link, with time limits that scale, and a memory of what was heard.
import { ByteReader, ReadTimeout } from '../link/byteReader.js';
import type { Link } from '../link/link.js';
import { slipDecode, slipEnd } from './slip.js';

const mostHeardBytes = 4096;
const mostFrameBytes = 1 << 16;

/** The chip answered, and the answer is no. */
export class Refusal extends Error {}

export class SlipSession {
  readonly #reader: ByteReader;
  /** The last bytes that came, answers or not: what explains why there was no answer. */
  heard: Uint8Array = new Uint8Array(0);

  constructor(
    readonly link: Link,
    readonly timeScale: number,
  ) {
    this.#reader = new ByteReader(link);
  }

  ms(milliseconds: number): number {
    return milliseconds * this.timeScale;
  }

  async pause(milliseconds: number): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, this.ms(milliseconds)));
  }

  /** What has come and was not read. */
  discard(): Uint8Array {
    return this.#keep(this.#reader.discard());
  }

  #keep(bytes: Uint8Array): Uint8Array {
    this.heard = Uint8Array.from(Buffer.concat([this.heard, bytes]).subarray(-mostHeardBytes));
    return bytes;
  }

  /** Waits until the line has been quiet for a while; at most ten times as long. */
  async drain(quietMs = 50): Promise<void> {
    for (let i = 0; i < 10; i++) {
      this.discard();
      await this.pause(quietMs);
      if (this.#reader.waiting === 0) return;
    }
  }

  /** The next whole frame; noise and damaged frames are passed over. */
  async frame(timeoutMs: number): Promise<Uint8Array> {
    const deadline = performance.now() + this.ms(timeoutMs);
    for (;;) {
      const left = Math.max(deadline - performance.now(), 0);
      const bytes = await this.#reader.takeThrough(slipEnd, left, mostFrameBytes).catch((error: unknown) => {
        // A stream without any end byte is thrown away, so that it cannot fill the memory.
        if (error instanceof ReadTimeout && this.#reader.waiting > mostFrameBytes) this.discard();
        throw error;
      });
      const body = slipDecode(this.#keep(bytes).subarray(0, -1));
      if (body !== undefined && body.length > 0) return body;
    }
  }
}
