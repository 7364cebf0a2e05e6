// SPDX-License-Identifier: Apache-2.0
// Flashes by SAM-BA, the boot loader of Arduino's SAM D boards and of the Nano 33 BLE. Its commands have no check sum. A
// SAM D21 is therefore written by mote's own program in its RAM (samBaApplet.ts), while its flash controller is locked for
// all others; on an nRF52840 all that the image does not need is locked (samBaLocks.ts). There and on other chips what is to
// be written goes into RAM, its check sum is asked for, then one command programs it; erasing goes by the chip's registers.
import { fail } from '../cli/errors.js';
import type { SamBaFlash } from '../generated/board.js';
import { LinkClosed, ReadTimeout } from '../link/byteReader.js';
import { crc16 } from './crc16.js';
import { blockEnd, eraseBlocks } from './eraseBlocks.js';
import type { ConnectFlash, EraseBlock, FlashMemory, FlashRequest } from './flashMemory.js';
import { guardSamd21, Samd21Flash } from './samBaApplet.js';
import { type SamBaChip, samBaChips } from './samBaChips.js';
import { lockOthers } from './samBaLocks.js';
import { SamBaRefusal, SamBaSession } from './samBaSession.js';

/** The most that the boot loaders program at once. */
const bufferBytes = 4096;
const readBytes = 1024;
const tries = 3;
/** Erasing takes milliseconds; each question takes about one. */
const mostReadyQuestions = 1000;
const resetRegister = 0xe000ed0c;
const resetValue = 0x05fa0004;

/** Errors of the protocol as sentences; everything else passes. */
async function told<T>(request: FlashRequest, what: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    const board = request.link.name;
    if (error instanceof SamBaRefusal) fail('flash.refused', { board, what, reason: error.message });
    if (error instanceof ReadTimeout) fail('flash.silent', { board, reason: `${error.message} while ${what}` });
    if (error instanceof LinkClosed) fail('flash.lost', { board, reason: error.message });
    throw error;
  }
}

/** What fails once is begun anew from a known state. */
async function retried<T>(session: SamBaSession, act: () => Promise<T>): Promise<T> {
  for (let i = 1; ; i++) {
    try {
      if (i > 1) await session.sync();
      return await act();
    } catch (error) {
      if (i === tries || error instanceof LinkClosed) throw error;
    }
  }
}

async function expectChip(session: SamBaSession, request: FlashRequest, chip: SamBaChip): Promise<void> {
  const found = await retried(session, async () => {
    const word = await session.readWord(chip.id.address);
    if ((word & chip.id.mask) >>> 0 !== chip.id.value) throw new SamBaRefusal(`0x${word.toString(16)}`);
    return word;
  }).catch((error: unknown) => {
    if (!(error instanceof SamBaRefusal)) throw error;
    return fail('flash.chip', {
      board: request.link.name,
      found: `a chip with the identity ${error.message}`,
      expected: chip.name,
    });
  });
  request.onStep?.(`${chip.name}, identity 0x${found.toString(16)}`);
}

async function eraseUnit(session: SamBaSession, { erase, eraseBytes }: SamBaChip, address: number): Promise<void> {
  // Commands carry no check sum; the address that arrived is read back before anything is erased at it.
  const [register, value] = erase.prepare(address);
  await session.writeWord(register, value);
  const held = await session.readWord(register);
  if (held !== value) throw new SamBaRefusal(`register 0x${register.toString(16)} holds 0x${held.toString(16)}`);
  await session.writeWord(...erase.trigger(address));
  for (let i = 0; ((await session.readWord(erase.ready.register)) & erase.ready.mask) === 0; i++)
    if (i === mostReadyQuestions)
      throw new SamBaRefusal(`the flash stays busy after erasing 0x${address.toString(16)}`);
  for (const written of erase.after) await session.writeWord(...written);
  // A command that was lost on the line leaves no other trace.
  const erased = crc16(new Uint8Array(eraseBytes).fill(0xff));
  if ((await session.crc16(address, eraseBytes)) !== erased)
    throw new SamBaRefusal(`0x${address.toString(16)} is not erased`);
}

async function eraseAll(session: SamBaSession, chip: SamBaChip, blocks: readonly EraseBlock[]): Promise<void> {
  for (const { address, bytes } of blocks)
    for (let at = 0; at < bytes; at += chip.eraseBytes)
      await retried(session, () => eraseUnit(session, chip, address + at));
}

async function writePart(session: SamBaSession, chip: SamBaChip, address: number, part: Uint8Array): Promise<void> {
  await session.writeChecked(chip.bufferAddress, part);
  await session.program(chip.bufferAddress, address, part.length);
}

async function readChecked(session: SamBaSession, address: number, count: number): Promise<Uint8Array> {
  const bytes = await session.read(address, count);
  if ((await session.crc16(address, count)) !== crc16(bytes))
    throw new SamBaRefusal('what was read has another check sum than what is there');
  return bytes;
}

async function open(session: SamBaSession, request: FlashRequest, options: SamBaFlash): Promise<string> {
  const chip: SamBaChip = samBaChips[options.chip];
  await session.sync((number) => {
    if (request.signal?.aborted) fail('flash.interrupted', { state: '; nothing was erased' });
    request.onStep?.(`waiting for the boot loader (try ${number} of 7)`);
  });
  await expectChip(session, request, chip);
  if (chip.guard === 'applet') await retried(session, () => guardSamd21(session));
  if (!chip.guard) request.onStep?.('commands that the line damages are not noticed before they have acted');
  const version = await retried(session, () => session.version());
  const abilities = /\[Arduino:([A-Z]+)\]/.exec(version)?.[1] ?? '';
  if (!abilities.includes('Y') || !abilities.includes('Z'))
    throw new SamBaRefusal(`its version is '${version.slice(0, 80)}', without the commands Y and Z`);
  if (options.blocks.some(({ start, bytes }) => Number(start) % chip.eraseBytes || bytes % chip.eraseBytes))
    throw new SamBaRefusal(`the board file's erase blocks are no multiples of ${chip.eraseBytes}`);
  return version;
}

export const connectSamBa: ConnectFlash<SamBaFlash> = async (request, options) => {
  const chip: SamBaChip = samBaChips[options.chip];
  const session = new SamBaSession(
    request.link,
    options.transfer === 'xmodem',
    request.timeScale ?? 1,
    2 * bufferBytes,
  );
  const version = await told(request, 'connecting', () => open(session, request, options));
  return {
    chip: `${chip.name}, SAM-BA ${version}`,
    blocks: eraseBlocks(options.blocks),
    writeAlignBytes: options.pageBytes,
    erasedByte: 0xff,
    read: (address, count, onBytes) => told(request, 'reading', () => readAll(session, address, count, onBytes)),
    start: () => told(request, 'starting the program', () => session.writeWord(resetRegister, resetValue)),
    ...(chip.guard === 'applet' ? byApplet(session, request) : byCommands(session, request, chip)),
  };
};

type Changing = Pick<FlashMemory, 'announce' | 'erase' | 'write' | 'digest'>;

function byApplet(session: SamBaSession, request: FlashRequest): Changing {
  const flash = new Samd21Flash(session);
  return {
    announce: async (blocks) => flash.announce(blocks[0].address, blockEnd(blocks[blocks.length - 1])),
    write: (address, bytes, onBytes) => told(request, 'writing', () => flash.write(address, bytes, onBytes)),
    digest: (address, count) =>
      told(request, 'verifying', async () => ({ kind: 'crc32', hex: await flash.digest(address, count) })),
  };
}

function byCommands(session: SamBaSession, request: FlashRequest, chip: SamBaChip): Changing {
  const { guard } = chip;
  return {
    ...(typeof guard === 'object' && {
      announce: (blocks) =>
        told(request, 'locking what the image does not need', () =>
          retried(session, () => lockOthers(session, guard, blocks)),
        ),
    }),
    erase: (blocks) => told(request, 'erasing', () => eraseAll(session, chip, blocks)),
    write: (address, bytes, onBytes) =>
      told(request, 'writing', async () => {
        for (let at = 0; at < bytes.length; at += bufferBytes) {
          const part = bytes.subarray(at, at + bufferBytes);
          await retried(session, () => writePart(session, chip, address + at, part));
          onBytes(at + part.length);
        }
      }),
  };
}

async function readAll(
  session: SamBaSession,
  address: number,
  count: number,
  onBytes: (done: number) => void,
): Promise<Uint8Array> {
  const out = new Uint8Array(count);
  for (let at = 0; at < count; at += readBytes) {
    const size = Math.min(readBytes, count - at);
    out.set(await retried(session, () => readChecked(session, address + at, size)), at);
    onBytes(Math.min(at + readBytes, count));
  }
  return out;
}
