// SPDX-License-Identifier: Apache-2.0
// The PPK2 driver through the operating system's serial port: an emulated PPK2 on a pseudo terminal.
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Link } from '../../src/link/link.js';
import { openSerialLink } from '../../src/link/serialLink.js';
import { Ppk2Emulator } from '../../src/measure/emulated/ppk2Emulator.js';
import { segmentScene } from '../../src/measure/emulated/scene.js';
import { openPpk2 } from '../../src/measure/ppk2.js';
import { farOf } from '../support/farOf.js';
import { openPty } from '../support/pty.js';

const folder = mkdtempSync(join(tmpdir(), 'mote-ppk2-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The link, and how many bytes have come through it. */
function counted(link: Link): { link: Link; bytes: () => number } {
  let count = 0;
  const onData: Link['onData'] = (listener) =>
    link.onData((bytes) => {
      count += bytes.length;
      listener(bytes);
    });
  return { link: { ...link, onData }, bytes: () => count };
}

describe('PPK2 on a pseudo terminal', () => {
  it('loses no sample of a second', async () => {
    const scene = segmentScene([
      { samples: 60_000, amps: 30e-6 },
      { samples: 40_000, amps: 21e-3, low: true },
    ]);
    const server = createServer((socket) => {
      socket.on('error', () => {});
      new Ppk2Emulator(farOf(socket), { scene });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    const pty = await openPty(folder, address.port);
    try {
      const { link, bytes } = counted(await openSerialLink(pty.path, { baud: 115_200 }));
      const meter = await openPpk2(link, { mode: 'source', millivolt: 3300, source: 'emulated' });
      const before = bytes();
      await meter.start();
      while (bytes() - before < 4 * scene.count()) await new Promise((resolve) => setTimeout(resolve, 20));
      const trace = await meter.stop();
      expect([trace.currentA.length, trace.lostSamples]).toEqual([scene.count(), 0]);
      expect(trace.digital?.indexOf(0xfe)).toBe(60_000);
      await meter.close();
    } finally {
      await pty.close();
      server.close();
    }
  });
});
