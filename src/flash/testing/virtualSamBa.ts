// SPDX-License-Identifier: Apache-2.0
// Test only: a SAM D21 or an nRF52840 that shows Arduino's SAM-BA monitor: raw as over USB, or with XMODEM as over a UART.
// The parser is as forgiving as the one in Arduino's sources: any letter begins another command, and what has come so far
// stays. https://github.com/arduino/ArduinoCore-samd/blob/master/bootloaders/zero/sam_ba_monitor.c
import type { Link } from '../../link/link.js';
import { type FarEnd, memoryLink } from '../../link/memoryLink.js';
import { crc16 } from '../crc16.js';
import { Nrf52840Chip } from './nrf52840Chip.js';
import type { RomFlash } from './romFlash.js';
import { BusFault, type SamBaChipModel } from './samBaChip.js';
import { Samd21Chip } from './samd21Chip.js';
import type { FlashRecord, TestBoard } from './testBoard.js';
import { XmodemReceiver, XmodemSender } from './xmodemDevice.js';

export interface VirtualSamBaOptions {
  chip?: 'samd21' | 'nrf52840';
  transfer?: 'raw' | 'xmodem';
  deviceId?: number;
  version?: string;
}

const mostAnswerBytes = 1 << 20;

type Mode = 'command' | 'raw' | 'receive' | 'send' | 'program' | 'dead';

export class VirtualSamBa implements TestBoard {
  readonly link: Link;
  readonly chip: SamBaChipModel;
  readonly #far: FarEnd;
  readonly #options: VirtualSamBaOptions;
  #mode: Mode = 'command';
  #terminal: boolean;
  #command = 'z';
  #pointer = 0;
  #number = 0;
  #left = 0;
  #receiver: XmodemReceiver | undefined;
  #sender: XmodemSender | undefined;
  #source = 0;
  #refuseNext = false;

  constructor(options: VirtualSamBaOptions = {}) {
    this.#options = options;
    this.#terminal = options.transfer === 'xmodem';
    this.chip = options.chip === 'nrf52840' ? new Nrf52840Chip() : new Samd21Chip(options.deviceId);
    const { near, far } = memoryLink(`virtual-${options.chip ?? 'samd21'}`);
    this.link = near;
    this.#far = far;
    far.onData((bytes) => this.#onBytes(bytes));
  }

  get flash(): RomFlash {
    return this.chip.flash;
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
    this.chip.reset();
    this.#mode = 'command';
    this.#terminal = this.#options.transfer === 'xmodem';
    this.#forget();
  }

  runProgram(output: Uint8Array): void {
    this.#mode = 'program';
    this.#far.send(output);
  }

  unplug(): void {
    this.#far.break('unplugged');
  }

  #forget(): void {
    this.#command = 'z';
    this.#number = 0;
  }

  #say(text: string): void {
    this.#far.send(Uint8Array.from(Buffer.from(text, 'latin1')));
  }

  #onBytes(bytes: Uint8Array): void {
    try {
      for (const byte of bytes) this.#onByte(byte);
    } catch (error) {
      if (!(error instanceof BusFault)) throw error;
      this.#mode = 'dead';
    }
  }

  #onByte(byte: number): void {
    if (this.#mode === 'program' || this.#mode === 'dead') return;
    if (this.#mode === 'raw') this.#take(byte);
    else if (this.#mode === 'receive') this.#stepReceiver(byte);
    else if (this.#mode === 'send') this.#stepSender(byte);
    else this.#parse(byte);
  }

  #take(byte: number): void {
    if (this.#left <= 0) return;
    this.chip.write(this.#pointer++, 1, byte);
    if (--this.#left === 0 && this.#mode === 'raw') this.#mode = 'command';
  }

  #stepReceiver(byte: number): void {
    const { reply, data, done, aborted } = this.#receiver?.take(byte) ?? { aborted: true };
    for (const value of data ?? []) this.#take(value);
    if (reply) this.#far.send(reply);
    if (done || aborted) this.#mode = 'command';
  }

  #stepSender(byte: number): void {
    const { reply, done } = this.#sender?.take(byte) ?? { done: true };
    if (reply) this.#far.send(reply);
    if (done) this.#mode = 'command';
  }

  #parse(byte: number): void {
    const letter = String.fromCharCode(byte);
    if (byte === 0xff) return;
    if (letter === '#') this.#execute();
    else if (/[0-9A-Fa-f]/.test(letter)) this.#number = ((this.#number << 4) | Number.parseInt(letter, 16)) >>> 0;
    else if (letter === ',') {
      this.#pointer = this.#number;
      this.#number = 0;
    } else {
      this.#command = letter;
      this.#number = 0;
    }
  }

  #execute(): void {
    const [command, number] = [this.#command, this.#number];
    this.#forget();
    if (this.#refuseNext) {
      this.#refuseNext = false;
      return;
    }
    const terminal = this.#terminal;
    if (terminal) this.#say('\n\r');
    this.#run(command, number);
    if (this.chip.wantsReset) this.#mode = 'program';
    else if (terminal && this.#terminal) this.#say('>');
  }

  #run(command: string, number: number): void {
    const { chip } = this;
    const pointer = this.#pointer;
    const acts: Record<string, () => void> = {
      N: () => {
        if (!this.#terminal) this.#say('\n\r');
        this.#terminal = false;
      },
      T: () => {
        this.#terminal = true;
        this.#say('\n\r');
      },
      V: () => this.#say(`${this.#options.version ?? 'v2.0 [Arduino:XYZ] Mar 19 2018 09:45:14'}\n\r`),
      w: () => this.#far.send(this.#peek(pointer, 4)),
      h: () => this.#far.send(this.#peek(pointer, 2)),
      o: () => this.#far.send(this.#peek(pointer, 1)),
      W: () => chip.write(pointer, 4, number),
      H: () => chip.write(pointer, 2, number & 0xffff),
      O: () => chip.write(pointer, 1, number & 0xff),
      R: () => this.#startSending(number),
      S: () => this.#startReceiving(number),
      G: () => {
        chip.run(number);
        if (this.#options.transfer === 'xmodem') this.#far.send(Uint8Array.of(6));
      },
      X: () => {
        chip.eraseFrom(number);
        this.#say('X\n\r');
      },
      Y: () => {
        if (number === 0) this.#source = pointer;
        else chip.program(this.#source, pointer, number);
        this.#say('Y\n\r');
      },
      Z: () => {
        const sum = crc16(this.#peek(pointer, number)).toString(16).toUpperCase().padStart(8, '0');
        this.#say(`Z${sum}#\n\r`);
      },
    };
    acts[command]?.();
  }

  /** Byte by byte, but for the words that registers are. */
  #peek(address: number, count: number): Uint8Array {
    if (count > mostAnswerBytes) throw new BusFault('beyond the memory');
    if (count === 4 && address % 4 === 0) return new Uint8Array(Uint32Array.of(this.chip.read(address, 4)).buffer);
    return Uint8Array.from({ length: count }, (_, i) => this.chip.read(address + i, 1));
  }

  #startSending(count: number): void {
    const bytes = this.#peek(this.#pointer, count);
    if (this.#options.transfer !== 'xmodem') {
      this.#far.send(bytes);
      return;
    }
    this.#sender = new XmodemSender(bytes);
    this.#mode = 'send';
  }

  #startReceiving(count: number): void {
    if (count === 0) return;
    this.#left = count;
    this.#mode = this.#options.transfer === 'xmodem' ? 'receive' : 'raw';
    if (this.#mode === 'raw') return;
    this.#receiver = new XmodemReceiver();
    this.#say('C');
  }
}
