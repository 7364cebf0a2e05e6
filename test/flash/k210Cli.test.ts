// SPDX-License-Identifier: Apache-2.0
// A K210 from end to end without a board: mote flash builds a pack for the Maix Bit and writes it by mote's loader into an
// emulated K210 behind a TCP port; its ROM starts what was flashed, which runs on the emulated core and the model of the
// KPU, says who it is and gives the host's answers.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { startVirtualK210 } from '../../src/flash/testing/startVirtualK210.js';
import { VirtualK210, type VirtualK210Options } from '../../src/flash/testing/virtualK210.js';
import { packageRoot } from '../../src/packageRoot.js';
import { type Ended, runProgram } from '../support/runProgram.js';
import { serveLink } from '../support/serveLink.js';

const folder = mkdtempSync(join(tmpdir(), 'mote-k210-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const sample = (file: string): string => join(packageRoot, 'models', 'digits', file);
const onBoard = ['--board', 'maix-bit'];
const mote = (...args: string[]): Promise<Ended> =>
  runProgram(process.execPath, [join(packageRoot, 'dist', 'cli', 'main.js'), ...args, '--json'], { cwd: folder });

/** The command on a board of its own. */
async function onVirtual(options: VirtualK210Options, act: (port: string[], virtual: VirtualK210) => Promise<void>) {
  const virtual = new VirtualK210(options);
  const server = await serveLink(virtual.link);
  await act(['--port', `tcp:127.0.0.1:${server.tcpPort}`], virtual);
  await server.close();
}

test('mote flash writes a pack, the ROM starts it, and it answers as the host does', async () => {
  const input = ['--calib', sample('calib_x.npy'), '--input-scale', '0.00392156862745098,0'];
  expect(await mote('pack', sample('digits.onnx'), ...onBoard, ...input, '-o', 'pack')).toMatchObject({ status: 0 });
  const served = await startVirtualK210();
  try {
    const port = ['--port', served.port];
    const { chip, record } = served.board;
    const { stdout, stderr } = await mote('flash', 'pack', ...onBoard, ...port);
    expect(JSON.parse(stdout), stderr).toMatchObject({
      ok: true,
      data: { method: 'k210-isp', verifiedBy: 'crc32', confirmed: { model: 'digits', proof: 'pack' } },
    });
    expect(chip.running).toBe('flashed');
    expect(record.forbidden).toEqual([]);
    const run = JSON.parse((await mote('run', 'pack', ...onBoard, ...port)).stdout);
    expect(run.data).toMatchObject({ compared: 4, equal: 4, guardIntact: true });
    // The program is in the way; after a reset by hand the same flash finds nothing to do.
    expect((await mote('flash', 'pack', ...onBoard, ...port)).status).toBe(6);
    served.reset();
    const again = JSON.parse((await mote('flash', 'pack', ...onBoard, ...port)).stdout);
    expect(again.data).toMatchObject({ erasedBlocks: 0, verifiedBy: 'crc32', confirmed: { proof: 'pack' } });
  } finally {
    await served.close();
  }
});

test('what goes wrong has one sentence and an exit code', async () => {
  writeFileSync(join(folder, 'large.bin'), new Uint8Array(4 * 2 ** 20 + 1));
  writeFileSync(join(folder, 'small.bin'), new Uint8Array(1000));
  await onVirtual({ strapped: true, deaf: true }, async (port) => {
    const silent = await mote('flash', 'small.bin', ...onBoard, ...port);
    expect([silent.status, JSON.parse(silent.stdout).error]).toEqual([
      6,
      expect.objectContaining({ code: 'flash.silent', message: expect.stringContaining('nothing came back') }),
    ]);
    const large = await mote('flash', 'large.bin', ...onBoard, ...port);
    expect([large.status, JSON.parse(large.stdout).error]).toEqual([
      3,
      expect.objectContaining({ code: 'flash.image', message: expect.stringContaining('0x80400000') }),
    ]);
    const other = await mote('flash', 'small.bin', '--board', 'maix-bit', '--method', 'esp-rom', ...port);
    expect([other.status, JSON.parse(other.stdout).error.message]).toEqual([
      2,
      "maix-bit cannot be flashed by 'esp-rom'; it has k210-isp",
    ]);
  });
  const logged = { strapped: true, banner: new TextEncoder().encode('ESP-ROM:esp32c3-api1-20210207\r\n') };
  await onVirtual({ ...logged, deaf: true }, async (port, virtual) => {
    const flashing = mote('flash', 'small.bin', ...onBoard, ...port);
    virtual.say(logged.banner);
    const { status, stdout } = await flashing;
    expect([status, JSON.parse(stdout).error.message]).toEqual([6, expect.stringContaining('boot log of an ESP32')]);
  });
});
