// SPDX-License-Identifier: Apache-2.0
// The virtual SAM D21 judged by a stranger: Debian's bossac flashes it over a pseudo-terminal, and our client reads what
// it wrote, and the other way round.
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findProgram } from '../../src/build/exec.js';
import { connectSamBa } from '../../src/flash/samBa.js';
import { VirtualSamBa } from '../../src/flash/testing/virtualSamBa.js';
import { writeImage } from '../../src/flash/writeImage.js';
import type { SamBaFlash } from '../../src/generated/board.js';
import { xorshift32 } from '../../src/xorshift.js';
import { openPty } from '../support/pty.js';
import { serveLink } from '../support/serveLink.js';

const present = findProgram('bossac') !== undefined && findProgram('socat') !== undefined;
const options: SamBaFlash = {
  method: 'sam-ba',
  chip: 'samd21',
  transfer: 'xmodem',
  pageBytes: 64,
  blocks: [{ start: '0x2000', bytes: 256, count: 992 }],
};
const next = xorshift32(11);
const program = Uint8Array.from({ length: 20_000 }, () => next());

let room: string;
beforeAll(async () => {
  room = await mkdtemp(join(tmpdir(), 'mote-bossac-'));
  await writeFile(join(room, 'program.bin'), program);
});
afterAll(() => rm(room, { recursive: true, force: true }));

/** Runs it; `done` is when what it wrote last has arrived. */
async function bossac(
  board: VirtualSamBa,
  args: string[],
  done = (): boolean => true,
): Promise<{ code: number | null; text: string }> {
  const server = await serveLink(board.link);
  const pty = await openPty(room, server.tcpPort);
  await server.connected;
  const child = spawn('bossac', ['-p', pty.path, '-U0', '-o', '0x2000', ...args]);
  let text = '';
  child.stdout.on('data', (bytes) => (text += bytes));
  child.stderr.on('data', (bytes) => (text += bytes));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  if (code === 0) await expect.poll(done, { timeout: 60_000 }).toBe(true);
  await pty.close();
  await server.close();
  return { code, text };
}

async function flashWithMote(board: VirtualSamBa) {
  const memory = await connectSamBa({ link: board.link, timeScale: 0.2 }, options);
  return writeImage(memory, [{ address: 0x2000, bytes: program }], { board: 'virtual-samd21' });
}

describe.skipIf(!present && !process.env.CI)('bossac and mote on a virtual SAM D21', () => {
  it('bossac writes, verifies and resets; mote finds that nothing is left to do', async () => {
    const board = new VirtualSamBa({ transfer: 'xmodem' });
    const args = ['-i', '-e', '-w', '-v', '-R', join(room, 'program.bin')];
    const { code, text } = await bossac(board, args, () => board.mode === 'program');
    expect(text).toContain('ATSAMD21');
    expect(text).toContain('Verify successful');
    expect(code).toBe(0);
    expect(board.mode).toBe('program');
    expect(Buffer.compare(board.content(0x2000, program.length), program)).toBe(0);
    board.reset();
    expect(await flashWithMote(board)).toMatchObject({ erasedBlocks: 0, unchangedBlocks: 79 });
  });

  it('bossac verifies what mote wrote', async () => {
    const board = new VirtualSamBa({ transfer: 'xmodem' });
    expect(await flashWithMote(board)).toMatchObject({ erasedBlocks: 79, verifiedBy: 'crc32' });
    board.reset();
    const { code, text } = await bossac(board, ['-v', join(room, 'program.bin')]);
    expect(text).toContain('Verify successful');
    expect(code).toBe(0);
  });
});
