// SPDX-License-Identifier: Apache-2.0
// The SAM-BA monitor as Arduino's boot loaders have it: ASCII commands that end in '#', data raw over USB and by XMODEM
// over a UART. Neither commands nor raw data carry a check sum: what matters is asked for twice or read back.
// Commands: https://github.com/arduino/ArduinoCore-samd/tree/master/bootloaders/zero (sam_ba_monitor.c)
import { ByteReader, ReadTimeout } from '../link/byteReader.js';
import type { Link } from '../link/link.js';
import { crc16 } from './crc16.js';
import { sendBytes } from './sendBytes.js';
import { receiveXmodem, sendXmodem, type XmodemPort } from './xmodem.js';

const commandTimeoutMs = 1000;
const writeTimeoutMs = 5000;
/** Over USB the monitor answers at most one packet, less one byte. */
const usbReadBytes = 63;
const syncTries = 7;

/** The boot loader answered, but not what the command asks for. */
export class SamBaRefusal extends Error {}

const hex = (value: number): string => (value >>> 0).toString(16).toUpperCase().padStart(8, '0');
const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);
const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

export class SamBaSession {
  readonly #reader: ByteReader;

  constructor(
    readonly link: Link,
    /** Data by XMODEM, as over a UART. */
    readonly xmodem: boolean,
    readonly timeScale: number,
    /** Most bytes that one command sends: what it takes to end a command that waits for data. */
    readonly mostDataBytes: number,
  ) {
    this.#reader = new ByteReader(link);
  }

  /** Takes the monitor out of whatever it is in; its answer to N# (binary mode) shows that it listens. */
  async sync(onTry: (number: number) => void = () => undefined): Promise<void> {
    for (let i = 1; ; i++) {
      onTry(i);
      try {
        if (this.xmodem && i === 1) await this.#autobaud();
        // Ends an S that waits for data; to a monitor that waits for a command these are empty commands.
        if (i > 1) await this.#say('#'.repeat(this.xmodem ? 8 : this.mostDataBytes / 2 ** (syncTries - i)));
        await this.#drain();
        await this.#say('N#');
        if (textOf(await this.#take(2)) === '\n\r') return;
      } catch (error) {
        if (!(error instanceof ReadTimeout)) throw error;
      }
      if (i === syncTries) throw new ReadTimeout(`no answer to ${syncTries} tries`);
    }
  }

  /** Over a UART the ROM finds the speed from these bytes, and ends with a prompt. Others do not mind. */
  async #autobaud(): Promise<void> {
    await sendBytes(this.link, Uint8Array.of(0x80));
    await this.#quiet();
    await sendBytes(this.link, Uint8Array.of(0x80));
    await this.#quiet();
    await this.#say('#');
    await this.#quiet();
  }

  /** Words between the brackets of the version: `Arduino:XYZ`. */
  async version(): Promise<string> {
    this.#reader.discard();
    await this.#say('V#');
    return textOf(await this.#reader.takeThrough(0x0d, this.#ms(commandTimeoutMs), 256)).trim();
  }

  async readWord(address: number): Promise<number> {
    this.#reader.discard();
    await this.#say(`w${hex(address)},4#`);
    const bytes = await this.#take(4);
    return new DataView(bytes.buffer).getUint32(0, true);
  }

  async writeWord(address: number, value: number): Promise<void> {
    await this.#say(`W${hex(address)},${hex(value)}#`);
  }

  async read(address: number, count: number): Promise<Uint8Array> {
    this.#reader.discard();
    if (this.xmodem) {
      await this.#say(`R${hex(address)},${hex(count)}#`);
      return receiveXmodem(this.#port(), count);
    }
    const parts: Uint8Array[] = [];
    for (let at = 0; at < count; at += usbReadBytes) {
      const size = Math.min(usbReadBytes, count - at);
      await this.#say(`R${hex(address + at)},${hex(size)}#`);
      parts.push(await this.#take(size));
    }
    return Uint8Array.from(Buffer.concat(parts));
  }

  /** Into RAM. */
  async write(address: number, bytes: Uint8Array): Promise<void> {
    this.#reader.discard();
    await this.#say(`S${hex(address)},${hex(bytes.length)}#`);
    if (this.xmodem) await sendXmodem(this.#port(), bytes);
    else await sendBytes(this.link, bytes);
  }

  /** Into RAM, and asked for its CRC-16 there. */
  async writeChecked(address: number, bytes: Uint8Array): Promise<void> {
    await this.write(address, bytes);
    const [found, wanted] = [await this.crc16(address, bytes.length), crc16(bytes)];
    if (found !== wanted) throw new SamBaRefusal(`the data arrived with the check sum ${found} instead of ${wanted}`);
  }

  /** Runs a program in RAM until it comes back; over a UART the monitor says when. */
  async go(address: number): Promise<void> {
    this.#reader.discard();
    await this.#say(`G${hex(address)}#`);
    if (this.xmodem) await this.#take(1, writeTimeoutMs);
  }

  /** CRC-16 that the device computes. */
  async crc16(address: number, count: number): Promise<number> {
    const found = await this.#answer(`Z${hex(address)},${hex(count)}#`, 12);
    const match = /^Z([0-9A-F]{8})#\n\r$/i.exec(found);
    if (!match) throw new SamBaRefusal(`an answer that is no check sum: ${found}`);
    return Number.parseInt(match[1], 16);
  }

  /** From RAM into erased flash. */
  async program(source: number, address: number, count: number): Promise<void> {
    for (const command of [`Y${hex(source)},0#`, `Y${hex(address)},${hex(count)}#`]) {
      const found = await this.#answer(command, 3, writeTimeoutMs);
      if (found !== 'Y\n\r') throw new SamBaRefusal(`an answer that is no yes: ${found}`);
    }
  }

  async #answer(command: string, count: number, timeoutMs = commandTimeoutMs): Promise<string> {
    this.#reader.discard();
    await this.#say(command);
    return textOf(await this.#take(count, timeoutMs));
  }

  #ms(milliseconds: number): number {
    return milliseconds * this.timeScale;
  }

  #port(): XmodemPort {
    const send = (bytes: Uint8Array) => sendBytes(this.link, bytes);
    return { reader: this.#reader, send, timeoutMs: this.#ms(commandTimeoutMs) };
  }

  async #say(text: string): Promise<void> {
    await sendBytes(this.link, ascii(text));
  }

  async #take(count: number, timeoutMs = commandTimeoutMs): Promise<Uint8Array> {
    return this.#reader.take(count, this.#ms(timeoutMs));
  }

  async #quiet(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, this.#ms(50)));
    this.#reader.discard();
  }

  async #drain(): Promise<void> {
    for (let i = 0; i < 10; i++) {
      await this.#quiet();
      if (this.#reader.waiting === 0) return;
    }
  }
}
