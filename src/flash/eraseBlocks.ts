// SPDX-License-Identifier: Apache-2.0
// The erase geometry of a board file as blocks, and which of them an image touches.
import type { Chunk } from '../build/image.js';
import type { EraseRuns } from '../generated/board.js';
import type { EraseBlock } from './flashMemory.js';

/** Runs of equal blocks written out, in order of address. */
export function eraseBlocks(runs: EraseRuns): EraseBlock[] {
  return runs.flatMap(({ start, bytes, count }) =>
    Array.from({ length: count }, (_, i) => ({ address: Number(start) + i * bytes, bytes })),
  );
}

export const blockEnd = (block: EraseBlock): number => block.address + block.bytes;

/** The parts of the chunks that lie in [from, to). */
export function chunksWithin(image: readonly Chunk[], from: number, to: number): Chunk[] {
  return image.flatMap(({ address, bytes }) => {
    const start = Math.max(address, from);
    const end = Math.min(address + bytes.length, to);
    return start < end ? [{ address: start, bytes: bytes.subarray(start - address, end - address) }] : [];
  });
}

/** `count` bytes of the image from `address`, a copy; undefined where the image has a gap. */
export function bytesAt(image: readonly Chunk[], address: number, count: number): Uint8Array | undefined {
  const parts = chunksWithin(image, address, address + count);
  const bytes = Uint8Array.from(Buffer.concat(parts.map((p) => p.bytes)));
  return bytes.length === count ? bytes : undefined;
}

/** A block that the image touches, and what of the image lies in it. */
export interface TouchedBlock {
  block: EraseBlock;
  parts: Chunk[];
}

/** Both lists are in order of address. */
export function touchedBlocks(image: readonly Chunk[], blocks: readonly EraseBlock[]): TouchedBlock[] {
  const touched: TouchedBlock[] = [];
  let first = 0;
  for (const block of blocks) {
    while (first < image.length && chunkEnd(image[first]) <= block.address) first++;
    let last = first;
    while (last < image.length && image[last].address < blockEnd(block)) last++;
    if (last > first)
      touched.push({ block, parts: chunksWithin(image.slice(first, last), block.address, blockEnd(block)) });
  }
  return touched;
}

/** The first address of the image that lies in no block, or undefined. Both lists are in order of address. */
export function firstOutside(image: readonly Chunk[], blocks: readonly EraseBlock[]): number | undefined {
  let next = 0;
  for (const chunk of image) {
    for (let at = chunk.address; at < chunkEnd(chunk); at = blockEnd(blocks[next])) {
      while (next < blocks.length && blockEnd(blocks[next]) <= at) next++;
      if (next === blocks.length || blocks[next].address > at) return at;
    }
  }
  return undefined;
}

const chunkEnd = (chunk: Chunk): number => chunk.address + chunk.bytes.length;

export const hex32 = (address: number): string => `0x${address.toString(16).padStart(8, '0')}`;
