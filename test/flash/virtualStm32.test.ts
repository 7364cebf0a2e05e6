// SPDX-License-Identifier: Apache-2.0
// A board from end to end without a board: mote flash writes firmware over AN3155 into an emulated STM32F405, whose GO
// starts QEMU with exactly these bytes, and mote run gets the host's answers from it, bit by bit.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadBoard } from '../../src/build/boards.js';
import { findProgram } from '../../src/build/exec.js';
import { readFirmware } from '../../src/flash/readFirmware.js';
import { startVirtualStm32, type VirtualStm32 } from '../../src/flash/testing/virtualStm32.js';
import { packageRoot } from '../../src/packageRoot.js';
import { openPty, type Pty } from '../support/pty.js';
import { type Ended, runProgram } from '../support/runProgram.js';

const folder = mkdtempSync(join(tmpdir(), 'mote-flash-'));
const sample = (file: string): string => join(packageRoot, 'models', 'digits', file);
const boardId = 'stm32f405-virtual';

const mote = (...args: string[]): Promise<Ended> =>
  runProgram(process.execPath, [join(packageRoot, 'dist', 'cli', 'main.js'), ...args], {
    cwd: folder,
    env: { ...process.env, NO_COLOR: '1' },
  });

async function moteJson(...args: string[]): Promise<Record<string, unknown>> {
  const { stdout, stderr } = await mote(...args, '--json');
  const { ok, data, error } = JSON.parse(stdout || '{}');
  expect(ok, `${stderr}${JSON.stringify(error)}`).toBe(true);
  return data;
}

const present = ['qemu-system-arm', 'socat'].every((p) => findProgram(p) !== undefined);

describe.skipIf(!present && !process.env.CI)('a virtual STM32F405', () => {
  let virtual: VirtualStm32;
  let pty: Pty;

  beforeAll(async () => {
    virtual = await startVirtualStm32(loadBoard(boardId));
    pty = await openPty(folder, virtual.tcpPort);
    const input = ['--calib', sample('calib_x.npy'), '--input-scale', '0.00392156862745098,0'];
    await moteJson('pack', sample('digits.onnx'), '--board', boardId, ...input, '-o', 'pack');
    await moteJson('build', 'pack', '--board', boardId, '-o', 'firmware.elf');
  });
  afterAll(async () => {
    await pty?.close();
    await virtual?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const onPort = (port: string) => ['--board', boardId, '--port', port];
  const image = () => readFirmware(readFileSync(join(folder, 'firmware.elf')), 'firmware.elf').image;
  const holdsImage = () =>
    image().every(({ address, bytes }) => Buffer.compare(virtual.rom.flash.read(address, bytes.length), bytes) === 0);

  test('mote flash, then mote run over TCP: the same answers and the same count as QEMU with the ELF', async () => {
    const flashed = await moteJson('flash', 'firmware.elf', ...onPort(virtual.port));
    expect(flashed).toMatchObject({
      method: 'an3155',
      verifiedBy: 'readback',
      confirmed: { model: 'digits', proof: 'image' },
    });
    expect(holdsImage()).toBe(true);
    expect(virtual.starts).toBe(1);
    const onBoard = await moteJson('run', 'pack', ...onPort(virtual.port));
    expect(onBoard).toMatchObject({ compared: 4, equal: 4, guardIntact: true, timing: { source: 'emulated' } });
    expect(onBoard).toEqual(await moteJson('run', 'pack', '--board', boardId));
  });

  test('a program in the way is named; after a reset the same flash finds nothing to do', async () => {
    const inTheWay = await mote('flash', 'firmware.elf', ...onPort(virtual.port));
    expect([inTheWay.status, inTheWay.stderr]).toEqual([6, expect.stringContaining('BOOT0')]);
    await virtual.reset();
    const { erased, written } = virtual.rom.flash.record;
    erased.length = written.length = 0;
    const again = await moteJson('flash', 'pack', ...onPort(virtual.port));
    expect(again).toMatchObject({
      erasedBlocks: 0,
      unchangedBlocks: 2,
      verifiedBy: 'readback',
      confirmed: { proof: 'pack' },
    });
    expect(virtual.rom.flash.record).toEqual({ erased: [], written: [], forbidden: [] });
  });

  test('through a pseudo terminal, by the serialport package', async () => {
    await virtual.reset();
    virtual.rom.flash.cells.fill(0);
    expect(await moteJson('flash', 'firmware.elf', ...onPort(pty.path))).toMatchObject({ erasedBlocks: 2 });
    expect(holdsImage()).toBe(true);
    expect(await moteJson('run', 'pack', ...onPort(pty.path))).toMatchObject({ compared: 4, equal: 4 });
  });
});
