// SPDX-License-Identifier: Apache-2.0
// What a firmware file puts where: the load segments of a 32-bit ELF, the blocks of a UF2, or a plain binary.
import { ElfError, readElf } from '../build/elf.js';

export interface FlashPart {
  address: number;
  bytes: Uint8Array;
}

/** Why the file is no image; the caller knows what to call the file. */
export class ImageError extends Error {}

const ELF_MAGIC = 0x464c457f; // "\x7fELF"
const UF2_MAGIC = [0x0a324655, 0x9e5d5157, 0x0ab16f30] as const; // first, second and last word of a block
const UF2_BLOCK_BYTES = 512;
const UF2_DATA_BYTES = 476;
const UF2_NOT_FLASH = 1;

/** The parts in file order. `base` is where a plain binary goes. */
export function parseFlashImage(file: Uint8Array, base: number): FlashPart[] {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const first = file.length >= 4 ? view.getUint32(0, true) : 0;
  const read: Record<number, () => FlashPart[]> = {
    [ELF_MAGIC]: () => elfParts(file),
    [UF2_MAGIC[0]]: () => uf2Parts(file, view),
  };
  const parts = read[first]?.() ?? [{ address: base, bytes: file }];
  const filled = parts.filter((part) => part.bytes.length > 0);
  if (filled.length === 0) throw new ImageError('there is nothing to load in it');
  return filled;
}

/** Segments at their load addresses: flash holds .data too. */
function elfParts(file: Uint8Array): FlashPart[] {
  try {
    return readElf(file).segments.map(({ loadAddress, offset, fileSize }) => ({
      address: loadAddress,
      bytes: slice(file, offset, fileSize),
    }));
  } catch (error) {
    if (error instanceof ElfError) throw new ImageError(error.message);
    throw error;
  }
}

/** UF2 (github.com/microsoft/uf2): blocks of 512 bytes, each with its own address. */
function uf2Parts(file: Uint8Array, view: DataView): FlashPart[] {
  if (file.length % UF2_BLOCK_BYTES !== 0) throw new ImageError('its last UF2 block is cut off');
  const parts: FlashPart[] = [];
  for (let at = 0; at < file.length; at += UF2_BLOCK_BYTES) {
    const magic = [view.getUint32(at, true), view.getUint32(at + 4, true), view.getUint32(at + 508, true)];
    if (magic.some((word, i) => word !== UF2_MAGIC[i]))
      throw new ImageError(`UF2 block ${at / UF2_BLOCK_BYTES} is damaged`);
    const bytes = view.getUint32(at + 16, true);
    if (bytes > UF2_DATA_BYTES) throw new ImageError(`UF2 block ${at / UF2_BLOCK_BYTES} says ${bytes} bytes`);
    const flags = view.getUint32(at + 8, true);
    if ((flags & UF2_NOT_FLASH) === 0)
      parts.push({ address: view.getUint32(at + 12, true), bytes: slice(file, at + 32, bytes) });
  }
  return parts;
}

function slice(file: Uint8Array, offset: number, bytes: number): Uint8Array {
  if (offset + bytes > file.length) throw new ImageError('a part of it lies past its end');
  return file.subarray(offset, offset + bytes);
}
