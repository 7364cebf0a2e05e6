// SPDX-License-Identifier: Apache-2.0
// Raw binary: the image from its lowest to its highest address, gaps as erased flash (FF).
import { type Chunk, ImageError } from './image.js';

const erased = 0xff;

/** Refuses an image whose ends are further apart than `limitBytes`, which would be mostly gap. */
export function writeBin(image: readonly Chunk[], limitBytes = 64 * 1024 * 1024): Chunk {
  if (image.length === 0) return { address: 0, bytes: new Uint8Array() };
  const address = Math.min(...image.map((c) => c.address));
  const end = Math.max(...image.map((c) => c.address + c.bytes.length));
  if (end - address > limitBytes)
    throw new ImageError(
      `a binary from 0x${address.toString(16)} to 0x${end.toString(16)} would be ${end - address} bytes`,
    );
  const bytes = new Uint8Array(end - address).fill(erased);
  for (const chunk of image) bytes.set(chunk.bytes, chunk.address - address);
  return { address, bytes };
}
