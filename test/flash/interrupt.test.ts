// SPDX-License-Identifier: Apache-2.0
// Ctrl-C during mote flash, through the whole command: the signal comes while a block is being written. The board is the
// emulated boot loader of an STM32F405 behind a TCP port, which holds its breath there.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { writeHex } from '../../src/build/hex.js';
import { type RomBoard, romBoard, stm32f405 } from '../../src/flash/testing/romBoard.js';
import type { Link } from '../../src/link/link.js';
import { packageRoot } from '../../src/packageRoot.js';
import { xorshift32 } from '../../src/xorshift.js';
import type { Ended } from '../support/runProgram.js';
import { type ServedLink, serveLink } from '../support/serveLink.js';

const start = 0x08000000;
/** Four sectors of 16 kB, one of 64 kB and one of 128 kB: several steps. */
const next = xorshift32(9);
const image = Uint8Array.from({ length: 200_000 }, () => next());
image.set(new Uint8Array(Uint32Array.of(0x20010000, start + 0x101).buffer));

/** A link that passes nothing on to the board from the moment that `full()` holds until it is let go. */
function held(link: Link, full: () => boolean): { link: Link; reached: Promise<void>; letGo(): void } {
  const waiting: Uint8Array[] = [];
  let [open, reach] = [false, (): void => undefined];
  const reached = new Promise<void>((resolve) => {
    reach = resolve;
  });
  const write = async (bytes: Uint8Array): Promise<void> => {
    if (open || !full()) return link.write(bytes);
    waiting.push(bytes);
    reach();
  };
  const letGo = (): void => {
    open = true;
    for (const bytes of waiting.splice(0)) void link.write(bytes);
  };
  return { link: { ...link, write }, reached, letGo };
}

interface Running {
  ended: Promise<Ended>;
  signal(): void;
  /** Until this is on the error output. */
  heard(text: string): Promise<void>;
}

function startFlash(folder: string, port: number): Running {
  const args = [
    'flash',
    'fw.hex',
    '--board',
    'stm32f405-virtual',
    '--port',
    `tcp:127.0.0.1:${port}`,
    '--no-run',
    '--json',
  ];
  const child = spawn(process.execPath, [join(packageRoot, 'dist', 'cli', 'main.js'), ...args], { cwd: folder });
  const out = { stdout: '', stderr: '' };
  let onText: () => void = () => undefined;
  for (const name of ['stdout', 'stderr'] as const)
    child[name].setEncoding('utf8').on('data', (text: string) => {
      out[name] += text;
      onText();
    });
  const ended = new Promise<Ended>((resolve) => {
    child.once('close', (status) => resolve({ status, ...out }));
  });
  const heard = (text: string): Promise<void> =>
    new Promise((resolve) => {
      onText = () => out.stderr.includes(text) && resolve();
      onText();
    });
  return { ended, signal: () => child.kill('SIGINT'), heard };
}

describe.skipIf(process.platform === 'win32')('Ctrl-C during mote flash', () => {
  let folder: string;
  let board: RomBoard;
  let server: ServedLink;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'mote-interrupt-'));
    writeFileSync(join(folder, 'fw.hex'), writeHex([{ address: start, bytes: image }]));
    board = romBoard(stm32f405);
  });
  afterEach(async () => {
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const holds = (from: number, to: number): boolean =>
    Buffer.compare(board.content(start + from, to - from), image.subarray(from, to)) === 0;
  const writtenPast = (bytes: number) => () => board.record.written.some((r) => r.address > start + bytes);

  test('in the middle of a write: the step is ended, the state is said, and the same command goes on', async () => {
    const gate = held(board.link, writtenPast(0x10000 + 1000));
    server = await serveLink(gate.link);
    const first = startFlash(folder, server.tcpPort);
    await gate.reached;
    first.signal();
    await first.heard('flash stops after this step');
    gate.letGo();
    const { status, stdout } = await first.ended;
    const { ok, error } = JSON.parse(stdout);
    expect([status, ok, error.code, error.exit]).toEqual([130, false, 'flash.interrupted', 130]);
    expect(error.message).toMatch(
      /^interrupted; of the 6 erase blocks that the image needs 5 hold the image; nothing else was touched, and the same command goes on from here$/,
    );
    expect(holds(0, 0x20000)).toBe(true);
    expect(board.record.erased.every((r) => r.address < start + 0x20000)).toBe(true);

    const second = await startFlash(folder, server.tcpPort).ended;
    expect(JSON.parse(second.stdout)).toMatchObject({ ok: true, data: { erasedBlocks: 1, unchangedBlocks: 5 } });
    expect(holds(0, image.length)).toBe(true);
    expect(board.record.forbidden).toEqual([]);
  });

  test('a second one stops at once, and says that the step is unfinished', async () => {
    const gate = held(board.link, writtenPast(0x10000 + 1000));
    server = await serveLink(gate.link);
    const run = startFlash(folder, server.tcpPort);
    await gate.reached;
    run.signal();
    await run.heard('flash stops after this step');
    run.signal();
    const { status, stderr } = await run.ended;
    expect([status, stderr]).toEqual([
      130,
      expect.stringContaining('its step is not finished: run the same command again'),
    ]);
    expect(holds(0, 0x10000)).toBe(true);
    gate.letGo();
    board.reset();
    const again = await startFlash(folder, server.tcpPort).ended;
    expect(JSON.parse(again.stdout)).toMatchObject({ ok: true, data: { unchangedBlocks: 4 } });
    expect(holds(0, image.length)).toBe(true);
  });

  test('while nobody answers: nothing was erased', async () => {
    const gate = held(board.link, () => true);
    server = await serveLink(gate.link);
    const run = startFlash(folder, server.tcpPort);
    await gate.reached;
    run.signal();
    const { status, stdout } = await run.ended;
    expect([status, JSON.parse(stdout).error]).toEqual([
      130,
      expect.objectContaining({ code: 'flash.interrupted', message: expect.stringMatching(/nothing was erased/) }),
    ]);
    expect(board.record).toEqual({ erased: [], written: [], forbidden: [] });
  });
});
