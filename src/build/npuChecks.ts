// SPDX-License-Identifier: Apache-2.0
// What is built for an NPU must be for the one that the board has: Arm's driver refuses a stream for other hardware, on the
// device, where nobody sees why.
import { fail } from '../cli/errors.js';
import type { Board } from '../generated/board.js';
import type { PackManifest } from '../generated/pack.js';
import { configOf, DriverRefusal } from '../npu/ethosu/driverModel.js';
import { magic } from '../npu/ethosu/payload.js';
import { knownTarget } from './boards.js';
import type { Chunk } from './image.js';

const npuOf = (board: Board): string | undefined => knownTarget(board)?.npu?.config;
const named = (config: string): string => `${/^[aeiou]/.test(config) ? 'an' : 'a'} ${config}`;
const words = (config: string | undefined): string => (config ? named(config) : 'no NPU');

/** Whether the NPU computes anything of it. */
export const hasNpuParts = ({ npu }: PackManifest): boolean => npu !== undefined && npu.blobs.length > 0;

/** The pack's NPU is the board's, and there is a driver for it. */
export function requireNpu(manifest: PackManifest, board: Board): void {
  const { npu, name } = manifest;
  if (!npu || !hasNpuParts(manifest)) return;
  const has = npuOf(board);
  if (npu.config !== has)
    fail('npu.board', { what: `${name} is packed`, config: named(npu.config), board: board.id, has: words(has) });
  // The K210's C writes the KPU's registers itself.
  if (npu.backend !== 'k210' && board.emulator?.kind !== 'qemu') fail('npu.driver', { board: board.id });
}

/** Hardware that the command streams of an image are for, by address. */
export function streamConfigs(chunks: readonly Chunk[]): { address: number; config: string; word: number }[] {
  return chunks.flatMap(({ address, bytes }) => {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const found: { address: number; config: string; word: number }[] = [];
    for (let at = (16 - (address % 16)) % 16; at + 16 <= bytes.length; at += 16) {
      if (view.getUint32(at, true) !== magic) continue;
      try {
        const { id, configWord } = configOf(bytes.slice(at));
        found.push({ address: address + at, config: id, word: configWord });
      } catch (error) {
        // Four letters that happen to stand there begin no payload.
        if (!(error instanceof DriverRefusal)) throw error;
      }
    }
    return found;
  });
}

/** An image from elsewhere: its streams are for the board's NPU, if it has one. What a board without one does with a stream
 *  is not known. */
export function requireForeignStreams(chunks: readonly Chunk[], board: Board): void {
  if (npuOf(board) !== undefined) requireStreams(chunks, board);
}

/** Every stream in the image is for the board's NPU, whatever the pack says. */
export function requireStreams(chunks: readonly Chunk[], board: Board): void {
  const has = npuOf(board);
  for (const { address, config, word } of streamConfigs(chunks)) {
    if (config === has) continue;
    const what = `the image has a command stream at 0x${address.toString(16)} (word 0x${word.toString(16)})`;
    fail('npu.board', { what, config: named(config), board: board.id, has: words(has) });
  }
}
