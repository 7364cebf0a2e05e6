// SPDX-License-Identifier: Apache-2.0
// The emulated AN3155 boot loader is judged by a stranger: Debian's stm32flash 0.7 writes, verifies, reads and starts
// programs through it, and finds what mote wrote. Ptys have no parity, hence 8N1.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { loadBoard } from '../../src/build/boards.js';
import { findProgram } from '../../src/build/exec.js';
import { flashAn3155 } from '../../src/flash/testing/an3155Subject.js';
import { stm32f405 } from '../../src/flash/testing/romBoard.js';
import { startVirtualStm32, type VirtualStm32 } from '../../src/flash/testing/virtualStm32.js';
import { openLink } from '../../src/link/openLink.js';
import { xorshift32 } from '../../src/xorshift.js';
import { openPty, type Pty } from '../support/pty.js';
import { runProgram } from '../support/runProgram.js';

const folder = mkdtempSync(join(tmpdir(), 'mote-stm32flash-'));
const next = xorshift32(405);
const bytes = Uint8Array.from({ length: 20_004 }, () => next() & 0xff);
const imageFile = join(folder, 'image.bin');
const base = 0x0800_0000;
const present = ['stm32flash', 'socat', 'qemu-system-arm'].every((p) => findProgram(p) !== undefined);

describe.skipIf(!present && !process.env.CI)("Debian's stm32flash", () => {
  let virtual: VirtualStm32;
  let pty: Pty;

  beforeAll(async () => {
    writeFileSync(imageFile, bytes);
    virtual = await startVirtualStm32(loadBoard('stm32f405-virtual'));
    pty = await openPty(folder, virtual.tcpPort);
  });
  beforeEach(() => virtual.reset());
  afterAll(async () => {
    await pty?.close();
    await virtual?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const stm32flash = (...args: string[]) => runProgram('stm32flash', ['-b', '115200', '-m', '8n1', ...args, pty.path]);

  test('knows the chip', async () => {
    const { status, stdout } = await stm32flash();
    expect([status, stdout]).toEqual([
      0,
      expect.stringMatching(/Version\s*: 0x31[\s\S]*Device ID\s*: 0x0413 \(STM32F40xxx/),
    ]);
  });

  test('erases, writes, verifies and starts', async () => {
    virtual.rom.flash.cells.fill(0);
    const starts = virtual.starts;
    const { status, stdout } = await stm32flash('-w', imageFile, '-v', '-g', '0x08000000');
    expect([status, stdout]).toEqual([0, expect.stringMatching(/Wrote and verified address 0x08004e24 \(100\.00%\)/)]);
    expect(Buffer.compare(virtual.rom.flash.read(base, bytes.length), bytes)).toBe(0);
    await expect.poll(() => virtual.starts, { timeout: 60_000 }).toBe(starts + 1);
  });

  test('reads what mote wrote, and mote finds what stm32flash wrote', async () => {
    virtual.rom.flash.cells.fill(0);
    const link = await openLink(virtual.port, { baud: 115200 });
    const image = [{ address: base, bytes }];
    expect(await flashAn3155(link, { image, options: stm32f405 })).toMatchObject({ erasedBlocks: 2 });
    await link.close();
    await virtual.reset();
    const back = join(folder, 'back.bin');
    expect((await stm32flash('-r', back, '-S', `0x08000000:${bytes.length}`)).status).toBe(0);
    expect(Buffer.compare(readFileSync(back), bytes)).toBe(0);
    const changed = bytes.map((b) => b ^ 0xff);
    writeFileSync(imageFile, changed);
    expect((await stm32flash('-w', imageFile, '-v')).status).toBe(0);
    const again = await openLink(virtual.port, { baud: 115200 });
    const report = await flashAn3155(again, { image: [{ address: base, bytes: changed }], options: stm32f405 });
    await again.close();
    expect(report).toMatchObject({ erasedBlocks: 0, unchangedBlocks: 2 });
  });
});
