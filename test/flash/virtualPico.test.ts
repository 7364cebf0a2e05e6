// SPDX-License-Identifier: Apache-2.0
// A Pico from end to end without one: mote flash copies firmware to a folder that behaves like BOOTSEL, rp2040js starts with
// exactly the file that arrived there, and mote run gets the host's answers from it, bit by bit.
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadBoard } from '../../src/build/boards.js';
import { openRp2040 } from '../../src/device/rp2040.js';
import { type VirtualDrive, virtualUf2Drive } from '../../src/flash/testing/virtualDrive.js';
import type { Link } from '../../src/link/link.js';
import { packageRoot } from '../../src/packageRoot.js';
import { type Ended, runProgram } from '../support/runProgram.js';

const folder = mkdtempSync(join(tmpdir(), 'mote-pico-'));
const sample = (file: string): string => join(packageRoot, 'models', 'digits', file);
const rp2040Family = 0xe48bff56;

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

/** The serial port of the board: closed until its drive has the file, then what the program in that file says. */
function servePico(drive: VirtualDrive): Promise<Server> {
  let chip: Promise<Link> | undefined;
  const server = createServer(async (socket) => {
    socket.on('error', () => socket.destroy());
    if (!drive.taken()) return void socket.destroy();
    chip ??= openRp2040(loadBoard('pico'), drive.received()).then(({ link }) => link);
    const link = await chip;
    link.onData((bytes) => void socket.write(bytes));
    socket.on('data', (bytes) => void link.write(Uint8Array.from(bytes)));
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

describe('a virtual Pico', () => {
  let drive: VirtualDrive;
  let server: Server;
  const bootsel = join(folder, 'RPI-RP2');

  beforeAll(async () => {
    drive = await virtualUf2Drive(bootsel, 'RPI-RP2', rp2040Family);
    server = await servePico(drive);
    const input = ['--calib', sample('calib_x.npy'), '--input-scale', '0.00392156862745098,0'];
    await moteJson('pack', sample('digits.onnx'), '--board', 'pico', ...input, '-o', 'pack');
  });
  afterAll(() => {
    drive?.stop();
    server?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test('mote flash to its drive, then mote run on what arrived', async () => {
    const port = `tcp:127.0.0.1:${(server.address() as AddressInfo).port}`;
    const flashed = await moteJson('flash', 'pack', '--board', 'pico', '--port', bootsel, '--console', port);
    expect(flashed).toMatchObject({
      method: 'uf2-drive',
      verifiedBy: 'firmware',
      confirmed: { model: 'digits', proof: 'pack' },
    });
    const onBoard = await moteJson('run', 'pack', '--board', 'pico', '--port', port);
    expect(onBoard).toMatchObject({ compared: 4, equal: 4, guardIntact: true });
  });
});
