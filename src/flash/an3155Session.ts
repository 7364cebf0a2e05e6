// SPDX-License-Identifier: Apache-2.0
// A conversation with the USART boot loader of STM32 and GD32 (ST AN3155): synchronisation, commands, retries. What it
// never sends: write protection, readout protection and their removal (0x63, 0x73, 0x82, 0x92).
import { fail } from '../cli/errors.js';
import { ByteReader, LinkClosed, ReadTimeout } from '../link/byteReader.js';
import type { FlashRequest } from './flashMemory.js';
import { sendBytes } from './sendBytes.js';

export const command = {
  get: 0x00,
  getId: 0x02,
  getGdId: 0x06,
  read: 0x11,
  go: 0x21,
  write: 0x31,
  erase: 0x43,
  extendedErase: 0x44,
} as const;

const SYNC = 0x7f;
const ACK = 0x79;
const NACK = 0x1f;
const BUSY = 0x76;

/** Milliseconds, as stm32flash has them (stm32.c): an answer, a block written, a page erased. */
export const limitMs = { answer: 500, write: 1000, erasePage: 5000 } as const;
const quietMs = 50;
const pokeMs = 100;
const pokeBytes = 16;
const syncTries = 7;
const tries = 4;
/** The longest frame that the boot loader may be waiting for the rest of: a WRITE. */
const longestFrame = 258;
/** Frames that name what is erased or written are no longer than this. */
const longestHead = 8;
/** Fewer stray bytes than this while synchronising are noise, more are a program that talks. */
const leastTalk = 8;

/** The boot loader said no, or something that is no answer. */
export class Refused extends Error {
  constructor(
    readonly what: string,
    /** Refused with the command byte: the command as such is not allowed now. */
    readonly atCommand: boolean,
  ) {
    super(`${what} was refused`);
  }
}
class Garbled extends Error {}

export class An3155Session {
  readonly #reader: ByteReader;
  /** Sent since the last answer: what the boot loader may have got in part. */
  #frame: number[] = [];

  constructor(
    readonly request: FlashRequest,
    /** Resets the board into its boot loader. */
    readonly enter: (() => Promise<void>) | undefined,
  ) {
    this.#reader = new ByteReader(request.link);
  }

  get #scale(): number {
    return this.request.timeScale ?? 1;
  }

  /** Finds the boot loader, or says what is there instead. */
  async synchronise(): Promise<void> {
    const talk: number[] = [];
    for (let n = 1; n <= syncTries; n++) {
      if (this.request.signal?.aborted) fail('flash.interrupted', { state: '; nothing was erased' });
      if (n > 1) this.request.onStep?.(`waiting for the boot loader (try ${n} of ${syncTries})`);
      await this.enter?.();
      await this.#pause(quietMs);
      talk.push(...this.#reader.discard());
      if (await this.#sayHello(talk)) return;
    }
    const { name } = this.request.link;
    if (talk.length >= leastTalk) fail('flash.running', { port: name, talk: printable(talk) });
    const help = 'set BOOT0 high and reset the board; check that RX and TX are crossed and ground is connected';
    fail('flash.silent', { board: name, reason: `no answer to ${syncTries} tries`, help });
  }

  /** One 0x7F. A NACK is as good as an ACK: the boot loader was synchronised before and held half a command. */
  async #sayHello(talk: number[]): Promise<boolean> {
    try {
      await this.#send([SYNC]);
      const [answer] = await this.#reader.take(1, limitMs.answer * this.#scale);
      if (answer === ACK || answer === NACK) return await this.#isThere();
      talk.push(answer);
    } catch (error) {
      if (!(error instanceof ReadTimeout)) throw error;
    }
    return false;
  }

  /** Whether GET is answered as it should be: noise and programs may contain an ACK too. */
  async #isThere(): Promise<boolean> {
    try {
      await this.#pause(quietMs);
      await this.#getOnce();
      return true;
    } catch (error) {
      if (error instanceof LinkClosed || !isProtocolError(error)) throw error;
      return false;
    }
  }

  /** Version and commands of the boot loader. The answer has no checksum, so it is asked for until two are equal. */
  async get(): Promise<{ version: number; commands: number[] }> {
    const [version, ...commands] = await this.#twice('GET', () => this.#getOnce());
    return { version, commands };
  }

  async #getOnce(): Promise<Uint8Array> {
    await this.command(command.get);
    const [last] = await this.take(1);
    const bytes = await this.take(last + 1);
    await this.acknowledged('GET');
    if (!bytes.subarray(1).includes(command.get)) throw new Garbled('GET names no commands');
    return bytes;
  }

  async productId(): Promise<number> {
    const [high, low] = await this.#twice('GET ID', async () => {
      await this.command(command.getId);
      const [last] = await this.take(1);
      const bytes = await this.take(last + 1);
      await this.acknowledged('GET ID');
      return bytes;
    });
    return (high << 8) | low;
  }

  async gdId(): Promise<string> {
    const bytes = await this.#twice('GET GD ID', async () => {
      await this.command(command.getGdId);
      const text = await this.take(4);
      await this.acknowledged('GET GD ID');
      return text;
    });
    return printable([...bytes]);
  }

  async #twice(what: string, ask: () => Promise<Uint8Array>): Promise<Uint8Array> {
    let before = await this.retry(what, ask);
    for (let n = 0; n < tries; n++) {
      const now = await this.retry(what, ask);
      if (Buffer.compare(now, before) === 0) return now;
      before = now;
    }
    return this.#givenUp(what, new Garbled('its answers differ'));
  }

  /** Does `attempt` until it succeeds; between two attempts the boot loader is brought back to waiting for a command. */
  async retry<T>(what: string, attempt: (n: number) => Promise<T>): Promise<T> {
    for (let n = 1; ; n++) {
      try {
        return await attempt(n);
      } catch (error) {
        if (!isProtocolError(error)) throw error;
        if (n === tries) return this.#givenUp(what, error);
        await this.#recover(what, error);
      }
    }
  }

  #givenUp(what: string, error: Error): never {
    if (error instanceof Refused && error.atCommand) throw error;
    const { name } = this.request.link;
    if (error instanceof ReadTimeout) fail('flash.silent', { board: name, reason: `${what} (${error.message})` });
    return fail('flash.refused', { board: name, what, reason: `${tries} tries, the last: ${error.message}` });
  }

  /** The command byte and its complement. */
  async command(code: number): Promise<void> {
    this.#reader.discard();
    this.#frame = [];
    await this.#send([code, code ^ 0xff]);
    await this.acknowledged(`command 0x${code.toString(16).padStart(2, '0')}`, limitMs.answer, true);
  }

  /** Bytes with their XOR behind them, and the answer. */
  async checked(what: string, bytes: readonly number[] | Uint8Array, answerMs: number = limitMs.answer): Promise<void> {
    await this.#send([...bytes, Uint8Array.from(bytes).reduce((x, b) => x ^ b, 0)]);
    await this.acknowledged(what, answerMs);
  }

  address(what: string, address: number): Promise<void> {
    return this.checked(what, [address >>> 24, (address >>> 16) & 0xff, (address >>> 8) & 0xff, address & 0xff]);
  }

  /** The length of a READ: its complement stands for the XOR. */
  async length(count: number): Promise<void> {
    await this.#send([count - 1, (count - 1) ^ 0xff]);
    await this.acknowledged('the length of a READ');
  }

  async acknowledged(what: string, answerMs: number = limitMs.answer, atCommand = false): Promise<void> {
    for (;;) {
      const [answer] = await this.#reader.take(1, answerMs * this.#scale);
      if (answer === BUSY) continue;
      if (answer === NACK) throw new Refused(what, atCommand);
      if (answer !== ACK) throw new Garbled(`${what} was answered by 0x${answer.toString(16).padStart(2, '0')}`);
      this.#frame = [];
      return;
    }
  }

  take(count: number, extraMs = 0): Promise<Uint8Array> {
    return this.#reader.take(count, (limitMs.answer + extraMs) * this.#scale);
  }

  /** Nothing may follow a complete answer: it would be the rest of one that was misread. */
  expectSilence(what: string): void {
    if (this.#reader.waiting > 0) throw new Garbled(`${what} was answered by too many bytes`);
  }

  async #send(bytes: readonly number[]): Promise<void> {
    this.#frame.push(...bytes);
    await sendBytes(this.request.link, Uint8Array.from(bytes));
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, ms * this.#scale));
  }

  /** Whether the boot loader, rather than a program that it started, has the chip. */
  async isStillThere(): Promise<boolean> {
    return (await this.#poke()) && (await this.#isThere());
  }

  /**
   * Back to waiting for a command, from whatever the boot loader is in: half a command, the middle of a frame of which
   * bytes were lost, or a reset.
   */
  async #recover(what: string, error: Error): Promise<void> {
    this.request.onStep?.(`${what}: ${error.message}; again`);
    for (let n = 0; n < tries; n++) {
      // A reset by the lines is surer than all words, but the boot loader needs a second for it.
      if (n > 0) await this.enter?.();
      await this.#pause(quietMs);
      this.#reader.discard();
      if (await this.isStillThere()) return;
    }
    const reason = `${what}: ${error.message}, and it could not be brought back`;
    fail('flash.silent', { board: this.request.link.name, reason, help: 'reset the board and flash again' });
  }

  /**
   * Fills up a frame that lacks bytes so that its check fails. 0x7F comes first because after a reset it is the only
   * byte that is answered; but where the frame holds that very byte, it might be the one that was lost, and would make
   * the check succeed: then another byte. Zeros after it keep the XOR as it is.
   */
  async #poke(): Promise<boolean> {
    const first = safeFiller(this.#frame);
    this.#frame = [];
    for (let sent = 0; sent < longestHead; sent++)
      if (await this.#answers([sent === 0 ? first : 0], pokeMs)) return true;
    for (let sent = longestHead; sent < longestFrame; sent += pokeBytes) {
      if (await this.#answers(new Array<number>(pokeBytes).fill(0), quietMs)) break;
    }
    // Somewhere in those the frame ended, and pairs of zeros were refused since: is the boot loader amid a pair?
    await this.#pause(quietMs);
    this.#reader.discard();
    return (await this.#answers([0], pokeMs)) || (await this.#answers([0], pokeMs));
  }

  async #answers(bytes: readonly number[], ms: number): Promise<boolean> {
    await this.#send(bytes);
    try {
      const [answer] = await this.#reader.take(1, ms * this.#scale);
      return answer === ACK || answer === NACK;
    } catch (error) {
      if (error instanceof ReadTimeout) return false;
      throw error;
    }
  }
}

/** Complements of the command bytes that change something: after half a command they would complete it. */
const unsafe = new Set(
  [0x63, 0x73, 0x82, 0x92, command.go, command.write, command.erase, command.extendedErase].map((c) => c ^ 0xff),
);

/** A byte that, in place of one that was lost of `frame`, makes its XOR wrong. */
export function safeFiller(frame: readonly number[]): number {
  // The data of a WRITE go to the right place, whatever completes them, and are verified: there the reset matters more.
  if (frame.length > longestHead) return SYNC;
  const held = new Set(frame);
  for (let step = 0; step < 256; step++) {
    const byte = (SYNC + step) & 0xff;
    if (!held.has(byte) && byte !== 0 && !unsafe.has(byte)) return byte;
  }
  return SYNC;
}

function isProtocolError(error: unknown): error is Error {
  return error instanceof ReadTimeout || error instanceof Refused || error instanceof Garbled;
}

/** The end of what was heard, for a message. */
function printable(bytes: readonly number[]): string {
  const tail = bytes.slice(-40);
  return String.fromCharCode(...tail.map((b) => (b >= 0x20 && b < 0x7f ? b : 0x2e)));
}
