// SPDX-License-Identifier: Apache-2.0
// Changing the flash of a SAM D21 by mote's own program in its RAM: why, and its orders, are told in
// runtime-c/flash/samd21Applet.h. From `guard` on, until a reset, nothing but this program can change the flash.
import { crc32 } from 'node:zlib';
import { LinkClosed } from '../link/byteReader.js';
import { samd21Applet } from './loaders.js';
import { SamBaRefusal, type SamBaSession } from './samBaSession.js';
import { words } from './words.js';

/** PAC1.WPSET, and the bit of NVMCTRL (data sheet DS40001882, PAC). */
const pac = { set: 0x41000004, nvmctrl: 4 };
const ordersMagic = 0x65746f4d;
const ordersOffset = 0x1000;
const ordersHeadBytes = 64;
const resultOffset = 0x2040;
const operations = { writeRows: 1, digest: 2 } as const;
/** Rows that are written by one order: 64 ms in which the chip's USB does not answer. */
const partBytes = 1024;
const tries = 3;

const statusWords: Record<number, string> = {
  1: 'its program for the flash was damaged',
  2: 'the orders were damaged',
  3: 'the data were damaged',
  4: 'the address lies outside of what was announced',
  5: 'the flash controller reports an error',
  6: 'the flash holds something else than was written',
  7: 'its program does not know the order',
};

interface Order {
  operation: number;
  address: number;
  count: number;
  data?: Uint8Array;
}

/** No stray command can change the flash after this: the flash controller ignores all writes to its registers. */
export async function guardSamd21(session: SamBaSession): Promise<void> {
  await session.writeWord(pac.set, pac.nvmctrl);
  if (((await session.readWord(pac.set)) & pac.nvmctrl) === 0)
    throw new SamBaRefusal('its flash controller cannot be write-protected');
}

export class Samd21Flash {
  readonly #applet = samd21Applet();
  #window = { from: 0, to: 0 };
  #number = 0;
  #loaded = false;

  constructor(readonly session: SamBaSession) {}

  /** What fails is begun anew from a known state: a chip that was reset has lost its protection and the program. */
  async retried<T>(act: () => Promise<T>): Promise<T> {
    for (let i = 1; ; i++) {
      try {
        if (i > 1) await this.session.sync();
        if (!this.#loaded) await this.#load();
        return await act();
      } catch (error) {
        this.#loaded = false;
        if (i === tries || error instanceof LinkClosed) throw error;
      }
    }
  }

  async #load(): Promise<void> {
    const { address, program } = this.#applet;
    await guardSamd21(this.session);
    await this.session.writeChecked(address, program);
    this.#loaded = true;
  }

  announce(from: number, to: number): void {
    this.#window = { from, to };
  }

  /** What the program answers; its orders may be given again, since the same rows with the same data stay the same. */
  async #order({ operation, address, count, data = new Uint8Array(0) }: Order): Promise<number> {
    const { session } = this;
    this.#number++;
    const { from, to } = this.#window;
    const orders = words(ordersMagic, this.#number, operation, from, to, address, count, crc32(data));
    const block = new Uint8Array(ordersHeadBytes + data.length);
    block.set(orders);
    block.set(words(crc32(orders)), orders.length);
    block.set(data, ordersHeadBytes);
    await session.write(this.#applet.address + ordersOffset, block);
    await session.go(this.#applet.address);
    const result = await session.read(this.#applet.address + resultOffset, 16);
    const view = new DataView(result.buffer, result.byteOffset);
    const word = (index: number): number => view.getUint32(4 * index, true);
    if (word(3) !== crc32(result.subarray(0, 12))) throw new SamBaRefusal('the result arrived damaged');
    if (word(1) !== 0) throw new SamBaRefusal(statusWords[word(1)] ?? `status ${word(1)} of its program`);
    if (word(0) !== this.#number) throw new SamBaRefusal('the result is that of other orders');
    return word(2);
  }

  /** `bytes` are whole rows. */
  async write(address: number, bytes: Uint8Array, onBytes: (done: number) => void): Promise<void> {
    for (let at = 0; at < bytes.length; at += partBytes) {
      const data = bytes.subarray(at, at + partBytes);
      const order = { operation: operations.writeRows, address: address + at, count: data.length, data };
      await this.retried(() => this.#order(order));
      onBytes(at + data.length);
    }
  }

  /** CRC-32, as hexadecimal text. */
  async digest(address: number, count: number): Promise<string> {
    const value = await this.retried(() => this.#order({ operation: operations.digest, address, count }));
    return value.toString(16).padStart(8, '0');
  }
}
