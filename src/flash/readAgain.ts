// SPDX-License-Identifier: Apache-2.0
// Reading over a protocol whose answers have no check sum: one damaged byte on the line is no byte of the flash. What is
// to be written back counts when two reads in a row agree, and a difference only when it is there a second time.
import { fail } from '../cli/errors.js';
import { hex32 } from './eraseBlocks.js';
import type { FlashMemory } from './flashMemory.js';

type ReadableMemory = FlashMemory & Required<Pick<FlashMemory, 'read'>>;

const pieceBytes = 1024;
const mostReads = 6;
const unreported = (): void => undefined;

export const canRead = (memory: FlashMemory): memory is ReadableMemory => memory.read !== undefined;

/** For bytes that will be written back. */
export async function readSurely(
  memory: ReadableMemory,
  address: number,
  count: number,
  board: string,
): Promise<Uint8Array> {
  if (!memory.readUnchecked) return memory.read(address, count, unreported);
  const bytes = new Uint8Array(count);
  for (let at = 0; at < count; at += pieceBytes)
    bytes.set(await readPiece(memory, address + at, Math.min(pieceBytes, count - at), board), at);
  return bytes;
}

async function readPiece(memory: ReadableMemory, address: number, count: number, board: string): Promise<Uint8Array> {
  let last = await memory.read(address, count, unreported);
  for (let i = 1; i < mostReads; i++) {
    const again = await memory.read(address, count, unreported);
    if (Buffer.compare(last, again) === 0) return again;
    last = again;
  }
  return fail('flash.noisy', { board, range: `${hex32(address)} to ${hex32(address + count - 1)}`, count: mostReads });
}

/** First index at which `there` and, where that proves nothing, what is read once more differ from `bytes`; else -1. */
export async function surelyDiffers(
  memory: ReadableMemory,
  address: number,
  bytes: Uint8Array,
  there: Uint8Array,
): Promise<number> {
  const first = bytes.findIndex((b, i) => b !== there[i]);
  if (first < 0 || !memory.readUnchecked) return first;
  let last = bytes.length - 1;
  while (bytes[last] === there[last]) last--;
  const again = await memory.read(address + first, last + 1 - first, unreported);
  const at = again.findIndex((b, i) => b !== bytes[first + i]);
  there.set(again, first);
  return at < 0 ? at : first + at;
}
