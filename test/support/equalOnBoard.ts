// SPDX-License-Identifier: Apache-2.0
// A pack on an emulated board: its answers, guards, stack and layers against the host.
import { join } from 'node:path';
import { expect } from 'vitest';
import { findProgram } from '../../src/build/exec.js';
import { buildFirmware } from '../../src/build/firmware.js';
import { runInputs } from '../../src/device/runInputs.js';
import { startDevice } from '../../src/device/startDevice.js';
import { startHost } from '../../src/device/wasm.js';
import type { Board } from '../../src/generated/board.js';
import type { TensorData } from '../../src/model/graph.js';
import { bytesOf } from '../../src/model/tensorData.js';
import { buildHost } from '../../src/packFolder.js';
import { goldenInputs } from './generator.js';
import type { PackRoom, TestPack } from './packs.js';

/** Fewer where an input is large: an emulated console takes some 30 bytes in a millisecond. */
const inputsOf = (inputBytes: number): number => (inputBytes > 16_384 ? 2 : 5);

/** Whether the board's emulator is on this machine. */
export const isPresent = (board: Board): boolean =>
  board.emulator?.kind !== 'qemu' || findProgram(board.emulator.binary ?? 'qemu-system-arm') !== undefined;

/** `given`: inputs of a sequence, in place of the first of the goldens. */
export async function expectEqualOnBoard(
  room: PackRoom,
  board: Board,
  { dir, manifest }: TestPack,
  given?: readonly TensorData[],
): Promise<void> {
  const image = join(room.folder, `${board.id}-${manifest.name}-${manifest.prefer}.elf`);
  const built = await buildFirmware(dir, board, image);
  const { wasm, manifest: hostManifest } = await buildHost({ dir, manifest });
  const host = await startHost(wasm, hostManifest);
  const device = await startDevice(board, image, {});
  const count = inputsOf(manifest.inputs[0].bytes);
  try {
    const usual = (): readonly TensorData[] => goldenInputs(manifest.inputs[0].bytes).filter((_, k) => k % 10 === 3);
    const inputs = (given ?? usual()).slice(0, count);
    const report = await runInputs(
      device,
      host,
      manifest,
      inputs.map((x) => [bytesOf(x)]),
      { hostManifest },
    );
    const status = await device.status();
    expect(report.firstDifference).toBeUndefined();
    expect([report.compared, report.equal]).toEqual([count, count]);
    expect(status.guardIntact).toBe(true);
    expect(status.stackUsedBytes).toBeGreaterThan(0);
    expect(built.stackBytes).not.toBeNull();
    expect(status.stackUsedBytes).toBeLessThanOrEqual(built.stackBytes as number);
    expect(report.timing.perLayer).toHaveLength(manifest.layers.length);
    expect(Math.min(...report.timing.perLayer)).toBeGreaterThan(0);
  } finally {
    await device.close();
  }
}
