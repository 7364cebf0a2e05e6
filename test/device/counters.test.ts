// SPDX-License-Identifier: Apache-2.0
// Counters and interrupts of the firmware as the emulators have them: the RP2040's timer beside SysTick, the M55's cycle
// counter, which QEMU does not model, under both of its names, and what STATUS says of interrupts.
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { loadBoard } from '../../src/build/boards.js';
import { findProgram } from '../../src/build/exec.js';
import { buildFirmware } from '../../src/build/firmware.js';
import { writeMiniPack } from '../../src/build/testing/miniPack.js';
import { startDevice } from '../../src/device/startDevice.js';
import type { Board } from '../../src/generated/board.js';
import { profileDevice } from '../../src/measure/profileDevice.js';
import { PackRoom } from '../support/packs.js';

const room = new PackRoom();
afterAll(() => room.close());
const skipQemu = (program: string) => findProgram(program) === undefined && !process.env.CI;

/** One run of a model that does `extra`, profiled on this board. */
async function profiled(board: Board, extra: string, runs = 1) {
  const dir = join(room.folder, `${board.id}-${board.counter.kind}-${extra.length}`);
  const manifest = await writeMiniPack(dir, { extra });
  const { elfPath } = await buildFirmware(dir, board, join(dir, 'fw.elf'));
  const device = await startDevice(board, elfPath);
  try {
    return await profileDevice(device, manifest, [new Uint8Array(16)], { runs, warmups: 0 });
  } finally {
    await device.close();
  }
}

const busy = 'for (volatile int i = 0; i < 200000; i++) {}';

describe('counters', () => {
  it("the Pico's microsecond timer agrees with SysTick over its overflow", async () => {
    const pico = loadBoard('pico');
    // Some 20 million cycles: SysTick wraps.
    const long = 'for (volatile int i = 0; i < 2000000; i++) {}';
    const cycles = (await profiled(pico, long)).whole.median;
    const timer: Board = { ...pico, counter: { kind: 'mmio', base: '0x40054028', hz: 1_000_000, unit: 'ticks' } };
    const ticks = (await profiled(timer, long)).whole.median;
    expect(cycles).toBeGreaterThan(2 ** 24);
    // Both ends are rounded to a microsecond, 125 cycles; SysTick's interrupt takes some 30 cycles.
    expect(Math.abs(ticks - cycles)).toBeLessThan(2 * 125 + 100);
  });

  it.skipIf(skipQemu('qemu-system-arm')).each(['dwt', 'pmu'] as const)(
    'a Cortex-M55 whose %s stands still is a named error, not a zero',
    async (kind) => {
      const board: Board = { ...loadBoard('virtual-m55'), counter: { kind, unit: 'cycles' } };
      await expect(profiled(board, busy)).rejects.toMatchObject({
        code: 'device.counter',
        args: { reason: 'it does not advance' },
      });
    },
  );
});

describe('interrupts', () => {
  const cases = [
    { id: 'pico', program: process.execPath, own: 'counter', on: '*(volatile unsigned *)0xE000E100u = 1u;' },
    { id: 'virtual-m4', program: 'qemu-system-arm', own: 'off', on: '*(volatile unsigned *)0xE000E100u = 2u;' },
    { id: 'virtual-rv32', program: 'qemu-system-riscv32', own: 'off', on: '__asm__ volatile("csrsi mstatus, 8");' },
  ] as const;
  for (const { id, program, own, on } of cases) {
    it.skipIf(program !== process.execPath && skipQemu(program))(`are looked at on ${id}`, async () => {
      const board = loadBoard(id);
      expect((await profiled(board, busy)).interrupts).toBe(own);
      expect((await profiled(board, `${on} ${busy}`)).interrupts).toBe('on');
    });
  }
});
