// SPDX-License-Identifier: Apache-2.0
// mote's own loader in a chip's RAM: why, and its frames, are told in runtime-c/flash/loader.h. Whoever has put its core
// there (espLoader.ts, k210Isp.ts) talks to it by frames with a CRC-32.
import { crc32 } from 'node:zlib';
import { LinkClosed, ReadTimeout } from '../link/byteReader.js';
import type { RamLoaderCode } from './loaders.js';
import { sendBytes } from './sendBytes.js';
import { slipEncode } from './slip.js';
import { Refusal, type SlipSession } from './slipSession.js';
import { words } from './words.js';

export const loaderOp = {
  hello: 1,
  put: 2,
  open: 3,
  size: 4,
  window: 5,
  sector: 6,
  digest: 7,
  read: 8,
  restart: 9,
  speed: 10,
} as const;

export const loaderSectorBytes = 4096;
export const loaderReadBytes = 1024;
const requestKind = 0x4d;
const answerKind = 0x6d;
const headBytes = 8;
const putBytes = 1024;
const sends = 4;
const mostForeignFrames = 100;

export class LoaderRefusal extends Refusal {
  constructor(readonly status: number) {
    super(`refused with status ${status}`);
  }
}

export interface LoaderRequest {
  op: number;
  first?: number;
  second?: number;
  data?: Uint8Array;
  timeoutMs?: number;
}

export class RamLoader {
  /** Goes on over a new beginning, so that a late answer from before is no answer to what is asked now. */
  #sequence = 0;

  constructor(readonly session: SlipSession) {}

  /** Sent again where no answer comes: acting twice is the same as acting once. */
  async request(request: LoaderRequest): Promise<Uint8Array> {
    this.#sequence = (this.#sequence + 1) & 0xffff;
    for (let i = 1; ; i++) {
      try {
        await this.#send(request);
        return await this.#answer(request);
      } catch (error) {
        if (!(error instanceof ReadTimeout) || i === sends) throw error;
        await this.session.drain();
      }
    }
  }

  async #send({ op, first = 0, second = 0, data = new Uint8Array(0) }: LoaderRequest): Promise<void> {
    this.session.discard();
    const head = words(requestKind | (op << 8) | (this.#sequence << 16), first, second);
    const body = Buffer.concat([head, data]);
    await sendBytes(this.session.link, slipEncode(Buffer.concat([body, words(crc32(body))])));
  }

  async #answer({ op, timeoutMs = 2000 }: LoaderRequest): Promise<Uint8Array> {
    const deadline = performance.now() + this.session.ms(timeoutMs);
    for (let i = 0; i < mostForeignFrames; i++) {
      const frame = await this.session.frame((deadline - performance.now()) / this.session.timeScale);
      const answer = parseAnswer(frame);
      if (answer === undefined || answer.op !== op || answer.sequence !== this.#sequence) continue;
      if (answer.status !== 0) throw new LoaderRefusal(answer.status);
      return answer.data;
    }
    throw new ReadTimeout(`${mostForeignFrames} frames came, none of them the answer`);
  }
}

function parseAnswer(frame: Uint8Array) {
  if (frame.length < headBytes + 4 || frame[0] !== answerKind) return undefined;
  const view = new DataView(frame.buffer, frame.byteOffset, frame.length);
  if (crc32(frame.subarray(0, -4)) !== view.getUint32(frame.length - 4, true)) return undefined;
  return { op: frame[1], sequence: view.getUint16(2, true), status: frame[4], data: frame.slice(headBytes, -4) };
}

/** One number of an answer. */
export const wordOf = (data: Uint8Array): number => new DataView(data.buffer, data.byteOffset).getUint32(0, true);

/** The core stands verified in RAM and was started, but does not answer. */
export class LoaderSilent extends ReadTimeout {}

/** Also where a loader runs already: whatever it was told is forgotten. */
export async function greetLoader(loader: RamLoader, { core }: RamLoaderCode): Promise<void> {
  const found = wordOf(await loader.request({ op: loaderOp.hello, timeoutMs: 500 }));
  if (found !== crc32(core.subarray(0, -4))) throw new ReadTimeout('the loader is not the one that was sent');
}

/** Gives it the code for the flash; the JEDEC identity of the flash chip. */
export async function openLoader(loader: RamLoader, { extension }: RamLoaderCode): Promise<number> {
  for (let at = 0; at < extension.length; at += putBytes)
    await loader.request({ op: loaderOp.put, first: at, data: extension.subarray(at, at + putBytes) });
  return wordOf(await loader.request({ op: loaderOp.open, first: extension.length, second: crc32(extension) }));
}

/** Whether what went wrong may be gone at a new beginning. */
export const mayMend = (error: unknown): boolean =>
  !(error instanceof LinkClosed) && (error instanceof ReadTimeout || error instanceof Refusal);
