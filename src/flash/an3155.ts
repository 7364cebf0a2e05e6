// SPDX-License-Identifier: Apache-2.0
// The USART boot loader of STM32 and GD32 (ST AN3155) as a FlashMemory.
import { fail } from '../cli/errors.js';
import { LinkClosed, ReadTimeout } from '../link/byteReader.js';
import type { Link, ModemLines, Parity } from '../link/link.js';
import { type An3155Chip, an3155Chips, chipBlocks, gd32vw } from './an3155Chips.js';
import { An3155Session, command, limitMs, Refused } from './an3155Session.js';
import { eraseBlocks } from './eraseBlocks.js';
import type { ConnectFlash, EraseBlock, FlashMemory, FlashRequest } from './flashMemory.js';
import { defaultBaud, type OptionsOf } from './method.js';
import { playSequence } from './resetSequence.js';

export interface An3155Options {
  /** What GET ID may answer (`0x413`), or GET GD ID (four letters). */
  productIds: readonly string[];
  /** What of the chip may be erased. */
  blocks: readonly EraseBlock[];
  /** 115200 where it is left out. */
  baud?: number;
  /** `even` where it is left out; `none` for emulators and adapters whose line has no parity. */
  parity?: Parity;
  /** Most bytes of one WRITE, where the chip takes fewer than its family. */
  writeBytes?: number;
  /** Resets the board into its boot loader. Without it the user does. */
  enter?: () => Promise<void>;
  /** Starts the program in place of GO: by the lines, or by telling the user. */
  leave?: () => Promise<void>;
}

/** With the options of a board file. Where the link has no modem lines, BOOT0 and reset are the user's. */
export const connectAn3155: ConnectFlash<OptionsOf<'an3155'>> = (request, entry) => {
  const { baud, parity, productIds, writeBytes, enter, leave, start } = entry;
  const { can } = request.link;
  let lines: ModemLines = { dtr: false, rts: false };
  const play = (sequence: string) => async (): Promise<void> => {
    lines = await playSequence(request.link, sequence, { from: lines });
  };
  return openAn3155(request, {
    productIds,
    blocks: eraseBlocks(entry.blocks),
    ...(baud !== undefined && { baud }),
    ...(parity !== undefined && { parity }),
    ...(writeBytes !== undefined && { writeBytes }),
    ...(can.lines && enter !== undefined && { enter: play(enter) }),
    ...(can.lines && leave !== undefined && start === 'leave' && { leave: play(leave) }),
    ...(start === 'user' && {
      leave: async () => request.onStep?.('now set BOOT0 low and reset the board, so that the program starts'),
    }),
  });
};

export const openAn3155: ConnectFlash<An3155Options> = (request, options) =>
  orLost(request.link, '', () => connect(request, options));

async function connect(request: FlashRequest, options: An3155Options): Promise<FlashMemory> {
  await setFormat(request.link, options);
  const session = new An3155Session(request, options.enter);
  request.onStep?.('waiting for the boot loader');
  await session.synchronise();
  const { version, commands } = await session.get();
  const id = await identify(session, commands);
  const expected = options.productIds.map((text) => text.toLowerCase());
  if (!expected.includes(id.toLowerCase()))
    fail('flash.chip', {
      board: request.link.name,
      found: chipWords(id),
      expected: expected.map(chipWords).join(' or '),
    });
  const row = chipRow(id);
  const chip = `${chipWords(id)}, boot loader ${version >> 4}.${version & 15}`;
  await refuseProtected(session, options.blocks[0].address, chip);
  return memory({ session, request, options, chip, row, extended: commands.includes(command.extendedErase) });
}

/** A link that closes while connecting or starting; in between, writeImage knows in what state the board is left. */
async function orLost<T>(link: Link, state: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof LinkClosed) fail('flash.lost', { board: link.name, reason: error.message, state });
    throw error;
  }
}

async function setFormat(link: Link, { baud = defaultBaud, parity = 'even' }: An3155Options): Promise<void> {
  if (parity !== 'none' && !link.can.parity)
    fail('link.lacks', { port: link.name, method: 'AN3155', what: 'set a parity bit' });
  if (link.can.baud) await link.setFormat?.(link.can.parity ? { baud, parity } : { baud });
}

/** ST's chips know GET ID, the RISC-V ones of GigaDevice GET GD ID. */
async function identify(session: An3155Session, commands: readonly number[]): Promise<string> {
  if (commands.includes(command.getGdId)) return session.gdId();
  return `0x${(await session.productId()).toString(16).padStart(3, '0')}`;
}

const isNumber = (id: string): boolean => id.startsWith('0x');
const chipRow = (id: string): An3155Chip | undefined => (isNumber(id) ? an3155Chips[id.toLowerCase()] : gd32vw);

function chipWords(id: string): string {
  return isNumber(id) ? `${chipRow(id)?.name ?? 'a chip'} (product id ${id})` : `${gd32vw.name} (id ${id})`;
}

/** Readout protection refuses READ as a command. Taking it off would erase the whole chip: mote never does. */
async function refuseProtected(session: An3155Session, address: number, chip: string): Promise<void> {
  try {
    await readBlock(session, address, 4);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    fail('flash.locked', { board: session.request.link.name, chip });
  }
}

interface Connected {
  session: An3155Session;
  request: FlashRequest;
  options: An3155Options;
  chip: string;
  row: An3155Chip | undefined;
  extended: boolean;
}

function memory({ session, request, options, chip, row, extended }: Connected): FlashMemory {
  const { blocks } = options;
  // A chip that the table lacks is what its board file says, from the first block on.
  const numbers = new Map((row ? chipBlocks(row) : blocks).map((block, i) => [`${block.address}+${block.bytes}`, i]));
  const writeBytes = options.writeBytes ?? row?.writeBytes ?? 256;
  checkGeometry(blocks, numbers, chip, request.link.name);
  return {
    chip,
    blocks,
    writeAlignBytes: row?.writeAlignBytes ?? 4,
    erasedByte: 0xff,
    erase: async (list) => {
      for (const block of list) {
        const number = numbers.get(`${block.address}+${block.bytes}`);
        if (number === undefined) throw new RangeError('not an erase block of this memory');
        await notLocked(chip, request, () => eraseBlock(session, number, extended));
      }
    },
    write: async (address, bytes, onBytes) => {
      for (let at = 0; at < bytes.length; at += writeBytes) {
        const piece = bytes.subarray(at, at + writeBytes);
        await notLocked(chip, request, () => writeBlock(session, address + at, piece));
        onBytes(at + piece.length);
      }
    },
    // AN3155, section 3.4: the answer to READ is the bytes alone.
    readUnchecked: true,
    read: async (address, count, onBytes) => {
      const out = new Uint8Array(count);
      for (let at = 0; at < count; at += mostReadBytes) {
        const wanted = Math.min(mostReadBytes, count - at);
        out.set(await notLocked(chip, request, () => readBlock(session, address + at, wanted)), at);
        onBytes(at + wanted);
      }
      return out;
    },
    start: () =>
      orLost(request.link, '; the program was not started', () =>
        options.leave ? options.leave() : go(session, blocks[0].address),
      ),
  };
}

const mostReadBytes = 256;

/** The blocks of the board file are the chip's, or erasing would hit others. */
function checkGeometry(blocks: readonly EraseBlock[], numbers: Map<string, number>, chip: string, port: string): void {
  const stranger = blocks.find((b) => !numbers.has(`${b.address}+${b.bytes}`));
  if (!stranger) return;
  const expected = `a chip with an erase block of ${stranger.bytes} bytes at 0x${stranger.address.toString(16)}`;
  fail('flash.chip', { board: port, found: chip, expected });
}

/** A command refused for good, though the others are not: the chip is protected against it. */
async function notLocked<T>(chip: string, { link }: FlashRequest, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return fail('flash.refused', { board: link.name, what: error.what, reason: `${chip} does not allow it now` });
  }
}

/**
 * One block a request. A request with several lets one lost byte make other page numbers of the rest, and the one-byte
 * check of the frame may then hold by chance; it also may ask for more than a boot loader takes (512 pages on some L1).
 */
function eraseBlock(session: An3155Session, number: number, extended: boolean): Promise<void> {
  const what = `ERASE of block ${number}`;
  return session.retry(what, async () => {
    await session.command(extended ? command.extendedErase : command.erase);
    const frame = extended ? [0, 0, number >> 8, number & 0xff] : [0, number];
    await session.checked(what, frame, limitMs.erasePage);
  });
}

function writeBlock(session: An3155Session, address: number, bytes: Uint8Array): Promise<void> {
  const what = `WRITE at 0x${address.toString(16)}`;
  const padded = new Uint8Array(Math.ceil(bytes.length / 4) * 4).fill(0xff);
  padded.set(bytes);
  return session.retry(what, async (attempt) => {
    // Perhaps only the answer was lost; flash with ECC does not take the same bytes twice.
    if (attempt > 1 && Buffer.compare(await readOnce(session, address, padded.length), padded) === 0) return;
    await session.command(command.write);
    await session.address(what, address);
    await session.checked(what, [padded.length - 1, ...padded], limitMs.write);
  });
}

function readBlock(session: An3155Session, address: number, count: number): Promise<Uint8Array> {
  return session.retry(`READ at 0x${address.toString(16)}`, () => readOnce(session, address, count));
}

async function readOnce(session: An3155Session, address: number, count: number): Promise<Uint8Array> {
  const what = `READ at 0x${address.toString(16)}`;
  await session.command(command.read);
  await session.address(what, address);
  await session.length(count);
  // At 1200 baud, the slowest, 256 bytes of 11 bits take 2.4 s.
  const bytes = await session.take(count, count * 10);
  session.expectSilence(what);
  return bytes;
}

/** Silence after GO may be the program's: it was started where the boot loader is gone. */
async function go(session: An3155Session, address: number): Promise<void> {
  await session.retry('GO', async () => {
    await session.command(command.go);
    await session.address('GO', address).catch(async (error: Error) => {
      if (!(error instanceof ReadTimeout) || (await session.isStillThere())) throw error;
    });
  });
}
