// SPDX-License-Identifier: Apache-2.0
// What profiling costs a program: an application links none of it, the firmware keeps no byte of RAM for a layer's counts.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { loadBoard } from '../../src/build/boards.js';
import { readElf } from '../../src/build/elf.js';
import { findProgram } from '../../src/build/exec.js';
import { buildFirmware } from '../../src/build/firmware.js';
import { startDevice } from '../../src/device/startDevice.js';
import { profileDevice } from '../../src/measure/profileDevice.js';
import { readNpy } from '../../src/model/npy.js';
import { packageRoot } from '../../src/packageRoot.js';
import { PackRoom, type TestPack } from '../support/packs.js';

const room = new PackRoom();
afterAll(() => room.close());

/** Bytes of all objects in RAM of this ELF, by name. */
function objectsInRam(path: string, start: number, bytes: number): Map<string, number> {
  const { symbols } = readElf(readFileSync(path));
  const inside = symbols.filter((s) => s.type === 'object' && s.value >= start && s.value < start + bytes);
  return new Map(inside.map((s) => [s.name, s.size]));
}

const board = loadBoard('virtual-m4');

async function digits(): Promise<TestPack> {
  const load = (file: string) => readFileSync(join(packageRoot, 'models', 'digits', file));
  const calibration = { array: readNpy(load('calib_x.npy'), 'calib_x.npy'), path: 'calib_x.npy' };
  const options = { target: board.target, calibration, inputScale: { scale: 1 / 255, zero: 0 } };
  return room.packBytes(load('digits.onnx'), 'digits.onnx', options);
}

describe('profiling costs', () => {
  it('no RAM a layer, and an application links no hooks', async () => {
    const pack = await digits();
    const image = join(room.folder, 'hooks.elf');
    await buildFirmware(pack.dir, board, image);
    const ram = board.memory.find((m) => m.kind === 'ram');
    const objects = objectsInRam(image, Number(ram?.start), ram?.bytes ?? 0);
    expect(objects.size).toBeGreaterThan(2);
    // Arena with its guards, console buffers: nothing else grows with the model.
    const { arenaBytes, files } = pack.manifest;
    const rest = [...objects].filter(([name]) => name !== 'memory' && name !== 'io').reduce((sum, [, n]) => sum + n, 0);
    expect(objects.get('memory')).toBeGreaterThanOrEqual(arenaBytes);
    expect(rest).toBeLessThan(128);
    // What an application compiles knows no layers one by one; only the firmware's second file does.
    const product = files.sources.map((f) => readFileSync(join(pack.dir, f), 'utf8')).join('\n');
    expect(product).not.toMatch(/_step\s*\(|mote_counter|mote_marker/);
    expect(files.layerSources.some((f) => files.sources.includes(f))).toBe(false);
  });

  it.each([undefined, { mode: 'performance' } as const])('nothing with --no-layers (agent: %o)', async (agent) => {
    const pack = await digits();
    const build = (layers: boolean) =>
      buildFirmware(pack.dir, board, join(room.folder, `layers-${layers}.elf`), { layers, ...(agent && { agent }) });
    const [hooked, bare] = [await build(true), await build(false)];
    const symbolsOf = (path: string) => new Set(readElf(readFileSync(path)).symbols.map((s) => s.name));
    const gone = ['mote_step', 'digits_step', 'digits_layer', ...(agent ? ['mote_agent_batch_layer'] : [])];
    const left = symbolsOf(bare.elfPath);
    expect(gone.filter((name) => left.has(name))).toEqual([]);
    expect(symbolsOf(hooked.elfPath)).toContain('mote_step');
    const bss = (sections: typeof bare.sections) => sections.find((s) => s.name === '.bss')?.bytes ?? Number.NaN;
    const costBytes = bss(hooked.sections) - bss(bare.sections);
    expect(costBytes).toBeGreaterThanOrEqual(0);
    expect(costBytes).toBeLessThanOrEqual(8 * pack.manifest.layers.length);
    expect(bare.codeBytes).toBeLessThan(hooked.codeBytes);
  });

  const hasQemu = findProgram('qemu-system-arm') !== undefined;
  it.skipIf(!hasQemu && !process.env.CI)(
    'a firmware with --no-layers counts the whole alone, and the same',
    async () => {
      const pack = await digits();
      const sample = [new Uint8Array(pack.manifest.inputs[0].bytes)];
      const profiled = async (layers: boolean) => {
        const { elfPath } = await buildFirmware(pack.dir, board, join(room.folder, 'alone.elf'), { layers });
        const device = await startDevice(board, elfPath);
        try {
          return await profileDevice(device, pack.manifest, sample, { runs: 2, warmups: 1 });
        } finally {
          await device.close();
        }
      };
      const [hooked, bare] = [await profiled(true), await profiled(false)];
      expect(hooked.wholeOnly).toBeUndefined();
      expect(bare).toMatchObject({ wholeOnly: true, whole: hooked.whole, interrupts: 'off' });
      expect(bare.broken).toBeUndefined();
      expect(bare.layers.every((l) => l === undefined)).toBe(true);
    },
  );
});
