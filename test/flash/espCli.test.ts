// SPDX-License-Identifier: Apache-2.0
// An ESP32-S3, for which mote builds nothing: what ESP-IDF built is flashed by the command as a user gives it, and all else
// says why not. The board is the emulated boot ROM behind a TCP port, held in download mode.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { VirtualEsp, virtualEspBase } from '../../src/flash/testing/virtualEsp.js';
import { packageRoot } from '../../src/packageRoot.js';
import { xorshift32 } from '../../src/xorshift.js';
import { runProgram } from '../support/runProgram.js';
import { serveLink } from '../support/serveLink.js';

const folder = mkdtempSync(join(tmpdir(), 'mote-s3-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const next = xorshift32(3);
const merged = Uint8Array.from({ length: 70_000 }, () => next());
merged[0] = 0xe9;
writeFileSync(join(folder, 'merged.bin'), merged);

const mote = (...args: string[]) =>
  runProgram(process.execPath, [join(packageRoot, 'dist', 'cli', 'main.js'), ...args, '--json'], { cwd: folder });
const onBoard = ['--board', 'esp32-s3-devkitc'];

test('the merged image of an ESP-IDF project goes to an ESP32-S3', async () => {
  const virtual = new VirtualEsp({ chip: 'esp32s3', strapped: true });
  const server = await serveLink(virtual.link);
  const port = ['--port', `tcp:127.0.0.1:${server.tcpPort}`, '--address', '0x42000000', '--no-run'];
  const { stdout } = await mote('flash', 'merged.bin', ...onBoard, ...port);
  await server.close();
  expect(JSON.parse(stdout)).toMatchObject({ ok: true, data: { method: 'esp-rom', verifiedBy: 'md5' } });
  expect(Buffer.compare(virtual.content(virtualEspBase, merged.length), merged)).toBe(0);
  expect(virtual.record.forbidden).toEqual([]);
});

test('a pack for it is refused with what works and what does not', async () => {
  const { status, stdout } = await mote('pack', 'model.onnx', ...onBoard, '-o', 'pack');
  expect([status, JSON.parse(stdout).error]).toEqual([
    2,
    expect.objectContaining({
      code: 'board.described',
      message: expect.stringMatching(/Xtensa needs a compiler.*What works: .*ESP-IDF.*mote flash.*What does not: /),
    }),
  ]);
});
