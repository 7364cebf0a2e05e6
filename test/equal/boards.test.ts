// SPDX-License-Identifier: Apache-2.0
// Every int8 model on every emulated board: five inputs each, bit by bit with the host, arena canaries untouched.
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { listBoards } from '../../src/build/boards.js';
import { findProgram } from '../../src/build/exec.js';
import { buildFirmware } from '../../src/build/firmware.js';
import { runInputs } from '../../src/device/runInputs.js';
import { startDevice } from '../../src/device/startDevice.js';
import { startHost } from '../../src/device/wasm.js';
import { bytesOf } from '../../src/model/tensorData.js';
import { buildHost } from '../../src/packFolder.js';
import { goldenInputs } from '../support/generator.js';
import { PackRoom } from '../support/packs.js';
import { hasShared, int8Models } from '../support/shared.js';

const room = new PackRoom();
afterAll(() => room.close());

const inputsEach = 5;
const emulated = listBoards().filter((b) => b.emulator);

describe('emulated boards', () => {
  it('are the ones that the README promises', () => {
    expect(emulated.map((b) => b.id)).toEqual([
      'pico',
      'stm32f405-virtual',
      'virtual-m33',
      'virtual-m4',
      'virtual-m55',
      'virtual-m7',
      'virtual-rv32',
      'virtual-rv32v',
      'virtual-rv32zbb',
    ]);
  });
});

for (const board of emulated) {
  const present =
    board.emulator?.kind !== 'qemu' || findProgram(board.emulator.binary ?? 'qemu-system-arm') !== undefined;
  describe.skipIf(!hasShared || !(present || process.env.CI))(`${board.id} equals the host`, () => {
    it.each(int8Models)('$name', async ({ name, file }) => {
      const { dir, manifest } = await room.pack(file, { target: board.target, name });
      const image = join(room.folder, `${board.id}-${name}.elf`);
      const built = await buildFirmware(dir, board, image);
      const { wasm, manifest: hostManifest } = await buildHost({ dir, manifest });
      const host = await startHost(wasm, hostManifest);
      const device = await startDevice(board, image, {});
      try {
        const inputs = goldenInputs(manifest.inputs[0].bytes)
          .filter((_, k) => k % 10 === 3)
          .slice(0, inputsEach);
        const report = await runInputs(
          device,
          host,
          manifest,
          inputs.map((x) => [bytesOf(x)]),
          { hostManifest },
        );
        const status = await device.status();
        expect(report.firstDifference).toBeUndefined();
        expect([report.compared, report.equal]).toEqual([inputsEach, inputsEach]);
        expect(status.guardIntact).toBe(true);
        expect(status.stackUsedBytes).toBeGreaterThan(0);
        expect(built.stackBytes).not.toBeNull();
        expect(status.stackUsedBytes).toBeLessThanOrEqual(built.stackBytes as number);
        expect(report.timing.perLayer).toHaveLength(manifest.layers.length);
        expect(Math.min(...report.timing.perLayer)).toBeGreaterThan(0);
      } finally {
        await device.close();
      }
    });
  });
}
