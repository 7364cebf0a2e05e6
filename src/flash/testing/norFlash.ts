// SPDX-License-Identifier: Apache-2.0
// Test only: a serial NOR flash of 16 MiB on a SPI bus, by its commands (JESD216; data sheet of W25Q128JV). What is written
// or erased happens when the chip is deselected, needs a write enable before, and takes some reads of the status.
import type { EspFlashArray } from './espFlashArray.js';

const pageBytes = 256;
const busy = 1;
const writeEnabled = 2;
const protection = 0x7c;
/** Status reads that find it busy. */
const busyReads = { program: 2, erase: 5 };
const eraseBytes: Readonly<Record<number, number>> = { 32: 4096, 82: 32768, 216: 65536, 96: 0, 199: 0 };

export interface SpiDevice {
  select(): void;
  /** One byte in each direction. */
  transfer(byte: number): number;
  deselect(): void;
}

export class NorFlash implements SpiDevice {
  /** 0xff is what a bus without a chip gives. */
  jedecId = [0xef, 0x40, 0x18];
  status = 0;
  /** The next write enable is passed over. */
  refuseNext = false;
  #received: number[] = [];
  #busyReads = 0;

  constructor(readonly cells: EspFlashArray) {}

  select(): void {
    this.#received = [];
  }

  transfer(byte: number): number {
    const at = this.#received.push(byte) - 1;
    const [command] = this.#received;
    if (at === 0) return 0xff;
    if (command === 0x05) return this.#readStatus();
    if (this.status & busy) return 0xff;
    if (command === 0x9f) return this.jedecId[(at - 1) % 3];
    if (command === 0x35) return 0;
    if (command === 0x03 && at >= 4) return this.#byte(this.#address() + at - 4);
    return command === 0x0b && at >= 5 ? this.#byte(this.#address() + at - 5) : 0xff;
  }

  deselect(): void {
    const [command] = this.#received;
    const count = this.#received.length;
    if (this.status & busy || command === undefined) return;
    if (command === 0x06 && count === 1) this.#enableWriting();
    else if (command === 0x04 && count === 1) this.status &= ~writeEnabled;
    else if (command === 0x02 && count > 4) this.#program();
    else if (command in eraseBytes && count === (eraseBytes[command] === 0 ? 1 : 4)) this.#erase(eraseBytes[command]);
    else if (command === 0x01) this.#writeStatus();
  }

  /** Done at once; what it would change is not modelled. */
  #writeStatus(): void {
    this.cells.record.forbidden.push('the status register of the flash was written');
    this.status &= ~writeEnabled;
  }

  #enableWriting(): void {
    if (!this.refuseNext) this.status |= writeEnabled;
    this.refuseNext = false;
  }

  #byte(at: number): number {
    return this.cells.bytes[at % this.cells.bytes.length];
  }

  #address(): number {
    const [, high, middle, low] = this.#received;
    return ((high << 16) | (middle << 8) | low) % this.cells.bytes.length;
  }

  #readStatus(): number {
    if (this.#busyReads > 0 && --this.#busyReads === 0) this.status &= ~(busy | writeEnabled);
    return this.status;
  }

  #begin(reads: number): boolean {
    if ((this.status & writeEnabled) === 0 || (this.status & protection) !== 0) return false;
    this.status |= busy;
    this.#busyReads = reads;
    return true;
  }

  /** What runs over the end of a page goes on at its start. */
  #program(): void {
    if (!this.#begin(busyReads.program)) return;
    const address = this.#address();
    const page = address - (address % pageBytes);
    const data = Uint8Array.from(this.#received.slice(4));
    const room = page + pageBytes - address;
    this.cells.program(address, data.subarray(0, room), true);
    if (data.length > room) this.cells.program(page, data.subarray(room), true);
  }

  #erase(bytes: number): void {
    if (!this.#begin(busyReads.erase)) return;
    if (bytes === 0) this.cells.erase(0, this.cells.bytes.length);
    else this.cells.erase(this.#address() - (this.#address() % bytes), bytes);
  }
}
