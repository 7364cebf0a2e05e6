// SPDX-License-Identifier: Apache-2.0
// The programs that mote puts into a chip's RAM to flash it, as buildLoaders.ts has compiled them from runtime-c/flash/.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../packageRoot.js';

/** Chips with the loader of two parts (runtime-c/flash/loader.h). */
export type RamLoaderChip = 'esp32c3' | 'esp32c6' | 'k210';

/** Numbers as hexadecimal text, bytes in base64. */
export type LoaderFile = Record<RamLoaderChip, { address: string; core: string; extension: string }> & {
  samd21: { address: string; program: string };
};

export const loaderPath: string = join(packageRoot, 'runtime-c', 'flash', 'loaders.json');

export interface RamLoaderCode {
  /** Where the core is loaded and begins. */
  address: number;
  /** Ends with its own CRC-32. */
  core: Uint8Array;
  extension: Uint8Array;
}

const readLoaders = (): LoaderFile => JSON.parse(readFileSync(loaderPath, 'utf8')) as LoaderFile;
const bytesOf = (base64: string): Uint8Array => Uint8Array.from(Buffer.from(base64, 'base64'));

/** Undefined for a chip that no compiler of mote's builds for (Xtensa). */
export function ramLoaderFor(chip: string): RamLoaderCode | undefined {
  const { esp32c3, esp32c6, k210 } = readLoaders();
  const loader = new Map(Object.entries({ esp32c3, esp32c6, k210 })).get(chip);
  return (
    loader && { address: Number(loader.address), core: bytesOf(loader.core), extension: bytesOf(loader.extension) }
  );
}

/** The program for the flash of a SAM D21: where it lies and begins, and its bytes, which end with their CRC-32. */
export function samd21Applet(): { address: number; program: Uint8Array } {
  const { address, program } = readLoaders().samd21;
  return { address: Number(address), program: bytesOf(program) };
}
