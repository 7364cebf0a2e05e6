// SPDX-License-Identifier: Apache-2.0
// Test only: a SAM D21 (256 kB of flash, 32 kB of RAM) that shows Arduino's SAM-BA monitor: raw as over USB, or with XMODEM
// as over a UART. Written from the monitor's command list and the SAM D21 data sheet.
import type { Link } from '../../link/link.js';
import { type FarEnd, memoryLink } from '../../link/memoryLink.js';
import { crc16 } from '../crc16.js';
import { RomFlash } from './romFlash.js';
import type { FlashRecord, Range, TestBoard } from './testBoard.js';
import { XmodemReceiver, XmodemSender } from './xmodemDevice.js';

export interface VirtualSamBaOptions {
  transfer?: 'raw' | 'xmodem';
  deviceId?: number;
  version?: string;
  /**
   * Whether the host sent this command. Commands carry no check sum, so one that was damaged on the line may do anything;
   * what it does to the flash is kept in `damage` and not in `record`.
   */
  wasSent?: (command: string) => boolean;
}

export const samd21FlashBytes = 256 * 1024;
const rowBytes = 256;
const ramStart = 0x20000000;
const ramBytes = 32 * 1024;
const nvmctrl = 0x41004000;
const mostCommandBytes = 64;

type Mode = 'command' | 'raw' | 'receive' | 'send' | 'program';

export class VirtualSamBa implements TestBoard {
  readonly link: Link;
  readonly flash: RomFlash;
  readonly damage: Range[] = [];
  readonly #far: FarEnd;
  readonly #options: VirtualSamBaOptions;
  readonly #ram = new Uint8Array(ramBytes);
  readonly #registers = new Map<number, number>();
  #mode: Mode = 'command';
  #terminal: boolean;
  #text = '';
  #raw: { address: number; left: number } = { address: 0, left: 0 };
  #receiver: XmodemReceiver | undefined;
  #sender: XmodemSender | undefined;
  #source = 0;
  #refuseNext = false;
  #trusted = true;

  constructor(options: VirtualSamBaOptions = {}) {
    this.#options = options;
    this.#terminal = options.transfer === 'xmodem';
    const rows = Array.from({ length: samd21FlashBytes / rowBytes }, (_, i) => ({
      address: i * rowBytes,
      bytes: rowBytes,
    }));
    this.flash = new RomFlash(rows);
    this.flash.cells.fill(0xa5);
    this.#registers.set(0x41002018, options.deviceId ?? 0x10010305);
    this.#registers.set(0xe000ed00, 0x410cc601);
    const { near, far } = memoryLink('virtual-samd21');
    this.link = near;
    this.#far = far;
    far.onData((bytes) => this.#onBytes(bytes));
  }

  get record(): FlashRecord {
    return this.flash.record;
  }

  get mode(): Mode {
    return this.#mode;
  }

  content(address: number, count: number): Uint8Array {
    return this.flash.read(address, count);
  }

  say(bytes: Uint8Array): void {
    this.#far.send(bytes);
  }

  refuseNext(): void {
    this.#refuseNext = true;
  }

  reset(): void {
    this.#mode = 'command';
    this.#text = '';
    this.#terminal = this.#options.transfer === 'xmodem';
    this.#ram.fill(0);
  }

  runProgram(output: Uint8Array): void {
    this.#mode = 'program';
    this.#far.send(output);
  }

  unplug(): void {
    this.#far.break('unplugged');
  }

  #say(text: string): void {
    this.#far.send(Uint8Array.from(Buffer.from(text, 'latin1')));
  }

  #onBytes(bytes: Uint8Array): void {
    for (const byte of bytes) this.#onByte(byte);
  }

  #onByte(byte: number): void {
    if (this.#mode === 'program') return;
    if (this.#mode === 'raw') {
      this.#poke(this.#raw.address++, byte);
      if (--this.#raw.left === 0) this.#mode = 'command';
    } else if (this.#mode === 'receive') this.#stepReceiver(byte);
    else if (this.#mode === 'send') this.#stepSender(byte);
    else if (byte === 0x23) this.#command();
    else this.#text = (this.#text + String.fromCharCode(byte)).slice(-mostCommandBytes);
  }

  #stepReceiver(byte: number): void {
    const { reply, data, done, aborted } = this.#receiver?.take(byte) ?? { aborted: true };
    for (const value of data ?? []) if (this.#raw.left-- > 0) this.#poke(this.#raw.address++, value);
    if (reply) this.#far.send(reply);
    if (done || aborted) this.#mode = 'command';
  }

  #stepSender(byte: number): void {
    const { reply, done } = this.#sender?.take(byte) ?? { done: true };
    if (reply) this.#far.send(reply);
    if (done) this.#mode = 'command';
  }

  #command(): void {
    const [text, terminal] = [this.#text, this.#terminal];
    this.#text = '';
    const match = /([A-Za-z])([0-9A-Fa-f]{0,8})(?:,([0-9A-Fa-f]{0,8}))?$/.exec(text);
    if (this.#refuseNext) {
      this.#refuseNext = false;
      return;
    }
    if (match) {
      this.#trusted = this.#options.wasSent?.(match[0]) ?? true;
      this.#run(match[1], Number.parseInt(match[2] || '0', 16), Number.parseInt(match[3] || '0', 16));
    }
    if (terminal && this.#terminal) this.#say('\n\r>');
  }

  #run(name: string, first: number, second: number): void {
    const acts: Record<string, () => void> = {
      N: () => {
        this.#terminal = false;
        this.#say('\n\r');
      },
      V: () => this.#say(`${this.#options.version ?? 'v2.0 [Arduino:XYZ] Mar 19 2018 09:45:14'}\n\r`),
      w: () => this.#far.send(this.#peek(first, 4)),
      W: () => this.#writeWord(first, second),
      o: () => this.#far.send(this.#peek(first, 1)),
      O: () => this.#poke(first, second & 0xff),
      R: () => this.#startSending(first, second),
      S: () => this.#startReceiving(first, second),
      X: () => this.#eraseFrom(first),
      Y: () => this.#program(first, second),
      Z: () => {
        const sum = crc16(this.#peek(first, Math.min(second, samd21FlashBytes)));
        this.#say(`Z${sum.toString(16).toUpperCase().padStart(8, '0')}#\n\r`);
      },
    };
    acts[name]?.();
  }

  #startSending(address: number, count: number): void {
    const bytes = this.#peek(address, Math.min(count, samd21FlashBytes));
    if (this.#options.transfer !== 'xmodem') {
      this.#far.send(bytes);
      return;
    }
    this.#sender = new XmodemSender(bytes);
    this.#mode = 'send';
  }

  #startReceiving(address: number, count: number): void {
    if (count === 0) return;
    this.#raw = { address, left: count };
    if (this.#options.transfer !== 'xmodem') {
      this.#mode = 'raw';
      return;
    }
    this.#receiver = new XmodemReceiver();
    this.#mode = 'receive';
    this.#say('C');
  }

  #peek(address: number, count: number): Uint8Array {
    if (this.flash.holds(address, count)) return this.flash.read(address, count);
    if (address >= ramStart && address + count <= ramStart + ramBytes)
      return this.#ram.slice(address - ramStart, address - ramStart + count);
    const word = Uint32Array.of(address === nvmctrl + 0x14 ? 1 : (this.#registers.get(address) ?? 0));
    return Uint8Array.from({ length: count }, (_, i) => new Uint8Array(word.buffer)[i] ?? 0);
  }

  /** Flash does not take plain stores of a byte; RAM does. */
  #poke(address: number, byte: number): void {
    if (address >= ramStart && address < ramStart + ramBytes) this.#ram[address - ramStart] = byte;
  }

  #writeWord(address: number, value: number): void {
    new Uint8Array(Uint32Array.of(value).buffer).forEach((byte, i) => void this.#poke(address + i, byte));
    this.#registers.set(address, value);
    if (address === nvmctrl && value === 0xa502) this.#eraseRow(2 * (this.#registers.get(nvmctrl + 0x1c) ?? 0));
    if (address === nvmctrl && (value === 0xa505 || value === 0xa506)) this.record.forbidden.push('the auxiliary row');
    if (address === 0xe000ed0c && value === 0x05fa0004) this.#mode = 'program';
  }

  #eraseRow(address: number): void {
    const row = Math.floor(address / rowBytes) * rowBytes;
    if (this.flash.holds(row, rowBytes)) this.#apart(() => this.flash.erase({ address: row, bytes: rowBytes }));
  }

  #eraseFrom(address: number): void {
    for (let row = address; row < samd21FlashBytes; row += rowBytes) this.#eraseRow(row);
    this.#say('X\n\r');
  }

  #program(address: number, count: number): void {
    if (count === 0) this.#source = address;
    else if (this.flash.holds(address, count) && count <= 4096)
      this.#apart(() => this.flash.write(address, this.#peek(this.#source, count)));
    this.#say('Y\n\r');
  }

  /** Keeps what a damaged command does out of the record. */
  #apart(act: () => void): void {
    const { erased, written } = this.record;
    const [before, after] = [erased.length, written.length];
    act();
    if (!this.#trusted) this.damage.push(...erased.splice(before), ...written.splice(after));
  }
}
