// SPDX-License-Identifier: Apache-2.0
// A memory image: what goes into flash, by address. UF2, HEX and BIN are ways to write it down.
import { type Elf, type ElfSegment, sectionFlags, sectionTypes } from './elf.js';

export interface Chunk {
  address: number;
  bytes: Uint8Array;
}

/** Why bytes are no image in the format that they should be in. */
export class ImageError extends Error {}

/** Chunks in order of address, adjacent ones joined; overlap is an error. */
export function joinChunks(chunks: readonly Chunk[]): Chunk[] {
  const sorted = chunks.filter((c) => c.bytes.length > 0).sort((a, b) => a.address - b.address);
  const groups: Chunk[][] = [];
  let end = -1;
  for (const chunk of sorted) {
    if (chunk.address < end) throw new ImageError(`the image overlaps itself at 0x${chunk.address.toString(16)}`);
    if (chunk.address === end) groups.at(-1)?.push(chunk);
    else groups.push([chunk]);
    end = chunk.address + chunk.bytes.length;
  }
  return groups.map((group) => ({
    address: group[0].address,
    bytes: Uint8Array.from(Buffer.concat(group.map((c) => c.bytes))),
  }));
}

/**
 * What a flasher writes for this program: the loaded segments at their load addresses. A segment without a section is
 * the file's own headers, which lld loads where the addresses below the program are free.
 */
export function imageOf(elf: Elf): Chunk[] {
  const sections = elf.sections.filter(
    (s) => s.flags & sectionFlags.alloc && s.type !== sectionTypes.nobits && s.size > 0,
  );
  const holdsSection = ({ offset, fileSize }: ElfSegment): boolean =>
    sections.length === 0 || sections.some((s) => s.offset >= offset && s.offset < offset + fileSize);
  return joinChunks(
    elf.segments
      .filter(holdsSection)
      .map((s) => ({ address: s.loadAddress, bytes: elf.bytes.subarray(s.offset, s.offset + s.fileSize) })),
  );
}
