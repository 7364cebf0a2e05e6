// SPDX-License-Identifier: Apache-2.0
// What profiling costs a program: an application links none of it, the firmware keeps no byte of RAM for a layer's counts.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { loadBoard } from '../../src/build/boards.js';
import { readElf } from '../../src/build/elf.js';
import { buildFirmware } from '../../src/build/firmware.js';
import { readNpy } from '../../src/model/npy.js';
import { packageRoot } from '../../src/packageRoot.js';
import { PackRoom } from '../support/packs.js';

const room = new PackRoom();
afterAll(() => room.close());

/** Bytes of all objects in RAM of this ELF, by name. */
function objectsInRam(path: string, start: number, bytes: number): Map<string, number> {
  const { symbols } = readElf(readFileSync(path));
  const inside = symbols.filter((s) => s.type === 'object' && s.value >= start && s.value < start + bytes);
  return new Map(inside.map((s) => [s.name, s.size]));
}

describe('profiling costs', () => {
  it('no RAM a layer, and an application links no hooks', async () => {
    const board = loadBoard('virtual-m4');
    const load = (file: string) => readFileSync(join(packageRoot, 'models', 'digits', file));
    const calibration = { array: readNpy(load('calib_x.npy'), 'calib_x.npy'), path: 'calib_x.npy' };
    const options = { target: board.target, calibration, inputScale: { scale: 1 / 255, zero: 0 } };
    const pack = await room.packBytes(load('digits.onnx'), 'digits.onnx', options);
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
});
