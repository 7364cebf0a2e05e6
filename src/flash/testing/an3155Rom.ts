// SPDX-License-Identifier: Apache-2.0
// Test only: the USART boot loader of an STM32 as ST's AN3155 (rev 14) describes it from the device's side. Written from
// the document and not from mote's client; Debian's stm32flash is its second judge (test/flash/stm32flash.test.ts).
import { RomFlash } from './romFlash.js';
import type { Range } from './testBoard.js';

const ACK = 0x79;
const NACK = 0x1f;

export interface RomOptions {
  productId: number;
  /** Erase blocks; their index is their number in the erase commands. */
  blocks: readonly Range[];
  ram: { start: number; bytes: number; reservedTo: number };
  /** BCD. */
  version?: number;
  /** Extended erase (0x44) or erase (0x43): a device has one of them. */
  erase?: 'extended' | 'legacy';
  /** Answers GET GD ID (0x06) with this instead of GET ID. */
  gdId?: string;
  /** Most bytes that one WRITE takes. */
  writeBytes?: number;
  /** Readout protection is on: all but GET, GET VERSION, GET ID and READOUT UNPROTECT are refused. */
  readProtected?: boolean;
  /** How long erasing a block takes; bytes that come meanwhile are lost. */
  eraseMs?: number;
}

/** What happened outside of the protocol. */
export interface RomEvents {
  send(bytes: Uint8Array): void;
  /** GO: the program at `address` has the chip from here on. */
  go(address: number): void;
}

/** Time from the reset pin to the first byte that the boot loader hears. */
export const bootMs = 20;

type Talk = Generator<void, void, number>;

export class An3155Rom {
  readonly flash: RomFlash;
  readonly #ram: Uint8Array;
  readonly #options: Required<Omit<RomOptions, 'gdId'>> & Pick<RomOptions, 'gdId'>;
  readonly #events: RomEvents;
  #talk: Talk | undefined;
  #refuse = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: RomOptions, events: RomEvents) {
    this.#options = {
      version: 0x31,
      erase: 'extended',
      writeBytes: 256,
      readProtected: false,
      eraseMs: 0,
      ...options,
    };
    this.#events = events;
    this.flash = new RomFlash(options.blocks);
    this.#ram = new Uint8Array(options.ram.bytes);
    this.#boot();
  }

  /** Bytes from the host, one by one as a USART gets them. */
  feed(bytes: Uint8Array): void {
    for (const byte of bytes) if (this.#timer === undefined) this.#talk?.next(byte);
  }

  refuseNext(): void {
    this.#refuse = true;
  }

  reset(): void {
    clearTimeout(this.#timer);
    this.#refuse = false;
    this.#talk = undefined;
    this.#timer = setTimeout(() => this.#boot(), bootMs);
  }

  /** The chip runs something else: no byte is heard any more until a reset. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#talk = undefined;
  }

  #boot(): void {
    this.#timer = undefined;
    this.#talk = this.#conversation();
    this.#talk.next();
  }

  /** Section 2: the baud rate is measured on 0x7F; after any other first byte the chip listens at a wrong one for ever. */
  *#conversation(): Talk {
    if ((yield) !== 0x7f) return;
    this.#send(ACK);
    for (;;) {
      const code: number = yield;
      const complement: number = yield;
      if ((code ^ complement) !== 0xff) this.#send(NACK);
      else yield* this.#command(code);
    }
  }

  #commands(): number[] {
    const { erase, gdId } = this.#options;
    const id = gdId === undefined ? 0x02 : 0x06;
    return [0x00, 0x01, id, 0x11, 0x21, 0x31, erase === 'extended' ? 0x44 : 0x43, 0x63, 0x73, 0x82, 0x92];
  }

  *#command(code: number): Talk {
    const open = [0x00, 0x01, 0x02, 0x06, 0x92];
    const allowed = this.#commands().includes(code) && (!this.#options.readProtected || open.includes(code));
    if (!this.#acknowledge(allowed)) return;
    const { version, productId, gdId = '' } = this.#options;
    if (code === 0x00) this.#send(this.#commands().length, version, ...this.#commands(), ACK);
    else if (code === 0x01) this.#send(version, 0, 0, ACK);
    else if (code === 0x02) this.#send(1, productId >> 8, productId & 0xff, ACK);
    else if (code === 0x06) this.#send(...Buffer.from(gdId, 'latin1'), ACK);
    else if (code === 0x11) yield* this.#read();
    else if (code === 0x21) yield* this.#go();
    else if (code === 0x31) yield* this.#write();
    else if (code === 0x44) yield* this.#extendedErase();
    else if (code === 0x43) yield* this.#legacyErase();
    else this.#protection(code);
  }

  /** Four bytes, most significant first, and their XOR. Undefined where it was refused. */
  *#address(valid: (address: number) => boolean): Generator<void, number | undefined, number> {
    const bytes = yield* this.#take(5);
    const address = new DataView(bytes.buffer).getUint32(0);
    return this.#acknowledge(xor(bytes) === 0 && valid(address)) ? address : undefined;
  }

  *#take(count: number): Generator<void, Uint8Array, number> {
    const bytes = new Uint8Array(count);
    for (let i = 0; i < count; i++) bytes[i] = yield;
    return bytes;
  }

  #inRam(address: number, count: number): boolean {
    const { start, bytes } = this.#options.ram;
    return address >= start && address + count <= start + bytes;
  }

  /** Section 3.4. */
  *#read(): Talk {
    const address = yield* this.#address((a) => this.flash.holds(a, 1) || this.#inRam(a, 1));
    if (address === undefined) return;
    const [last, complement] = yield* this.#take(2);
    if (!this.#acknowledge((last ^ complement) === 0xff)) return;
    const { start } = this.#options.ram;
    const flash = this.flash.holds(address, last + 1);
    this.#send(
      ...(flash ? this.flash.read(address, last + 1) : this.#ram.slice(address - start, address - start + last + 1)),
    );
  }

  /** Section 3.5. */
  *#go(): Talk {
    const address = yield* this.#address((a) => this.flash.holds(a, 8) || this.#inRam(a, 8));
    if (address === undefined) return;
    this.stop();
    this.#events.go(address);
  }

  /** Section 3.6. */
  *#write(): Talk {
    const { ram, writeBytes } = this.#options;
    const address = yield* this.#address(
      (a) => a % 4 === 0 && (this.flash.holds(a, 4) || (this.#inRam(a, 4) && a >= ram.reservedTo)),
    );
    if (address === undefined) return;
    const [last] = yield* this.#take(1);
    const rest = yield* this.#take(last + 2);
    const data = rest.subarray(0, last + 1);
    const inFlash = this.flash.holds(address, data.length);
    const fits = (inFlash || this.#inRam(address, data.length)) && data.length % 4 === 0 && data.length <= writeBytes;
    if (!this.#acknowledge(fits && (xor(rest) ^ last) === 0, () => this.#store(inFlash, address, data))) return;
  }

  #store(inFlash: boolean, address: number, data: Uint8Array): void {
    if (inFlash) this.flash.write(address, data);
    else this.#ram.set(data, address - this.#options.ram.start);
  }

  /** Section 3.8: 16-bit page numbers; 0xFFFx are whole banks. */
  *#extendedErase(): Talk {
    const head = yield* this.#take(2);
    const last = (head[0] << 8) | head[1];
    if (last >= 0xfff0) {
      const [check] = yield* this.#take(1);
      const all = last === 0xffff && check === (head[0] ^ head[1]);
      return this.#eraseBlocks(all, [...this.flash.blocks.keys()]);
    }
    const rest = yield* this.#take(2 * (last + 1) + 1);
    const pages = Array.from({ length: last + 1 }, (_, i) => (rest[2 * i] << 8) | rest[2 * i + 1]);
    this.#eraseBlocks(xor(head) === xor(rest), pages);
  }

  /** Section 3.7: 8-bit page numbers; FF 00 is everything. */
  *#legacyErase(): Talk {
    const [last] = yield* this.#take(1);
    if (last === 0xff) {
      const [check] = yield* this.#take(1);
      return this.#eraseBlocks(check === 0, [...this.flash.blocks.keys()]);
    }
    const rest = yield* this.#take(last + 2);
    this.#eraseBlocks(xor(rest) === last, [...rest.subarray(0, last + 1)]);
  }

  #eraseBlocks(checked: boolean, pages: readonly number[]): void {
    const blocks = pages.map((page) => this.flash.blocks[page]);
    const valid = checked && !blocks.includes(undefined as unknown as Range);
    this.#acknowledge(
      valid,
      () => {
        for (const block of blocks) this.flash.erase(block);
      },
      valid ? this.#options.eraseMs * pages.length : 0,
    );
  }

  /** Sections 3.9 to 3.12: what a flasher must not touch unasked. */
  #protection(code: number): void {
    const names: Record<number, string> = {
      99: 'write protection',
      115: 'write unprotection',
      130: 'readout protection',
      146: 'readout unprotection',
    };
    this.flash.record.forbidden.push(`${names[code]} was commanded`);
    if (code === 0x92) for (const block of this.flash.blocks) this.flash.erase(block);
    this.#send(ACK);
    this.reset();
  }

  /** ACK after `act` (and its time), or NACK where it is not valid or a refusal was ordered. */
  #acknowledge(valid: boolean, act: () => void = () => undefined, busyMs = 0): boolean {
    const granted = valid && !this.#refuse;
    this.#refuse = false;
    if (granted) act();
    if (busyMs === 0 || !granted) this.#send(granted ? ACK : NACK);
    else {
      this.#timer = setTimeout(() => {
        this.#timer = undefined;
        this.#send(ACK);
      }, busyMs);
    }
    return granted;
  }

  #send(...bytes: number[]): void {
    this.#events.send(Uint8Array.from(bytes));
  }
}

const xor = (bytes: Uint8Array): number => bytes.reduce((x, b) => x ^ b, 0);
