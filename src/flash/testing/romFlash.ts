// SPDX-License-Identifier: Apache-2.0
// Test only: the flash of an emulated chip. Writing only clears bits, erasing a block sets them; all of it is recorded.
import type { FlashRecord, Range } from './testBoard.js';

export class RomFlash {
  readonly record: FlashRecord = { erased: [], written: [], forbidden: [] };
  readonly cells: Uint8Array;
  readonly #start: number;

  constructor(readonly blocks: readonly Range[]) {
    this.#start = blocks[0].address;
    const last = blocks[blocks.length - 1];
    this.cells = new Uint8Array(last.address + last.bytes - this.#start).fill(0xff);
  }

  holds(address: number, count: number): boolean {
    return address >= this.#start && address + count <= this.#start + this.cells.length;
  }

  erase(block: Range): void {
    this.record.erased.push({ ...block });
    this.cells.fill(0xff, block.address - this.#start, block.address - this.#start + block.bytes);
  }

  write(address: number, bytes: Uint8Array): void {
    this.record.written.push({ address, bytes: bytes.length });
    bytes.forEach((byte, i) => {
      this.cells[address - this.#start + i] &= byte;
    });
  }

  read(address: number, count: number): Uint8Array {
    return this.cells.slice(address - this.#start, address - this.#start + count);
  }
}
