// SPDX-License-Identifier: Apache-2.0
// Packs that trade flash for time and time for flash: still the same bits as the host, arena canaries untouched, and the
// pack's notes say what was traded.
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { loadBoard } from '../../src/build/boards.js';
import { findProgram } from '../../src/build/exec.js';
import { buildFirmware } from '../../src/build/firmware.js';
import { runInputs } from '../../src/device/runInputs.js';
import { startDevice } from '../../src/device/startDevice.js';
import { startHost } from '../../src/device/wasm.js';
import { bytesOf } from '../../src/model/tensorData.js';
import type { Prefer } from '../../src/ops/op.js';
import { buildHost } from '../../src/packFolder.js';
import { packModel } from '../../src/packModel.js';
import { goldenInputs } from '../support/generator.js';
import { PackRoom } from '../support/packs.js';
import { describeShared, hasShared, int8Models, sharedFile } from '../support/shared.js';

const room = new PackRoom();
afterAll(() => room.close());

const models = int8Models.filter((m) => m.tflmArenaBytes !== undefined);
// rp2040js takes a second for some ten million instructions, and size is slow.
const boards = [
  { id: 'pico', inputs: 1, models: models.filter((m) => m.name !== 'vww'), slow: ['ic'] },
  { id: 'virtual-m4', inputs: 3, models },
  { id: 'virtual-rv32', inputs: 3, models },
];

async function run(boardId: string, file: string, name: string, prefer: Prefer, count: number) {
  const board = loadBoard(boardId);
  const rounding = prefer === 'speed' ? 'tflite' : 'single';
  const { dir, manifest } = await room.pack(file, {
    target: board.target,
    name: `${name}_${prefer}`,
    prefer,
    rounding,
  });
  const image = join(room.folder, `${boardId}-${name}-${prefer}.elf`);
  const built = await buildFirmware(dir, board, image);
  const { wasm, manifest: hostManifest } = await buildHost({ dir, manifest });
  const host = await startHost(wasm, hostManifest);
  const device = await startDevice(board, image, {});
  try {
    const inputs = goldenInputs(manifest.inputs[0].bytes).slice(0, count);
    const bytes = inputs.map((x) => [bytesOf(x)]);
    const report = await runInputs(device, host, manifest, bytes, { hostManifest });
    return { report, status: await device.status(), built, manifest };
  } finally {
    await device.close();
  }
}

for (const board of boards) {
  const { emulator } = loadBoard(board.id);
  const present = emulator?.kind !== 'qemu' || findProgram(emulator.binary ?? 'qemu-system-arm');
  for (const prefer of ['speed', 'size'] as const) {
    describe.skipIf(!hasShared || !(present || process.env.CI))(
      `${board.id}, prefer ${prefer}, equals the host`,
      () => {
        it.each(board.models.filter((m) => prefer === 'speed' || !board.slow?.includes(m.name)))(
          '$name',
          async ({ name, file }) => {
            const { report, status, built, manifest } = await run(board.id, file, name, prefer, board.inputs);
            expect(manifest.prefer).toBe(prefer);
            expect(report.firstDifference).toBeUndefined();
            expect([report.compared, report.equal]).toEqual([board.inputs, board.inputs]);
            expect(status.guardIntact).toBe(true);
            expect(built.stackBytes).not.toBeNull();
            expect(status.stackUsedBytes).toBeLessThanOrEqual(built.stackBytes as number);
            expect(built.floatUses).toEqual([]);
          },
        );
      },
    );
  }
}

describeShared('what a preference costs', () => {
  const pack = (name: string, target: string, prefer: Prefer) => {
    const model = models.find((m) => m.name === name) as (typeof models)[number];
    return packModel({ bytes: sharedFile(model.file), fileName: model.file, target, name, prefer });
  };

  it('speed takes flash for fewer instructions and says how much', async () => {
    const balance = await pack('ic', 'cortex-m4', 'balance');
    const speed = await pack('ic', 'cortex-m4', 'speed');
    expect(balance.notes.join()).not.toContain('prefer');
    expect(speed.notes.join('\n')).toMatch(
      /^prefer speed: \+[\d ]+ bytes of flash for [\d ]+ fewer instructions, against balance \(estimated\)$/m,
    );
    expect(speed.manifest.weightBytes).toBeGreaterThan(balance.manifest.weightBytes);
    expect(speed.manifest.layers.filter((l) => l.kernel.includes('winograd'))).toHaveLength(4);
  });

  it('size takes instructions for less flash', async () => {
    const balance = await pack('kws', 'cortex-m4', 'balance');
    const size = await pack('kws', 'cortex-m4', 'size');
    expect(size.notes.join('\n')).toMatch(/^prefer size: -[\d ]+ bytes of flash for .*more instructions/m);
    expect(size.manifest.weightBytes).toBeLessThan(balance.manifest.weightBytes);
  });
});
