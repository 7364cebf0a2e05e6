// SPDX-License-Identifier: Apache-2.0
// The virtual ESP32-C3 judged by a stranger: npm's esptool-js (Espressif's own client, with its stub) flashes it, and
// finds what our client finds.
import { createHash } from 'node:crypto';
import { ESPLoader, type Transport as EspTransport, type ResetConstructors, Transport } from 'esptool-js';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { connectEspRom, type EspOptions } from '../../src/flash/espRom.js';
import { loaderOp } from '../../src/flash/ramLoader.js';
import { VirtualEsp, virtualEspBase } from '../../src/flash/testing/virtualEsp.js';
import { writeImage } from '../../src/flash/writeImage.js';
import { xorshift32 } from '../../src/xorshift.js';
import { w3cPort } from './esptoolShim.js';

const offset = 0x10000;
const next = xorshift32(7);
// Whole sectors: esptool-js loses what lies beside an image, mote keeps it.
const program = Uint8Array.from({ length: 18 * 4096 }, () => next() & 0x3f);

const options: EspOptions = {
  method: 'esp-rom',
  chip: 'esp32c3',
  flashBase: '0x42000000',
  blocks: [{ start: '0x42000000', bytes: 4096, count: 1024 }],
  enter: ['D0|R1|W0.1|D1|R0|W0.05|D0'],
  leave: 'D0|R1|W0.1|R0',
};

/** esptool-js 0.7.0 leaves DTR asserted and never asserts RTS after flashing; this is what it should do. */
class HardReset {
  constructor(readonly transport: EspTransport) {}
  async reset(): Promise<void> {
    await this.transport.setSignals(false, true);
    await this.transport.setSignals(false, false);
  }
}

async function flashWithEsptool(board: VirtualEsp): Promise<ESPLoader> {
  const port = w3cPort(board.link) as unknown as ConstructorParameters<typeof Transport>[0];
  const terminal = { clean: () => undefined, writeLine: () => undefined, write: () => undefined };
  const resetConstructors = { hardReset: (transport: EspTransport) => new HardReset(transport) } as ResetConstructors;
  const transport = new Transport(port);
  const loader = new ESPLoader({ transport, baudrate: 460_800, romBaudrate: 115_200, terminal, resetConstructors });
  await loader.main();
  await loader.writeFlash({
    fileArray: [{ data: program, address: offset }],
    flashMode: 'keep',
    flashFreq: 'keep',
    flashSize: 'keep',
    eraseAll: false,
    compress: true,
    calculateMD5Hash: (bytes) => createHash('md5').update(bytes).digest('hex'),
  });
  await loader.after('hard_reset');
  return loader;
}

async function flashWithMote(board: VirtualEsp) {
  const memory = await connectEspRom({ link: board.link, timeScale: 0.3 }, options);
  const image = [{ address: virtualEspBase + offset, bytes: program }];
  const report = await writeImage(memory, image, { board: 'virtual-esp' });
  await memory.start();
  return report;
}

const flashOf = (board: VirtualEsp) =>
  Buffer.from(board.content(virtualEspBase + offset, 18 * 4096)).toString('base64');

describe('a virtual ESP32-C3, two clients', () => {
  // esptool-js traces by console.log.
  beforeAll(() => void vi.spyOn(console, 'log').mockImplementation(() => undefined));
  afterAll(() => void vi.restoreAllMocks());

  it('both leave the same flash, erase the same sectors and start the program', async () => {
    const [theirs, ours] = [new VirtualEsp({ stub: true }), new VirtualEsp()];
    await Promise.all([flashWithEsptool(theirs), flashWithMote(ours)]);
    // esptool-js does not wait for what it sends last.
    await expect.poll(() => theirs.mode, { timeout: 60_000 }).toBe('program');
    expect(flashOf(ours)).toBe(flashOf(theirs));
    expect(Buffer.compare(ours.content(virtualEspBase + offset, program.length), program)).toBe(0);
    for (const board of [theirs, ours]) {
      expect(board.mode).toBe('program');
      expect(board.record.forbidden).toEqual([]);
      expect(Math.min(...board.record.erased.map((r) => r.address))).toBe(virtualEspBase + offset);
      expect(board.record.erased.reduce((sum, r) => sum + r.bytes, 0)).toBe(18 * 4096);
    }
    // Each finds the other's work to be its own.
    const same = new VirtualEsp();
    same.flash.bytes.set(theirs.flash.bytes);
    expect(await flashWithMote(same)).toMatchObject({ erasedBlocks: 0, unchangedBlocks: 18, verifiedBy: 'md5' });
  });

  it('both find a byte that did not take', async () => {
    const boards = [new VirtualEsp({ stub: true }), new VirtualEsp()];
    for (const { flash } of boards) {
      flash.badCell = offset + 33_333;
      flash.bytes[offset + 33_333] = 0xff;
    }
    await expect(flashWithEsptool(boards[0])).rejects.toThrow('MD5 of file does not match');
    await expect(flashWithMote(boards[1])).rejects.toThrow('holds something else than was written: the md5');
  });

  it('both find another chip', async () => {
    const board = new VirtualEsp({ chip: 'esp32c6' });
    await expect(flashWithMote(board)).rejects.toThrow('has an ESP32-C6 where ESP32-C3 is expected');
    const loader = await flashWithEsptool(new VirtualEsp({ chip: 'esp32c6', stub: true }));
    expect(loader.chip.CHIP_NAME).toBe('ESP32-C6');
    expect(board.record.erased).toEqual([]);
  });

  it('both find that the chip has fallen silent', async () => {
    const [dataBlock, sector] = [0x11, 0x100 + loaderOp.sector];
    const [theirs, ours] = [new VirtualEsp({ stub: true }), new VirtualEsp()];
    await Promise.all([flashWithEsptool(theirs), flashWithMote(ours)]);
    const dieAfter = (board: VirtualEsp, command: number) => board.commands.indexOf(command) + 2;
    await expect(flashWithMote(new VirtualEsp({ dieAfter: dieAfter(ours, sector) }))).rejects.toThrow(
      'does not answer',
    );
    await expect(
      flashWithEsptool(new VirtualEsp({ stub: true, dieAfter: dieAfter(theirs, dataBlock) })),
    ).rejects.toThrow();
  });
});
