// SPDX-License-Identifier: Apache-2.0
// A graph that the KPU takes only in parts, as one RV64 firmware on the virtual board: QEMU runs the CPU's part and the C that
// pushes layer words, the layers run in the functional model on the guest's memory.
import { afterAll, describe, expect, it } from 'vitest';
import { loadBoard } from '../../src/build/boards.js';
import { findProgram } from '../../src/build/exec.js';
import { buildFirmware } from '../../src/build/firmware.js';
import { startDevice } from '../../src/device/startDevice.js';
import { runLinkedLayer } from '../../src/npu/k210/linkedLayer.js';
import { NpuRefusal } from '../../src/npu/npuRefusal.js';
import { expectEqualOnBoard } from '../support/equalOnBoard.js';
import { mixedModel } from '../support/mixedModel.js';
import { PackRoom } from '../support/packs.js';

const room = new PackRoom();
afterAll(() => room.close());
const board = loadBoard('virtual-k210');
const hasQemu = process.env.CI !== undefined || findProgram('qemu-system-riscv64') !== undefined;

describe('virtual-k210', () => {
  it.skipIf(!hasQemu)('answers as the host does, KPU and CPU in turn, and counts only the CPU', async () => {
    const pack = await room.packBytes(mixedModel('HARD_SWISH'), 'mixed.tflite', { target: 'k210' });
    expect(pack.manifest.layers.map((l) => l.op).slice(0, 3)).toEqual(['npu', 'hardSwish', 'npu']);
    await expectEqualOnBoard(room, board, pack);
    const { elfPath } = await buildFirmware(pack.dir, board, `${room.folder}/counted.elf`);
    const device = await startDevice(board, elfPath);
    try {
      const { count, result } = await device.step(0);
      expect(result).toBe(0);
      // Moving 3 channels in and 16 out, byte by byte; a console that waits for the host counts millions.
      expect(count).toBeLessThan(20 * 16 * 16 * (3 + 16));
    } finally {
      await device.close();
    }
  });

  it('a call that is none of a layer is refused', () => {
    const empty = new Uint8Array(0);
    expect(() => runLinkedLayer(new Uint8Array(96), [empty])).toThrow(NpuRefusal);
    expect(() => runLinkedLayer(new Uint8Array(96), [empty, empty, empty, empty, empty])).toThrow(/does not load/);
  });
});
