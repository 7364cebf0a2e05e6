// SPDX-License-Identifier: Apache-2.0
// A graph that the NPU takes only in parts, as one firmware on the virtual board: QEMU runs the CPU's part, its calls of
// Arm's driver run in the functional model on the guest's memory. What is for another NPU is named before it is flashed.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadBoard } from '../../src/build/boards.js';
import { findProgram } from '../../src/build/exec.js';
import { buildFirmware } from '../../src/build/firmware.js';
import { changes } from '../../src/device/npuLink.js';
import { startDevice } from '../../src/device/startDevice.js';
import type { PackManifest } from '../../src/generated/pack.js';
import { expectEqualOnBoard } from '../support/equalOnBoard.js';
import { mixedModel } from '../support/mixedModel.js';
import { hostOf, PackRoom, type TestPack } from '../support/packs.js';

const room = new PackRoom();
afterAll(() => room.close());
const board = loadBoard('virtual-ethos-u55-128');
const hasQemu = process.env.CI !== undefined || findProgram('qemu-system-arm') !== undefined;
const packFor = (target: string): Promise<TestPack> =>
  room.packBytes(mixedModel(), 'mixed.tflite', { target, npuProvider: 'builtin' });
const out = (name: string): string => join(room.folder, name);

describe('virtual-ethos-u55-128', () => {
  let pack: TestPack;
  beforeAll(async () => {
    pack = await packFor('ethos-u55-128');
  });

  it.skipIf(!hasQemu)('answers as the host does, NPU and CPU in turn, and counts only the CPU', async () => {
    expect(pack.manifest.layers.map((l) => l.op)).toEqual(['npu', 'elu', 'npu']);
    await expectEqualOnBoard(room, board, pack);
    const { elfPath } = await buildFirmware(pack.dir, board, out('mixed.elf'));
    const device = await startDevice(board, elfPath);
    try {
      const again = [await device.step(0), await device.step(0)];
      expect(again.map((w) => [w.result, w.guardIntact])).toEqual(again.map(() => [0, true]));
      // What the call itself takes: the emulator's line and the model's time are not in it.
      for (const { count } of again) expect(count).toBeLessThan(5000);
    } finally {
      await device.close();
    }
  });

  it('does not take a pack for another NPU', async () => {
    const other = await packFor('ethos-u55-64');
    await expect(buildFirmware(other.dir, board, out('other.elf'))).rejects.toMatchObject({
      code: 'npu.board',
      message: expect.stringMatching(
        /for an ethos-u55-64, virtual-ethos-u55-128 has an ethos-u55-128; nothing was flashed/,
      ),
    });
    await expect(buildFirmware(pack.dir, loadBoard('virtual-m55'), out('m55.elf'))).rejects.toMatchObject({
      code: 'npu.board',
      message: expect.stringMatching(/virtual-m55 has no NPU/),
    });
  });

  it('does not take a stream for another configuration word, whatever the pack says of it', async () => {
    const other = await packFor('ethos-u55-32');
    const path = join(other.dir, 'pack.json');
    const manifest = JSON.parse(readFileSync(path, 'utf8')) as PackManifest;
    if (manifest.npu) manifest.npu.config = 'ethos-u55-128';
    writeFileSync(path, JSON.stringify(manifest));
    await expect(buildFirmware(other.dir, board, out('stream.elf'))).rejects.toMatchObject({
      code: 'npu.board',
      message: expect.stringMatching(/command stream at 0x[0-9a-f]+ \(word 0x1005\) for an ethos-u55-32/),
    });
  });

  it('on the host the driver refuses that stream as well', async () => {
    const other = await packFor('ethos-u55-32');
    if (other.manifest.npu) other.manifest.npu.config = 'ethos-u55-128';
    const path = join(other.dir, 'pack.json');
    writeFileSync(path, JSON.stringify(other.manifest));
    const host = await hostOf(other);
    expect(() => host.run()).toThrow(/the stream is for ethos-u55-32/);
  });
});

describe('changes', () => {
  it('are the runs of bytes that differ', () => {
    const before = new Uint8Array(100);
    const after = before.slice();
    after.set([1, 2, 0, 3], 10);
    after[60] = 9;
    expect(changes(before, after)).toEqual([
      { at: 10, bytes: Uint8Array.of(1, 2, 0, 3) },
      { at: 60, bytes: Uint8Array.of(9) },
    ]);
    expect(changes(after, after)).toEqual([]);
    const all = new Uint8Array(5000).fill(1);
    const runs = changes(new Uint8Array(5000), all);
    expect(Math.max(...runs.map((r) => r.bytes.length))).toBeLessThanOrEqual(1024);
    expect(runs.reduce((n, r) => n + r.bytes.length, 0)).toBe(5000);
  });
});
