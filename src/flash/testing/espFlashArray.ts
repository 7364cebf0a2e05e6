// SPDX-License-Identifier: Apache-2.0
// Test only: the SPI flash of a virtual ESP32. Erasing makes FF, writing clears bits only, both are recorded.
import { inflateSync, constants as zlib } from 'node:zlib';
import type { FlashRecord } from './testBoard.js';

const sectorBytes = 4096;

export class EspFlashArray {
  readonly bytes: Uint8Array;
  readonly record: FlashRecord = { erased: [], written: [], forbidden: [] };
  /** A cell that cannot be written: its byte stays as it was. */
  badCell: number | undefined;

  constructor(
    flashBytes: number,
    /** Address of the first byte in images. */
    readonly base: number,
  ) {
    // What an earlier program left: not erased, so that a missing erase shows.
    this.bytes = new Uint8Array(flashBytes).fill(0xa5);
  }

  erase(offset: number, count: number): void {
    const from = Math.floor(offset / sectorBytes) * sectorBytes;
    const to = Math.min(Math.ceil((offset + count) / sectorBytes) * sectorBytes, this.bytes.length);
    if (to <= from) return;
    this.bytes.fill(0xff, from, to);
    this.record.erased.push({ address: this.base + from, bytes: to - from });
  }

  program(offset: number, data: Uint8Array, recorded: boolean): void {
    if (recorded) this.record.written.push({ address: this.base + offset, bytes: data.length });
    data.forEach((byte, i) => {
      if (offset + i !== this.badCell) this.bytes[offset + i] &= byte;
    });
  }
}

/** One FLASH_BEGIN or FLASH_DEFL_BEGIN and the data after it. */
export interface EspTransfer {
  offset: number;
  /** Bytes of flash that may be written. */
  limit: number;
  compressed: boolean;
  received: Uint8Array;
  written: number;
  /** False where the announcement was damaged on the line. */
  recorded: boolean;
}

/** Takes one block of data; false where it is no zlib stream (so far) or more than was announced. */
export function takeBlock(flash: EspFlashArray, transfer: EspTransfer, block: Uint8Array): boolean {
  transfer.received = Uint8Array.from(Buffer.concat([transfer.received, block]));
  let plain: Uint8Array = transfer.received;
  if (transfer.compressed) {
    try {
      plain = inflateSync(transfer.received, { finishFlush: zlib.Z_SYNC_FLUSH });
    } catch {
      return false;
    }
  }
  if (plain.length > transfer.limit) return false;
  flash.program(transfer.offset + transfer.written, plain.subarray(transfer.written), transfer.recorded);
  transfer.written = plain.length;
  return true;
}
