// SPDX-License-Identifier: Apache-2.0
// mote flash by MCUboot's serial recovery, as a user does it: a signed image, a board file, a port. The board behind the
// port is the emulated one, with the slot of nrf52840-dk.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { writeHex } from '../../src/build/hex.js';
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
