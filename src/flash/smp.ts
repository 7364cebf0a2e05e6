// SPDX-License-Identifier: Apache-2.0
// Flashes by MCUboot's serial recovery (SMP on a console). The boot loader erases its slot when the first part of an image
// comes, takes the image in order, and says of each image that it holds whose hash it has checked.
// https://docs.mcuboot.com/serial_recovery.html
import { createHash } from 'node:crypto';
import { fail } from '../cli/errors.js';
import type { SmpFlash } from '../generated/board.js';
import { ByteReader, LinkClosed, ReadTimeout } from '../link/byteReader.js';
import { eraseBlocks } from './eraseBlocks.js';
import type { ConnectFlash, FlashMemory, FlashRequest } from './flashMemory.js';
import { readMcubootImage } from './mcubootImage.js';
import { sendBytes } from './sendBytes.js';
import { SmpDeframer, smpFrame, smpFrameBytes } from './smpFrame.js';
import {
  decodeSmp,
  encodeSmp,
  type SmpCommand,
  type SmpPacket,
  smpCommands,
  smpError,
  smpErrorWords,
} from './smpPacket.js';

const answerTimeoutMs = 2000;
/** The first part of an image erases the slot. */
const eraseTimeoutMs = 60_000;
const connectTries = 7;
const tries = 4;
/** MCUboot's default receive buffer, where it does not say. */
const defaultBufferBytes = 512;
const mostBufferBytes = 4096;
/** What CBOR needs more for the length of some hundred bytes than for that of none. */
const cborLengthBytes = 2;
const erasedByte = 0xff;

/** The boot loader answered, and the answer is no. */
export class SmpRefusal extends Error {}

export class SmpSession {
  readonly #reader: ByteReader;
  readonly #frames = new SmpDeframer();
  #sequence = 0;

  constructor(readonly request: FlashRequest) {
    this.#reader = new ByteReader(request.link);
  }

  /** Asked again where no answer comes; SMP's commands may come twice. */
  async ask(command: SmpCommand, body: SmpPacket['body'], timeoutMs = answerTimeoutMs, most = tries) {
    for (let i = 1; ; i++) {
      try {
        return await this.#once(command, body, timeoutMs);
      } catch (error) {
        if (i >= most || !(error instanceof ReadTimeout)) throw error;
      }
    }
  }

  async send(command: SmpCommand, body: SmpPacket['body']): Promise<void> {
    this.#sequence = (this.#sequence + 1) & 0xff;
    await sendBytes(this.request.link, smpFrame(encodeSmp({ ...command, sequence: this.#sequence, body })));
  }

  async #once(command: SmpCommand, body: SmpPacket['body'], timeoutMs: number): Promise<SmpPacket['body']> {
    this.#reader.discard();
    await this.send(command, body);
    const deadline = performance.now() + timeoutMs * (this.request.timeScale ?? 1);
    for (;;) {
      const line = await this.#reader.takeThrough(0x0a, Math.max(deadline - performance.now(), 0), 1 << 16);
      const packet = this.#frames.push(line);
      const answer = packet && decodeSmp(packet);
      if (!answer || answer.op !== command.op + 1 || answer.sequence !== this.#sequence) continue;
      if (answer.group !== command.group || answer.id !== command.id) continue;
      const error = smpError(answer.body);
      if (error !== 0) throw new SmpRefusal(smpErrorWords(error));
      return answer.body;
    }
  }
}

async function told<T>(request: FlashRequest, what: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    const board = request.link.name;
    if (error instanceof SmpRefusal) fail('flash.refused', { board, what, reason: error.message });
    if (error instanceof ReadTimeout) fail('flash.silent', { board, reason: `${error.message} while ${what}` });
    if (error instanceof LinkClosed) fail('flash.lost', { board, reason: error.message });
    throw error;
  }
}

export interface SmpImageState {
  slot: number;
  version: string;
  hash: string | undefined;
  confirmed: boolean | undefined;
}

/** The images that the boot loader has found to be whole and signed. */
export async function smpImages(session: SmpSession, timeoutMs = answerTimeoutMs): Promise<SmpImageState[]> {
  const { images } = await session.ask(smpCommands.imageState, {}, timeoutMs);
  if (!Array.isArray(images)) return [];
  return images.map((image: Record<string, unknown>) => ({
    slot: Number(image?.slot ?? 0),
    version: String(image?.version ?? ''),
    hash: image?.hash instanceof Uint8Array ? Buffer.from(image.hash).toString('hex') : undefined,
    confirmed: typeof image?.confirmed === 'boolean' ? image.confirmed : undefined,
  }));
}

/** Connecting asks for what every recovery mode answers; nothing is changed by it. */
async function reach(session: SmpSession): Promise<SmpImageState[]> {
  const { request } = session;
  for (let i = 1; ; i++) {
    if (request.signal?.aborted) fail('flash.interrupted', { state: '; nothing was erased' });
    request.onStep?.(`waiting for the boot loader (try ${i} of ${connectTries})`);
    try {
      return await smpImages(session, answerTimeoutMs / 2);
    } catch (error) {
      if (i === connectTries || error instanceof LinkClosed) throw error;
    }
  }
}

async function bufferBytes(session: SmpSession): Promise<number> {
  try {
    const { buf_size } = await session.ask(smpCommands.params, {}, answerTimeoutMs / 2, 2);
    const size = Number(buf_size);
    return Number.isInteger(size) && size >= 128 ? Math.min(size, mostBufferBytes) : defaultBufferBytes;
  } catch (error) {
    if (error instanceof LinkClosed) throw error;
    return defaultBufferBytes; // older boot loaders do not know the question
  }
}

/** Most bytes of data so that the base64 of the packet, with these other fields, fits into the receiver's buffer. */
function dataBytes(buffer: number, others: SmpPacket['body']): number {
  const empty = encodeSmp({ ...smpCommands.upload, sequence: 0, body: { ...others, data: new Uint8Array(0) } });
  return Math.floor(buffer / 4) * 3 - smpFrameBytes - empty.length - cborLengthBytes;
}

async function upload(
  session: SmpSession,
  image: Uint8Array,
  number: number,
  buffer: number,
  onBytes: (done: number) => void,
): Promise<void> {
  const sha = createHash('sha256').update(image).digest();
  let [at, stalls] = [0, 0];
  while (at < image.length) {
    const first = at === 0;
    const extra = first ? { len: image.length, sha: Uint8Array.from(sha), ...(number > 0 && { image: number }) } : {};
    const others = { ...extra, off: at };
    const data = image.slice(at, at + dataBytes(buffer, others));
    const answer = await askPart(session, { ...others, data }, first);
    const next = Number(answer?.off ?? Number.NaN);
    const taken = Number.isInteger(next) && next > at && next <= image.length;
    // Where it wants another part (it was reset, or a part came twice), it gets that one.
    if (!taken && ++stalls > tries) throw new SmpRefusal(`it does not take the part at ${at}`);
    at = Number.isInteger(next) && next >= 0 && next <= image.length ? next : at;
    onBytes(at);
  }
}

/** Undefined where it said no; the caller asks again or gives up. */
async function askPart(session: SmpSession, body: SmpPacket['body'], first: boolean) {
  try {
    return await session.ask(smpCommands.upload, body, first ? eraseTimeoutMs : answerTimeoutMs);
  } catch (error) {
    if (error instanceof SmpRefusal) return undefined;
    throw error;
  }
}

class SmpMemory implements FlashMemory {
  readonly chip: string;
  readonly blocks;
  readonly writeAlignBytes = 1;
  readonly erasedByte = erasedByte;
  /** SHA-256 of the slot as it must be, once the boot loader has named the hash of the image in it. */
  #proof: { bytes: Uint8Array } | undefined;
  #start: (() => Promise<void>) | undefined;

  constructor(
    readonly session: SmpSession,
    readonly options: SmpFlash,
    readonly buffer: number,
    images: SmpImageState[],
  ) {
    const held = images.map(({ slot, version }) => `slot ${slot} has ${version}`).join(', ') || 'no image';
    this.chip = `MCUboot serial recovery, ${held}`;
    this.blocks = eraseBlocks(options.blocks);
  }

  async write(_: number, slot: Uint8Array, onBytes: (done: number) => void): Promise<void> {
    const { request } = this.session;
    const image = readMcubootImage(slot);
    if (!image)
      fail('flash.image', {
        board: request.link.name,
        reason: 'it is not signed for MCUboot (imgtool sign): it has no header or no hash',
      });
    if (slot.subarray(image.bytes).some((byte) => byte !== erasedByte))
      fail('flash.image', {
        board: request.link.name,
        reason: 'there are bytes behind its signature: sign it without --pad',
      });
    const bytes = slot.slice(0, image.bytes);
    await told(request, 'uploading', () => upload(this.session, bytes, this.options.image ?? 0, this.buffer, onBytes));
    const images = await told(request, 'checking', () => smpImages(this.session, answerTimeoutMs * 5));
    const found = images.find(({ hash }) => hash === image.hash);
    if (images.some(({ hash }) => hash !== undefined) || images.length === 0) {
      if (!found)
        fail('flash.differs', {
          board: request.link.name,
          reason: `MCUboot does not find the image with hash ${image.hash.slice(0, 16)} to be whole and signed`,
        });
      this.#proof = { bytes: slot.slice() };
    }
    this.#start = async () => {
      // In a second slot an image has to be named before it is started; in the first there is nothing to name.
      if (found?.confirmed === false && found.slot > 0)
        await this.session.ask(smpCommands.setImageState, { hash: Buffer.from(image.hash, 'hex'), confirm: true });
    };
  }

  /** Only after an upload, and only of a boot loader that names hashes: it has computed the one over header and program. */
  get digest(): FlashMemory['digest'] {
    const proof = this.#proof;
    if (!proof) return undefined;
    const [{ address }] = this.blocks;
    return async (from, count) => {
      const range = proof.bytes.subarray(from - address, from - address + count);
      return { kind: 'sha256', hex: createHash('sha256').update(range).digest('hex') };
    };
  }

  async start(): Promise<void> {
    await told(this.session.request, 'starting the program', async () => {
      await this.#start?.();
      await this.session.send(smpCommands.reset, {});
    });
  }
}

export const connectSmp: ConnectFlash<SmpFlash> = async (request, options) => {
  const session = new SmpSession(request);
  return told(request, 'connecting', async () => {
    if (options.blocks.length !== 1 || options.blocks[0].count !== 1)
      throw new SmpRefusal('the board file must give the slot of the image as one erase block');
    const images = await reach(session);
    return new SmpMemory(session, options, await bufferBytes(session), images);
  });
};
