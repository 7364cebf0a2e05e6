// SPDX-License-Identifier: Apache-2.0
// The flash behind a chip through mote's loader (ramLoader.ts). A sector is erased when what it will hold has arrived
// whole, and only within the blocks that were announced. A chip that was reset in between gets its loader again.
import { LinkClosed } from '../link/byteReader.js';
import { flashBytesOfJedec } from './espChips.js';
import type { EraseBlock } from './flashMemory.js';
import type { RamLoaderCode } from './loaders.js';
import {
  greetLoader,
  LoaderSilent,
  loaderOp,
  loaderReadBytes,
  loaderSectorBytes,
  mayMend,
  openLoader,
  RamLoader,
} from './ramLoader.js';
import type { SlipSession } from './slipSession.js';
import { words } from './words.js';

const tries = 3;
const digestMsPerMiB = 8_000;
const sectorTimeoutMs = 5000;
const leastTimeoutMs = 3000;

export interface RamLoaderRequest {
  session: SlipSession;
  code: RamLoaderCode;
  /** Puts the core into RAM and starts it: the ROM answers before, the loader after. */
  startCore(loader: RamLoader): Promise<void>;
  /** Called when a newly started loader is ready: changes the speed. */
  onReady?(loader: RamLoader): Promise<void>;
  /** Finds the ROM of the right chip and sets the speed: from where the loader can be loaded. */
  reach(): Promise<void>;
  /** What the flash is taken to have where its identity does not tell. */
  assumedFlashBytes: number;
}

/** The flash by offsets; every call may load the loader anew. */
export class RamLoaderFlash {
  readonly #request: RamLoaderRequest;
  readonly #loader: RamLoader;
  #window: { from: number; to: number } | undefined;
  flashBytes: number | undefined;
  jedecId = 0;

  constructor(request: RamLoaderRequest) {
    this.#request = request;
    this.#loader = new RamLoader(request.session);
  }

  /** The ROM answers; afterwards the loader does. */
  async start(): Promise<void> {
    await this.#request.startCore(this.#loader);
    await this.#prepare();
    await this.#request.onReady?.(this.#loader);
  }

  /** False where the loader was in RAM as it should be, three times, and never answered. */
  async startTried(): Promise<boolean> {
    let silent = 0;
    for (let i = 1; ; i++) {
      try {
        if (i > 1) await this.#request.reach();
        await this.start();
        return true;
      } catch (error) {
        if (error instanceof LoaderSilent) silent++;
        if (i === tries && silent === tries) return false;
        if (i === tries || !mayMend(error)) throw error;
      }
    }
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

  /** What the loader of the chip makes: MD5 or CRC-32. */
  async digest(offset: number, count: number): Promise<Uint8Array> {
    const timeoutMs = Math.max((digestMsPerMiB * count) / 2 ** 20, leastTimeoutMs);
    const request = { op: loaderOp.digest, first: offset, second: count, timeoutMs };
    return this.retried(() => this.#loader.request(request));
  }

  /** The chip starts anew after its answer; where the answer is lost, so be it. */
  async restart(): Promise<void> {
    await this.retried(() => this.#loader.request({ op: loaderOp.restart }));
  }
}
