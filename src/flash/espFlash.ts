// SPDX-License-Identifier: Apache-2.0
// Writing the SPI flash behind an ESP32 by the boot loader's deflate commands. The loader erases the 4 kB sectors of
// what is announced. Commands carry no check sum, only data blocks do, so every part is verified by its MD5 at once
// and written again when it differs.
import { createHash } from 'node:crypto';
import { deflateSync } from 'node:zlib';
import { MoteError } from '../cli/errors.js';
import { LinkClosed } from '../link/byteReader.js';
import type { EspChip } from './espChips.js';
import { type EspSession, espChecksum, espOp } from './espSession.js';
import { words } from './words.js';

export const espSectorBytes = 4096;
/** How much is erased and written at once: what one lost byte costs. */
const partBytes = 1 << 16;
const tries = 3;
const syncTries = 5;
const romBlockBytes = 0x400;
const romReadBytes = 64;
const stubBlockBytes = 0x4000;
const msPerMiB = { erase: 40_000, md5: 8_000 };
const leastTimeoutMs = 3000;

const sizedTimeoutMs = (perMiB: number, bytes: number): number => Math.max((perMiB * bytes) / 2 ** 20, leastTimeoutMs);

export class EspVerifyError extends Error {}

export interface EspWriteContext {
  session: EspSession;
  chip: EspChip;
  /** Attaches the flash (again): a chip that was reset in between has forgotten it. */
  attach: () => Promise<unknown>;
}

/** MD5 of a range of the flash, lower-case hex. */
export async function espMd5(session: EspSession, offset: number, count: number): Promise<string> {
  const { data } = await session.request({
    op: espOp.flashMd5,
    data: words(offset, count, 0, 0),
    answerBytes: session.stub ? 16 : 32,
    timeoutMs: sizedTimeoutMs(msPerMiB.md5, count),
  });
  return Buffer.from(data)
    .toString(session.stub ? 'hex' : 'latin1')
    .toLowerCase();
}

/** The ROM reads 64 bytes at a time, which is enough for what lies beside an image in its first and last sector. */
export async function espRead(session: EspSession, offset: number, count: number): Promise<Uint8Array> {
  const out = new Uint8Array(count);
  for (let at = 0; at < count; at += romReadBytes) {
    const size = Math.min(romReadBytes, count - at);
    const request = { op: espOp.readFlashSlow, data: words(offset + at, size), answerBytes: romReadBytes };
    out.set((await session.request(request)).data.subarray(0, size), at);
  }
  const [digest, found] = [createHash('md5').update(out).digest('hex'), await espMd5(session, offset, count)];
  if (found !== digest) throw new EspVerifyError('what was read has another MD5 than what is there');
  return out;
}

async function writePart({ session, chip }: EspWriteContext, offset: number, part: Uint8Array): Promise<void> {
  const blockBytes = session.stub ? stubBlockBytes : romBlockBytes;
  const stream = deflateSync(part, { level: 9 });
  const blocks = Math.ceil(stream.length / blockBytes);
  // The ROM wants the size in whole blocks, the stub the exact one; sectors are multiples of both.
  const begin = [part.length, blocks, blockBytes, offset, ...(chip.beginHasFifthWord && !session.stub ? [0] : [])];
  const timeoutMs = sizedTimeoutMs(msPerMiB.erase, part.length);
  await session.request({ op: espOp.deflBegin, data: words(...begin), timeoutMs });
  for (let i = 0; i < blocks; i++) {
    const block = stream.subarray(i * blockBytes, (i + 1) * blockBytes);
    const data = Uint8Array.from(Buffer.concat([words(block.length, i, 0, 0), block]));
    await session.request({ op: espOp.deflData, data, checksum: espChecksum(block), timeoutMs });
  }
  const digest = createHash('md5').update(part).digest('hex');
  const found = await espMd5(session, offset, part.length);
  if (found !== digest) throw new EspVerifyError(`the MD5 at 0x${offset.toString(16)} is ${found}, not ${digest}`);
}

/** After a lost or damaged answer: whatever is on its way is let pass, and the loader asked to answer again. */
export async function espResync(session: EspSession): Promise<void> {
  for (let i = 0; ; i++) {
    try {
      await session.drain();
      await session.sync();
      return;
    } catch (error) {
      if (i + 1 === syncTries || error instanceof LinkClosed) throw error;
    }
  }
}

/** What fails once may work again after a new beginning; the last error is the one that counts. */
export async function espRetried<T>(
  session: EspSession,
  act: () => Promise<T>,
  attach: () => Promise<unknown> = async () => undefined,
): Promise<T> {
  for (let i = 1; ; i++) {
    try {
      if (i > 1) {
        await espResync(session);
        await attach();
      }
      return await act();
    } catch (error) {
      if (i === tries || error instanceof LinkClosed || error instanceof MoteError) throw error;
    }
  }
}

/** `bytes` are whole sectors. A part whose answer was lost is begun anew: a block sent twice would spoil the stream. */
export async function espWrite(
  context: EspWriteContext,
  offset: number,
  bytes: Uint8Array,
  onBytes: (done: number) => void,
): Promise<void> {
  for (let at = 0; at < bytes.length; at += partBytes) {
    const part = bytes.subarray(at, at + partBytes);
    await espRetried(context.session, () => writePart(context, offset + at, part), context.attach);
    onBytes(at + part.length);
  }
}
