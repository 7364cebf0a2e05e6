// SPDX-License-Identifier: Apache-2.0
// Test only: the SPI3 controller of a K210 (DesignWare SSI; registers: kendryte-standalone-sdk lib/drivers/include/spi.h).
// Its queues hold 32 frames. While it sends only, an empty queue ends the command (the chip is deselected); what comes
// while the queue for it is full is lost. Frames pass while the program looks at the registers, one at each look.
import type { SpiDevice } from './norFlash.js';

const queueFrames = 32;
const emptyEight = 0xff;
const offsets = { control: 0x00, count: 0x04, enable: 0x08, select: 0x10, sendLevel: 0x20, level: 0x24, status: 0x28 };
const dataFrom = 0x60;
const dataTo = 0xf0;

export class K210Spi {
  readonly #registers = new Map<number, number>();
  #toSend: number[] = [];
  #received: number[] = [];
  #selected = false;
  /** Frames still to be received, once what was to be sent is out. */
  #left = 0;

  constructor(readonly device: SpiDevice) {}

  reset(): void {
    this.#registers.clear();
    this.#end();
  }

  #get(offset: number): number {
    return this.#registers.get(offset) ?? 0;
  }

  load(offset: number): number {
    if (offset >= dataFrom && offset < dataTo) return this.#received.shift() ?? 0;
    this.#pass();
    if (offset === offsets.sendLevel) return this.#toSend.length;
    if (offset === offsets.level) return this.#received.length;
    if (offset !== offsets.status) return this.#get(offset);
    const empty = this.#toSend.length === 0;
    return (
      (this.#selected ? 1 : 0) |
      (this.#toSend.length < queueFrames ? 2 : 0) |
      (empty ? 4 : 0) |
      (this.#received.length > 0 ? 8 : 0)
    );
  }

  store(offset: number, value: number): void {
    if (offset >= dataFrom && offset < dataTo) {
      if (this.#get(offsets.enable) === 1 && this.#toSend.length < queueFrames) this.#toSend.push(value & 0xff);
      this.#pass();
      return;
    }
    this.#registers.set(offset, value);
    if (offset === offsets.enable && value === 0) this.#end();
    if (offset === offsets.select && value === 0) this.#deselect();
    if (offset === offsets.select && value !== 0) this.#begin();
  }

  #end(): void {
    this.#toSend = [];
    this.#received = [];
    this.#deselect();
  }

  #deselect(): void {
    this.#left = 0;
    if (!this.#selected) return;
    this.#selected = false;
    this.device.deselect();
  }

  #mode(): number {
    return (this.#get(offsets.control) >>> 10) & 3;
  }

  #begin(): void {
    if (this.#get(offsets.enable) !== 1 || this.#toSend.length === 0) return;
    this.#selected = true;
    this.#left = this.#mode() >= 2 ? (this.#get(offsets.count) & 0xffff) + 1 : 0;
    this.device.select();
  }

  /** One frame. */
  #pass(): void {
    if (!this.#selected) {
      if (this.#get(offsets.select) !== 0 && this.#mode() < 2) this.#begin();
      if (!this.#selected) return;
    }
    const next = this.#toSend.shift();
    const mode = this.#mode();
    if (next === undefined && this.#left === 0) {
      this.#deselect();
      return;
    }
    const came = this.device.transfer(next ?? emptyEight);
    if (next === undefined) this.#left--;
    if ((next === undefined || mode === 0) && this.#received.length < queueFrames) this.#received.push(came);
  }
}
