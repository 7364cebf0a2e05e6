// SPDX-License-Identifier: Apache-2.0
// The slot that a board's MCUboot takes images for by serial recovery, and what must hold of an image for it before
// anything is sent: signed, in the slot, nothing behind it, and vectors where a Cortex-M can have them.
import { writeBin } from '../build/bin.js';
import type { Chunk } from '../build/image.js';
import { regionOf } from '../build/linkerScript.js';
import { fail } from '../cli/errors.js';
import type { Board } from '../generated/board.js';
import { bytesAt, eraseBlocks, firstOutside, hex32 } from './eraseBlocks.js';
import type { EraseBlock } from './flashMemory.js';
import { hasMcubootMagic, type McubootImage, mcubootHeaderBytes, readMcubootImage } from './mcubootImage.js';

/** Armv7-M, B3.2.5: the low seven bits of VTOR are zero. A core with more vectors needs more. */
const leastVectorAlign = 128;
/** Of the header and its padding: aligns the vectors of any Cortex-M here. */
export const mcubootVectorOffset = 0x200;

export function mcubootSlot(board: Board): EraseBlock | undefined {
  const entry = board.flash?.find((e) => e.method === 'smp');
  return entry ? eraseBlocks(entry.blocks)[0] : undefined;
}

/** Whether this is an image for the board's MCUboot; one that brings its own start of flash is none. */
export function isSigned(image: readonly Chunk[], board: Board): boolean {
  const slot = mcubootSlot(board);
  if (!slot || bytesAt(image, Number(regionOf(board, 'flash').start), 1)) return false;
  const header = bytesAt(image, slot.address, mcubootHeaderBytes);
  return header !== undefined && hasMcubootMagic(header);
}

/** Where a plain binary without an address goes: into the slot if it is for MCUboot, or must be for this method. */
export function slotAddress(bytes: Uint8Array, board: Board, method: string | undefined): number | undefined {
  return method === 'smp' || hasMcubootMagic(bytes) ? mcubootSlot(board)?.address : undefined;
}

/** The image's header, or what is wrong with it in words. One that is not signed fails with how to sign it. */
export function wrongSigned(image: readonly Chunk[], slot: EraseBlock, board: Board): McubootImage | string {
  const outside = firstOutside(image, [slot]);
  if (outside !== undefined && isSigned(image, board))
    return `it has bytes at ${hex32(outside)}, outside of the slot that MCUboot takes images for`;
  const whole = outside === undefined ? writeBin(image) : undefined;
  const bytes = whole?.address === slot.address ? whole.bytes : undefined;
  const signed = bytes && readMcubootImage(bytes);
  if (!bytes || !signed) return failUnsigned(bytes, slot, board);
  if (bytes.subarray(signed.bytes).some((byte) => byte !== 0xff))
    return 'there are bytes behind its signature: sign it without --pad';
  if ((slot.address + signed.headerBytes) % leastVectorAlign !== 0)
    return `its header of ${signed.headerBytes} bytes leaves the vectors where the chip cannot have them: sign it with --header-size 0x${mcubootVectorOffset.toString(16)}`;
  return signed;
}

function failUnsigned(bytes: Uint8Array | undefined, slot: EraseBlock, board: Board): never {
  const reason = bytes && hasMcubootMagic(bytes) ? 'its header or its hash is damaged' : 'it has no header of MCUboot';
  return fail('flash.unsigned', {
    board: board.id,
    reason,
    start: hex32(slot.address + mcubootVectorOffset),
    header: `0x${mcubootVectorOffset.toString(16)}`,
    slot: `0x${slot.bytes.toString(16)}`,
  });
}
