// SPDX-License-Identifier: Apache-2.0
// The virtual K210 judged by a stranger: kflash (PyPI, from the maker of the Maix boards) resets it by DTR and RTS of a
// pseudo terminal (modem_shim.c), greets its ROM and puts a program into RAM, which starts. That program can be kflash's
// own second stage, Canaan's: on the emulated core, by UART3, its interrupt and SPI3, it writes the flash as ours does.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadBoard } from '../../src/build/boards.js';
import { findProgram } from '../../src/build/exec.js';
import { packK210 } from '../../src/flash/k210Image.js';
import { connectK210Isp } from '../../src/flash/k210Isp.js';
import { ramLoaderFor } from '../../src/flash/loaders.js';
import { VirtualK210 } from '../../src/flash/testing/virtualK210.js';
import { writeImage } from '../../src/flash/writeImage.js';
import type { K210IspFlash } from '../../src/generated/board.js';
import { packageRoot } from '../../src/packageRoot.js';
import { openPty } from '../support/pty.js';
import { serveLink } from '../support/serveLink.js';

/** MOTE_KFLASH, else what tools/setup.mjs has installed. */
const kflash = process.env.MOTE_KFLASH ?? join(packageRoot, 'node_modules', '.cache', 'kflash', 'bin', 'kflash');
const present =
  process.platform === 'linux' && existsSync(kflash) && ['gcc', 'socat'].every((p) => findProgram(p) !== undefined);
const loader = ramLoaderFor('k210');
const maixBit = loadBoard('maix-bit');

describe.skipIf(!present && !process.env.CI)('a virtual K210 and kflash', () => {
  const folder = mkdtempSync(join(tmpdir(), 'mote-kflash-'));
  const shim = join(folder, 'modem_shim.so');
  beforeAll(() => {
    const source = fileURLToPath(new URL('modem_shim.c', import.meta.url));
    const args = ['-shared', '-fPIC', '-O1', '-o', shim, source, '-ldl'];
    expect(spawnSync('gcc', args, { encoding: 'utf8' }).status).toBe(0);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** Hands each change of the lines that the preloaded library has noted to the board. */
  function watchLines(file: string, board: VirtualK210): () => void {
    let seen = 0;
    const timer = setInterval(() => {
      const states = readFileSync(file, 'latin1').split('\n').slice(0, -1);
      for (const state of states.slice(seen))
        void board.link.setLines?.({ dtr: state[0] === '1', rts: state[1] === '1' });
      seen = states.length;
    }, 5);
    return () => clearInterval(timer);
  }

  async function runKflash(board: VirtualK210, ...args: string[]): Promise<{ status: number | null; text: string }> {
    const linesFile = join(folder, 'lines');
    writeFileSync(linesFile, '');
    const server = await serveLink(board.link);
    const pty = await openPty(folder, server.tcpPort);
    await server.connected;
    const stop = watchLines(linesFile, board);
    const env = { ...process.env, LD_PRELOAD: shim, MOTE_LINES: linesFile };
    const child = spawn(kflash, ['-n', '-p', pty.path, '-b', '115200', ...args], { env });
    let text = '';
    child.stdout.on('data', (bytes) => (text += bytes));
    child.stderr.on('data', (bytes) => (text += bytes));
    const status = await new Promise<number | null>((resolve) => child.once('close', resolve));
    stop();
    await pty.close();
    await server.close();
    return { status, text };
  }

  test.each(['dan', 'kd233'] as const)('wired as %s: a program goes to RAM, and runs', async (wiring) => {
    const board = new VirtualK210({ wiring });
    const program = Uint8Array.from({ length: 5000 }, (_, i) => loader?.core[i] ?? i * 7);
    writeFileSync(join(folder, 'program.bin'), program);
    const { status, text } = await runKflash(board, '-s', '-B', wiring, join(folder, 'program.bin'));
    expect([status, text]).toEqual([0, expect.stringContaining('Boot user code from SRAM')]);
    await expect.poll(() => board.chip.running, { timeout: 60_000 }).toBe('loaded');
    expect(board.chip.core.fault).toBeUndefined();
    // All but the place of the loader's extension, which it clears, and of its own numbers.
    expect(Buffer.compare(board.chip.ram.subarray(0, 0x1000), program.subarray(0, 0x1000))).toBe(0);
    expect(board.chip.rom.commands).toEqual([0xc2, 0xc3, 0xc3, 0xc3, 0xc3, 0xc3, 0xc5]);
  });

  test('without being told the board, it finds the wiring', async () => {
    const board = new VirtualK210({ wiring: 'kd233' });
    writeFileSync(join(folder, 'program.bin'), loader?.core ?? new Uint8Array(0));
    const { status, text } = await runKflash(board, '-s', join(folder, 'program.bin'));
    expect([status, text]).toEqual([0, expect.stringContaining('Automatically detected goE/kd233/bit_mic')]);
  });

  // It gives up after 3 s of real time without an answer, which a very busy machine may need.
  test("kflash's own second stage writes the same flash as mote's", { retry: 2 }, async () => {
    const board = new VirtualK210();
    const program = Uint8Array.from({ length: 5000 }, (_, i) => (i * i) >> 3);
    writeFileSync(join(folder, 'program.bin'), program);
    const { status, text } = await runKflash(board, '-B', 'dan', join(folder, 'program.bin'));
    expect([status, text]).toEqual([0, expect.stringContaining('Rebooting...')]);
    const image = packK210([{ address: 0x8000_0000, bytes: program }], maixBit);
    expect(Buffer.compare(board.content(0, image[0].bytes.length), image[0].bytes)).toBe(0);
    board.record.erased.length = 0;
    const options = maixBit.flash?.find((entry) => entry.method === 'k210-isp') as K210IspFlash;
    const memory = await connectK210Isp({ link: board.link, timeScale: 0.3 }, options);
    expect(await writeImage(memory, image, { board: 'virtual-k210' })).toMatchObject({ erasedBlocks: 0 });
    expect(board.record.erased).toEqual([]);
  });
});
