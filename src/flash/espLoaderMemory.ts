// SPDX-License-Identifier: Apache-2.0
// The flash behind an ESP32 through mote's loader (espLoader.ts). A sector is erased when what it will hold has arrived
// whole, and only within the blocks that were announced. A chip that was reset in between gets its loader again.
import { LinkClosed } from '../link/byteReader.js';
import { flashBytesOfJedec } from './espChips.js';
import {
  EspLoader,
  greetLoader,
  loaderOp,
  loaderReadBytes,
  loaderSectorBytes,
  mayMend,
  openLoader,
  startLoader,
} from './espLoader.js';
import type { EspSession } from './espSession.js';
import { words } from './espSession.js';
import type { EraseBlock } from './flashMemory.js';
import type { EspLoaderCode } from './loaders.js';

const tries = 3;
const digestMsPerMiB = 8_000;
const sectorTimeoutMs = 5000;
const leastTimeoutMs = 3000;

export interface EspLoaderRequest {
  session: EspSession;
  code: EspLoaderCode;
  /** Finds the ROM of the right chip and sets the speed: from where the loader can be loaded. */
  reach(): Promise<void>;
  /** What the flash is taken to have where its identity does not tell. */
  assumedFlashBytes: number;
}

/** The flash by offsets; every call may load the loader anew. */
export class EspLoaderFlash {
  readonly #request: EspLoaderRequest;
  readonly #loader: EspLoader;
  #window: { from: number; to: number } | undefined;
  flashBytes: number | undefined;
  jedecId = 0;

  constructor(request: EspLoaderRequest) {
    this.#request = request;
    this.#loader = new EspLoader(request.session);
  }

  /** The ROM answers; afterwards the loader does. */
  async start(): Promise<void> {
    await startLoader(this.#loader, this.#request.code);
    await this.#prepare();
  }

  async #prepare(): Promise<void> {
    const { code, assumedFlashBytes } = this.#request;
    this.jedecId = await openLoader(this.#loader, code);
    this.flashBytes = flashBytesOfJedec(this.jedecId);
    await this.#loader.request({ op: loaderOp.size, first: this.flashBytes ?? assumedFlashBytes });
    if (this.#window) await this.#setWindow(this.#window);
  }

  async #setWindow({ from, to }: { from: number; to: number }): Promise<void> {
    await this.#loader.request({ op: loaderOp.window, first: from, second: to, data: words(~from, ~to) });
  }

  async #again(): Promise<void> {
    try {
      await greetLoader(this.#loader, this.#request.code);
    } catch (error) {
      if (error instanceof LinkClosed) throw error;
      await this.#request.reach();
      return this.start();
    }
    await this.#prepare();
  }

  async retried<T>(act: () => Promise<T>): Promise<T> {
    for (let i = 1; ; i++) {
      try {
        if (i > 1) await this.#again();
        return await act();
      } catch (error) {
        if (i === tries || !mayMend(error)) throw error;
      }
    }
  }

  async announce(blocks: readonly EraseBlock[], base: number): Promise<void> {
    const from = Math.min(...blocks.map(({ address }) => address)) - base;
    const to = Math.max(...blocks.map(({ address, bytes }) => address + bytes)) - base;
    this.#window = { from, to };
    await this.retried(() => this.#setWindow({ from, to }));
  }

  /** `bytes` are whole sectors. */
  async write(offset: number, bytes: Uint8Array, onBytes: (done: number) => void): Promise<void> {
    for (let at = 0; at < bytes.length; at += loaderSectorBytes) {
      const data = bytes.subarray(at, at + loaderSectorBytes);
      const request = { op: loaderOp.sector, first: offset + at, data, timeoutMs: sectorTimeoutMs };
      await this.retried(() => this.#loader.request(request));
      onBytes(at + loaderSectorBytes);
    }
  }

  async read(offset: number, count: number, onBytes: (done: number) => void): Promise<Uint8Array> {
    const out = new Uint8Array(count);
    for (let at = 0; at < count; at += loaderReadBytes) {
      const size = Math.min(loaderReadBytes, count - at);
      const request = { op: loaderOp.read, first: offset + at, second: size };
      out.set(await this.retried(() => this.#loader.request(request)), at);
      onBytes(at + size);
    }
    return out;
  }

  /** MD5, lower-case hex. */
  async digest(offset: number, count: number): Promise<string> {
    const timeoutMs = Math.max((digestMsPerMiB * count) / 2 ** 20, leastTimeoutMs);
    const request = { op: loaderOp.digest, first: offset, second: count, timeoutMs };
    return Buffer.from(await this.retried(() => this.#loader.request(request))).toString('hex');
  }

  /** The chip starts anew after its answer; where the answer is lost, so be it. */
  async restart(): Promise<void> {
    await this.retried(() => this.#loader.request({ op: loaderOp.restart }));
  }
}
