// SPDX-License-Identifier: Apache-2.0
// A K210 through the serial loader (ISP) in its ROM, which only puts things into RAM and starts them: mote's own loader
// (ramLoader.ts) is put there and writes the SPI flash. Greeting, memory and start as in kflash.py (sipeed).
import { fail } from '../cli/errors.js';
import type { K210IspFlash } from '../generated/board.js';
import { LinkClosed, ReadTimeout } from '../link/byteReader.js';
import { loaderErrorWords } from './espWords.js';
import type { ConnectFlash, EraseBlock, FlashMemory, FlashRequest } from './flashMemory.js';
import { IspRefusal, IspSession, ispCodeWords, ispPieceBytes } from './ispSession.js';
import { explainK210Silence } from './k210Words.js';
import { type RamLoaderCode, ramLoaderFor } from './loaders.js';
import { greetLoader, LoaderRefusal, LoaderSilent, loaderOp, loaderSectorBytes, type RamLoader } from './ramLoader.js';
import { RamLoaderFlash } from './ramLoaderFlash.js';
import { playSequence } from './resetSequence.js';

export const ispBaud = 115200;
const connectTries = 6;
const greetingsPerTry = 2;
/** Where the extension is put (runtime-c/flash/loader.ld.template). */
const extensionPlace = { offset: 0x1000, bytes: 0x1000 };
const speedPauseMs = 20;

type Reset = K210IspFlash['resets'][number];

/** Errors of the protocol as sentences; everything else passes. */
async function told<T>(request: FlashRequest, what: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    const board = request.link.name;
    if (error instanceof IspRefusal) fail('flash.refused', { board, what, reason: ispCodeWords(error.code) });
    if (error instanceof LoaderRefusal) fail('flash.refused', { board, what, reason: loaderErrorWords(error.status) });
    if (error instanceof ReadTimeout) fail('flash.silent', { board, reason: `${error.message} while ${what}` });
    if (error instanceof LinkClosed) fail('flash.lost', { board, reason: error.message });
    throw error;
  }
}

/** One connection: how the board was reset, and how fast it is talked to. */
class K210Connection {
  readonly session: IspSession;
  readonly #request: FlashRequest;
  readonly #options: K210IspFlash;
  /** The wiring that has worked. */
  reset: Reset | undefined;
  #fastFails = false;

  constructor(request: FlashRequest, options: K210IspFlash) {
    this.#request = request;
    this.#options = options;
    this.session = new IspSession(request.link, request.timeScale ?? 1);
  }

  /** The ROM's loader answers afterwards. */
  async reach(): Promise<void> {
    const { link, signal, onStep } = this.#request;
    const { session } = this;
    if (link.can.baud) await link.setFormat?.({ baud: ispBaud });
    for (let i = 0; i < connectTries; i++) {
      if (signal?.aborted) fail('flash.interrupted', { state: '; nothing was erased' });
      const reset = this.#resetOf(i);
      onStep?.(
        `waiting for the boot loader (try ${i + 1} of ${connectTries}${reset ? `, reset as ${reset.name}` : ''})`,
      );
      session.discard();
      if (reset) await playSequence(link, reset.enter, { sleep: (ms) => session.pause(ms) });
      if (!(await this.#greets())) continue;
      this.reset = reset;
      return;
    }
    session.discard();
    fail('flash.silent', { board: link.name, ...explainK210Silence(session.heard, link) });
  }

  /** The one that has worked, then all in turn. */
  #resetOf(index: number): Reset | undefined {
    const { resets } = this.#options;
    if (!this.#request.link.can.lines) return undefined;
    return index === 0 && this.reset ? this.reset : resets[index % resets.length];
  }

  async #greets(): Promise<boolean> {
    for (let k = 0; k < greetingsPerTry; k++) {
      try {
        if (k > 0) await this.session.shift();
        await this.session.greet();
        return true;
      } catch (error) {
        if (error instanceof LinkClosed) throw error;
      }
    }
    return false;
  }

  /** What an earlier loader left in the extension's place goes first: the ROM's jump has no check sum. */
  async startCore(loader: RamLoader, { address, core }: RamLoaderCode): Promise<void> {
    const { session } = this;
    const { offset, bytes } = extensionPlace;
    await this.#put(address + offset, new Uint8Array(bytes));
    await this.#put(address, core);
    await session.boot(address);
    await session.drain(20);
    await greetLoader(loader, { address, core, extension: new Uint8Array(0) }).catch((error: unknown) => {
      throw error instanceof ReadTimeout ? new LoaderSilent(error.message) : error;
    });
  }

  async #put(address: number, bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; at += ispPieceBytes)
      await this.session.writeMemory(address + at, bytes.subarray(at, at + ispPieceBytes));
  }

  /** Asked at both speeds: the answer at the first one may be lost, the one at the second is the proof. */
  async speedUp(loader: RamLoader): Promise<void> {
    const { link, onStep } = this.#request;
    const { writeBaud = ispBaud } = this.#options;
    if (this.#fastFails || writeBaud === ispBaud || !link.can.baud || !link.setFormat) return;
    const ask = () => loader.request({ op: loaderOp.speed, first: writeBaud, timeoutMs: 500 });
    try {
      await ask().catch((error: unknown) => {
        if (!(error instanceof ReadTimeout)) throw error;
      });
      await link.setFormat({ baud: writeBaud });
      await this.session.pause(speedPauseMs);
      await ask();
    } catch (error) {
      if (error instanceof LinkClosed) throw error;
      this.#fastFails = true;
      onStep?.(`${writeBaud} baud does not work here; going on with ${ispBaud}`);
      throw error;
    }
  }

  async leave(flash: RamLoaderFlash): Promise<void> {
    const { link } = this.#request;
    if (!this.reset) await flash.restart();
    if (link.can.baud) await link.setFormat?.({ baud: ispBaud });
    if (!this.reset) return;
    this.session.discard();
    await playSequence(link, this.reset.leave, { sleep: (ms) => this.session.pause(ms) });
  }
}

export const connectK210Isp: ConnectFlash<K210IspFlash> = async (request, options) => {
  const code = ramLoaderFor('k210');
  if (!code) throw new Error('no loader for the K210');
  const connection = new K210Connection(request, options);
  await told(request, 'connecting', () => connection.reach());
  const flash = new RamLoaderFlash({
    session: connection.session,
    code,
    startCore: (loader) => connection.startCore(loader, code),
    onReady: (loader) => connection.speedUp(loader),
    reach: () => connection.reach(),
    assumedFlashBytes: options.flashBytes,
  });
  request.onStep?.("loading mote's loader");
  if (!(await told(request, 'preparing the flash', () => flash.startTried())))
    fail('flash.silent', { board: request.link.name, reason: "mote's loader was put into its RAM and does not run" });
  if (flash.jedecId === 0 || flash.jedecId === 0xffffff)
    fail('flash.refused', { board: request.link.name, what: 'to reach its flash', reason: 'the flash chip is silent' });
  return memoryOf(request, options, connection, flash);
};

function memoryOf(
  request: FlashRequest,
  options: K210IspFlash,
  connection: K210Connection,
  flash: RamLoaderFlash,
): FlashMemory {
  const flashBytes = flash.flashBytes ?? options.flashBytes;
  const wiring = connection.reset && `reset as ${connection.reset.name}`;
  return {
    chip: ['K210', `${flashBytes / 2 ** 20} MiB of flash`, "mote's loader", wiring].filter(Boolean).join(', '),
    blocks: sectorsOf(Math.min(options.flashBytes, flashBytes)),
    writeAlignBytes: loaderSectorBytes,
    erasedByte: 0xff,
    announce: (blocks) => told(request, 'preparing the flash', () => flash.announce(blocks, 0)),
    write: (address, bytes, onBytes) => told(request, 'writing', () => flash.write(address, bytes, onBytes)),
    read: (address, count, onBytes) => told(request, 'reading', () => flash.read(address, count, onBytes)),
    digest: (address, count) =>
      told(request, 'verifying', async () => {
        const little = await flash.digest(address, count);
        return { kind: 'crc32', hex: Buffer.from(little).reverse().toString('hex') };
      }),
    start: () => told(request, 'starting the program', () => connection.leave(flash)),
  };
}

function sectorsOf(flashBytes: number): EraseBlock[] {
  return Array.from({ length: flashBytes / loaderSectorBytes }, (_, i) => ({
    address: i * loaderSectorBytes,
    bytes: loaderSectorBytes,
  }));
}
