// SPDX-License-Identifier: Apache-2.0
// Test only: what a chip behind a SAM-BA monitor is to the monitor's commands: memory and registers.
import type { RomFlash } from './romFlash.js';

/** An access that the chip answers with a fault: whatever runs stops until the reset pin. */
export class BusFault extends Error {}

export interface SamBaChipModel {
  readonly flash: RomFlash;
  /** The program has written the reset register. */
  readonly wantsReset: boolean;
  /** 1, 2 or 4 bytes. */
  read(address: number, bytes: number): number;
  write(address: number, bytes: number, value: number): void;
  /** What the monitor does for X and Y. */
  eraseFrom(address: number): void;
  program(source: number, address: number, count: number): void;
  /** G: runs what lies there until it comes back. */
  run(address: number): void;
  reset(): void;
}

/** Little-endian memory. */
export class Ram {
  readonly #view: DataView;

  constructor(
    readonly start: number,
    readonly bytes: Uint8Array,
  ) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  has(address: number, count: number): boolean {
    return address >= this.start && address + count <= this.start + this.bytes.length;
  }

  read(address: number, bytes: number): number {
    const at = address - this.start;
    if (bytes === 1) return this.#view.getUint8(at);
    return bytes === 2 ? this.#view.getUint16(at, true) : this.#view.getUint32(at, true);
  }

  write(address: number, bytes: number, value: number): void {
    const at = address - this.start;
    if (bytes === 1) this.#view.setUint8(at, value);
    else if (bytes === 2) this.#view.setUint16(at, value, true);
    else this.#view.setUint32(at, value, true);
  }
}
