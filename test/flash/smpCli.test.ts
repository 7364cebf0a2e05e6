// SPDX-License-Identifier: Apache-2.0
// mote flash by MCUboot's serial recovery, as a user does it: a signed image, a board file, a port. The board behind the
// port is the emulated one, with the slot of nrf52840-dk.
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadBoard } from '../../src/build/boards.js';
import { readElf } from '../../src/build/elf.js';
import { writeHex } from '../../src/build/hex.js';
import { imageOf } from '../../src/build/image.js';
import { writeMiniPack } from '../../src/build/testing/miniPack.js';
import { readMcubootImage } from '../../src/flash/mcubootImage.js';
import { makeMcubootImage, VirtualSmp } from '../../src/flash/testing/virtualSmp.js';
import { packageRoot } from '../../src/packageRoot.js';
import { xorshift32 } from '../../src/xorshift.js';
import { type Ended, runProgram } from '../support/runProgram.js';
import { serveLink } from '../support/serveLink.js';

const slot = { start: 0xc000, bytes: 0x76000 };
const headerBytes = 0x200;
const next = xorshift32(5);
const program = Uint8Array.from({ length: 9000 }, () => next());
program.set(new Uint8Array(Uint32Array.of(0x20040000, slot.start + headerBytes + 0x101).buffer));
const signed = makeMcubootImage(program, [1, 2, 3], headerBytes);

describe('mote flash --method smp', () => {
  let folder: string;
  let board: VirtualSmp;
  let server: Awaited<ReturnType<typeof serveLink>>;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'mote-smp-'));
    board = new VirtualSmp({ slotBytes: slot.bytes });
    server = await serveLink(board.link);
  });
  afterEach(async () => {
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const flash = (file: string, ...more: string[]): Promise<Ended> => {
    const port = `tcp:127.0.0.1:${server.tcpPort}`;
    const args = ['flash', file, '--board', 'nrf52840-dk', '--port', port, '--no-run', '--json', ...more];
    return runProgram(process.execPath, [join(packageRoot, 'dist', 'cli', 'main.js'), ...args], { cwd: folder });
  };

  test.each([
    ['signed.bin', signed, ['--method', 'smp']],
    ['signed.bin', signed, []],
    ['signed.hex', Buffer.from(writeHex([{ address: slot.start, bytes: signed }])), []],
  ])('%s is uploaded, and MCUboot finds it whole', async (name, bytes, more) => {
    writeFileSync(join(folder, name), bytes);
    const { stdout, stderr } = await flash(name, ...more);
    const { ok, data } = JSON.parse(stdout);
    expect(ok, stderr + stdout).toBe(true);
    expect(data).toMatchObject({ method: 'smp', verifiedBy: 'sha256', imageBytes: signed.length });
    expect(Buffer.compare(board.content(slot.start, signed.length), signed)).toBe(0);
    expect(board.record.forbidden).toEqual([]);
  });

  const writePack = async (name: string, id: string): Promise<void> => {
    await writeMiniPack(join(folder, name), {});
    const path = join(folder, name, 'pack.json');
    const manifest = JSON.parse(readFileSync(path, 'utf8'));
    writeFileSync(path, JSON.stringify({ ...manifest, board: id, target: loadBoard(id).target }));
  };

  const mote = async (...args: string[]): Promise<Record<string, unknown>> => {
    const program = [join(packageRoot, 'dist', 'cli', 'main.js'), ...args, '--json'];
    const { stdout, stderr } = await runProgram(process.execPath, program, { cwd: folder });
    const { ok, data } = JSON.parse(stdout);
    expect(ok, stderr + stdout).toBe(true);
    return data;
  };

  test('a pack: built for the slot, signed, uploaded; or all of it by mote flash', async () => {
    const key = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' });
    writeFileSync(join(folder, 'key.pem'), key);
    await writePack('pack', 'nrf52840-dk');
    const built = await mote('build', 'pack', '--mcuboot', '1.2.3', '--key', 'key.pem', '-o', 'fw.elf');
    const image = readFileSync(join(folder, 'fw.signed.bin'));
    expect(readdirSync(folder).sort()).toEqual(['fw.elf', 'fw.signed.bin', 'key.pem', 'pack']);
    expect(built).toMatchObject({ imagePath: 'fw.signed.bin', flashTotalBytes: slot.bytes - headerBytes - 4096 });
    expect(readMcubootImage(image)).toMatchObject({ version: '1.2.3', headerBytes, bytes: image.length });
    const elf = readElf(readFileSync(join(folder, 'fw.elf')));
    expect(imageOf(elf)[0].address).toBe(slot.start + headerBytes);

    const holds = (): boolean => Buffer.compare(board.content(slot.start, image.length), image) === 0;
    const { ok, data } = JSON.parse((await flash('fw.signed.bin')).stdout);
    expect([ok, data?.verifiedBy, holds()]).toEqual([true, 'sha256', true]);

    // The same program once more, now unsigned and with another version: the boot loader has it by its hash.
    const again = JSON.parse((await flash('pack', '--method', 'smp')).stdout);
    expect(again).toMatchObject({ ok: true, data: { verifiedBy: 'sha256', method: 'smp' } });
    expect(holds()).toBe(false);
    const [start, end] = [headerBytes, headerBytes + image.readUInt32LE(12)];
    expect(Buffer.compare(board.content(slot.start + start, end - start), image.subarray(start, end))).toBe(0);
    expect(board.record.forbidden).toEqual([]);
  });

  test.each([
    [['build', 'pack', '--mcuboot', 'x', '-o', 'fw'], 'usage.option', 2],
    [['build', 'pack', '--key', 'key.pem', '-o', 'fw'], 'usage.bad', 2],
    [['flash', 'signed.bin', '--method', 'smp', '--key', 'key.pem', '--board', 'nrf52840-dk'], 'usage.bad', 2],
    [['build', 'pico', '--mcuboot', '-o', 'fw'], 'usage.bad', 2],
  ])('%j is refused, and nothing is written', async (args, code, exit) => {
    await writePack('pack', 'nrf52840-dk');
    await writePack('pico', 'pico');
    writeFileSync(
      join(folder, 'key.pem'),
      generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }),
    );
    writeFileSync(join(folder, 'signed.bin'), signed);
    const before = readdirSync(folder);
    const program = [join(packageRoot, 'dist', 'cli', 'main.js'), ...args, '--json'];
    const { status, stdout } = await runProgram(process.execPath, program, { cwd: folder });
    expect([status, JSON.parse(stdout).error.code]).toEqual([exit, code]);
    expect(readdirSync(folder)).toEqual(before);
  });

  test('one that is not signed is told how, and nothing is sent', async () => {
    writeFileSync(join(folder, 'plain.bin'), program);
    const { status, stdout } = await flash('plain.bin', '--method', 'smp');
    expect(status).toBe(3);
    expect(JSON.parse(stdout).error).toMatchObject({
      code: 'flash.unsigned',
      help: expect.stringMatching(/link it for 0x0000c200, then: imgtool sign .*--slot-size 0x76000/),
    });
    expect(board.requests).toEqual([]);
  });
});
