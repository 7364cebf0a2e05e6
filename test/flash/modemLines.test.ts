// SPDX-License-Identifier: Apache-2.0
// DTR and RTS, seen by the emulated board: its NRST and BOOT0 hang on them. A preloaded library (modem_shim.c) gives the
// pseudo terminal the lines and the parity of a real port, so mote with its native binding and Debian's stm32flash both
// reset the board into its boot loader, flash it with even parity, and reset it into its program.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadBoard } from '../../src/build/boards.js';
import { findProgram } from '../../src/build/exec.js';
import { startVirtualStm32, type VirtualStm32 } from '../../src/flash/testing/virtualStm32.js';
import { packageRoot } from '../../src/packageRoot.js';
import { openPty, type Pty } from '../support/pty.js';
import { type Ended, runProgram } from '../support/runProgram.js';

const folder = mkdtempSync(join(tmpdir(), 'mote-lines-'));
const shim = join(folder, 'modem_shim.so');
const linesFile = join(folder, 'lines');
const sample = (file: string): string => join(packageRoot, 'models', 'digits', file);
const boardId = 'stm32f405-virtual';
const tools = ['gcc', 'socat', 'stm32flash', 'qemu-system-arm'];
const present = process.platform === 'linux' && tools.every((p) => findProgram(p) !== undefined);

describe.skipIf(!present && !process.env.CI)('modem lines', () => {
  let virtual: VirtualStm32;
  let pty: Pty;
  let stopWatching: () => void = () => undefined;

  beforeAll(async () => {
    const source = fileURLToPath(new URL('modem_shim.c', import.meta.url));
    const args = ['-shared', '-fPIC', '-O1', '-Wall', '-Wextra', '-Werror', '-o', shim, source, '-ldl'];
    const { status, stderr } = spawnSync('gcc', args, { encoding: 'utf8' });
    expect([status, stderr]).toEqual([0, '']);
    virtual = await startVirtualStm32(loadBoard(boardId));
    pty = await openPty(folder, virtual.tcpPort);
    stopWatching = watchLines(virtual);
  });
  afterAll(async () => {
    stopWatching();
    await pty?.close();
    await virtual?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const env = { ...process.env, NO_COLOR: '1', LD_PRELOAD: shim, MOTE_LINES: linesFile };
  const mote = (...args: string[]): Promise<Ended> =>
    runProgram(process.execPath, [join(packageRoot, 'dist', 'cli', 'main.js'), ...args], { cwd: folder, env });

  test("Debian's stm32flash enters the boot loader with 8E1, writes, verifies and leaves", async () => {
    virtual.rom.stop();
    const image = join(folder, 'image.bin');
    const bytes = Uint8Array.from({ length: 1024 }, (_, i) => (i * 7) & 0xff);
    writeFileSync(image, bytes);
    const sequence = '-rts&dtr,-dtr,,:rts&dtr,-dtr';
    const { status, stdout } = await runProgram(
      'stm32flash',
      ['-b', '115200', '-m', '8e1', '-i', sequence, '-w', image, '-v', pty.path],
      { env },
    );
    expect([status, stdout]).toEqual([0, expect.stringContaining('115200 8E1')]);
    expect(Buffer.compare(virtual.rom.flash.read(0x0800_0000, 1024), bytes)).toBe(0);
    await expect.poll(() => virtual.starts, { timeout: 60_000 }).toBe(1);
  });

  test('mote flash resets the board into its boot loader and then into the program, which answers', async () => {
    const input = ['--calib', sample('calib_x.npy'), '--input-scale', '0.00392156862745098,0'];
    expect(await mote('pack', sample('digits.onnx'), '--board', boardId, ...input, '-o', 'pack')).toMatchObject({
      status: 0,
    });
    const starts = virtual.starts;
    const { stdout, stderr } = await mote('flash', 'pack', '--board', boardId, '--port', pty.path, '--json');
    const { ok, data } = JSON.parse(stdout);
    expect(ok, stderr).toBe(true);
    expect(data).toMatchObject({
      erasedBlocks: 2,
      verifiedBy: 'readback',
      confirmed: { model: 'digits', proof: 'pack' },
    });
    expect(virtual.starts).toBe(starts + 1);
  });

  test('mote run lets go of the reset that opening the port asserts, and the firmware answers', async () => {
    const starts = virtual.starts;
    const { stdout, stderr } = await mote('run', 'pack', '--board', boardId, '--port', pty.path, '--json');
    const { ok, data } = JSON.parse(stdout || '{}');
    expect(ok, stderr).toBe(true);
    expect(data).toMatchObject({ compared: 4, equal: 4 });
    expect(virtual.starts).toBe(starts + 1);
  });
});

/** Plays what the shim writes down to the board. Timers come before sockets, so lines come before the bytes after them. */
function watchLines(board: VirtualStm32): () => void {
  writeFileSync(linesFile, '');
  let seen = 0;
  let busy = Promise.resolve();
  const timer = setInterval(() => {
    const changes = readFileSync(linesFile, 'latin1').split('\n').slice(0, -1);
    for (const change of changes.slice(seen)) {
      busy = busy.then(() => board.setLines({ dtr: change[0] === '1', rts: change[1] === '1' }));
    }
    seen = changes.length;
  }, 5);
  return () => clearInterval(timer);
}
