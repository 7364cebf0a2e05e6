// SPDX-License-Identifier: Apache-2.0
// What a K210's boot ROM reads from the start of its SPI flash: a byte of flags, the size, the program, SHA-256 of all of
// that. It copies the program to RAM and starts it there. Fields: kflash.py (sipeed), flash_firmware; the limit:
// https://github.com/laanwj/k210-sdk-stuff/tree/master/rom (boot_main)
import { createHash } from 'node:crypto';
import type { Chunk } from '../build/image.js';
import { fail } from '../cli/errors.js';
import type { Board } from '../generated/board.js';
import { hex32 } from './eraseBlocks.js';

const programStart = 0x8000_0000;
/** Above this the ROM gives up: its own memory follows. */
const mostProgramBytes = 0x5f_c000;
/** Not encrypted (bit 0), read by two data lines and not by four (bit 1), as kflash does unless told otherwise. */
const flags = 2;
const headBytes = 5;

/** Where a plain binary for a board with a K210 goes: there is no other place. */
export const k210Address = (board: Board): number | undefined =>
  board.flash?.some(({ method }) => method === 'k210-isp') ? programStart : undefined;

/** One chunk at offset 0 of the flash. Between the parts of an image there are zeros. */
export function packK210(image: readonly Chunk[], board: Board): Chunk[] {
  const refuse = (reason: string): never => fail('flash.image', { board: board.id, reason });
  const first = Math.min(...image.map(({ address }) => address));
  const end = Math.max(...image.map(({ address, bytes }) => address + bytes.length));
  if (first !== programStart)
    refuse(`it begins at ${hex32(first)}; the boot ROM copies a program to ${hex32(programStart)} and starts it there`);
  if (end - programStart > mostProgramBytes)
    refuse(`it has ${end - programStart} bytes; the boot ROM takes a program of at most ${mostProgramBytes}`);
  const size = end - programStart;
  const bytes = new Uint8Array(headBytes + size);
  bytes[0] = flags;
  new DataView(bytes.buffer).setUint32(1, size, true);
  for (const chunk of image) bytes.set(chunk.bytes, headBytes + chunk.address - programStart);
  const digest = createHash('sha256').update(bytes).digest();
  return [{ address: 0, bytes: Uint8Array.from(Buffer.concat([bytes, digest])) }];
}
