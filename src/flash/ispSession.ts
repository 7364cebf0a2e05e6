// SPDX-License-Identifier: Apache-2.0
// Request and answer with the serial loader (ISP) in the ROM of a K210: SLIP frames, each operation (16 bits), 0, CRC-32 of
// what follows, address, length, data; answers are operation and code. From kflash.py (sipeed) and, for what the ROM does
// with damaged frames, https://github.com/laanwj/k210-sdk-stuff/tree/master/rom
import { crc32 } from 'node:zlib';
import { LinkClosed, ReadTimeout } from '../link/byteReader.js';
import { sendBytes } from './sendBytes.js';
import { slipEncode, slipEnd } from './slip.js';
import { Refusal, SlipSession } from './slipSession.js';
import { words } from './words.js';

export const ispOp = { greet: 0xc2, memoryWrite: 0xc3, boot: 0xc5 } as const;
export const ispPieceBytes = 1024;
const ok = 0xe0;
const writeTries = 8;
const answerTimeoutMs = 500;
const mostForeignFrames = 100;

/** In words; E4 and E5 are those of the second stages that others put into RAM. */
const codeWords: Readonly<Record<number, string>> = {
  225: 'the length of what it was sent is wrong (code E1)',
  226: 'what it was sent arrived damaged (code E2)',
  227: 'it does not know the command (code E3)',
  228: 'the flash chip could not be initialised (code E4)',
  229: 'the flash chip failed to act (code E5)',
};

export const ispCodeWords = (code: number): string => codeWords[code] ?? `code ${code.toString(16).toUpperCase()}`;

export class IspRefusal extends Refusal {
  constructor(readonly code: number) {
    super(ispCodeWords(code));
  }
}

export class IspSession extends SlipSession {
  /** Whether a greeting was answered. */
  async greet(): Promise<void> {
    await this.#send(ispOp.greet, 0);
    await this.#answer(ispOp.greet, answerTimeoutMs);
  }

  /**
   * A frame begins and ends with C0, and the ROM counts them: where one was lost it takes what lies between two frames
   * for one, until there is one C0 more.
   */
  async shift(): Promise<void> {
    await this.drain(20);
    await sendBytes(this.link, Uint8Array.of(slipEnd));
    await this.drain(20);
  }

  /** At most ispPieceBytes. Only the answer to this very command proves that it has been taken. */
  async writeMemory(address: number, bytes: Uint8Array): Promise<void> {
    for (let i = 1; ; i++) {
      try {
        await this.#send(ispOp.memoryWrite, address, bytes);
        return await this.#answer(ispOp.memoryWrite, 2 * answerTimeoutMs);
      } catch (error) {
        if (error instanceof LinkClosed || i === writeTries) throw error;
        if (i > 1) await this.shift();
        else await this.drain(20);
      }
    }
  }

  /** There is no answer: what was started may say something. */
  async boot(address: number): Promise<void> {
    await this.#send(ispOp.boot, address);
  }

  async #send(op: number, address: number, data: Uint8Array = new Uint8Array(0)): Promise<void> {
    this.discard();
    const body = Buffer.concat([words(address, data.length), data]);
    await sendBytes(this.link, slipEncode(Buffer.concat([words(op, crc32(body)), body])));
  }

  async #answer(op: number, timeoutMs: number): Promise<void> {
    const deadline = performance.now() + this.ms(timeoutMs);
    for (let i = 0; i < mostForeignFrames; i++) {
      const frame = await this.frame((deadline - performance.now()) / this.timeScale);
      if (frame.length < 2 || frame[0] !== op) continue;
      if (frame[1] === ok) return;
      throw new IspRefusal(frame[1]);
    }
    throw new ReadTimeout(`${mostForeignFrames} frames came, none of them the answer`);
  }
}
