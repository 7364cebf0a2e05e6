// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { MoteError } from '../cli/errors.js';
import type { SamBaFlash } from '../generated/board.js';
import { xorshift32 } from '../xorshift.js';
import { crc16 } from './crc16.js';
import { connectSamBa } from './samBa.js';
import { regionsBeside } from './samBaLocks.js';
import { VirtualSamBa, type VirtualSamBaOptions } from './testing/virtualSamBa.js';
import { inVirtualTime } from './testing/virtualTime.js';
import { writeImage } from './writeImage.js';

const options: SamBaFlash = {
  method: 'sam-ba',
  chip: 'samd21',
  pageBytes: 64,
  blocks: [{ start: '0x2000', bytes: 256, count: 992 }],
};

const next = xorshift32(5);
const image = [{ address: 0x2000, bytes: Uint8Array.from({ length: 20_000 }, () => next()) }];

async function flash(board: VirtualSamBa, more: Partial<SamBaFlash> = {}) {
  const outcome = await inVirtualTime(600_000, async () => {
    const memory = await connectSamBa({ link: board.link }, { ...options, ...more });
    const report = await writeImage(memory, image, { board: 'virtual-samd21' });
    await memory.start();
    return report;
  });
  if ('error' in outcome) throw outcome.error;
  return outcome.value;
}

it('CRC-16 is that of XMODEM', () => expect(crc16(Buffer.from('123456789'))).toBe(0x31c3));

describe('SAM-BA', () => {
  it.each(['raw', 'xmodem'] as const)(
    '%s: erases rows, writes, verifies, starts; then finds nothing to do',
    async (transfer) => {
      const board = new VirtualSamBa({ transfer });
      const report = await flash(board, { transfer });
      expect(report).toMatchObject({ erasedBlocks: 79, unchangedBlocks: 0, verifiedBy: 'crc32' });
      expect(report.chip).toContain('SAM D21, SAM-BA v2.0 [Arduino:XYZ]');
      expect(Buffer.compare(board.content(0x2000, 20_000), image[0].bytes)).toBe(0);
      // What lies behind the image in its last row is kept.
      expect([...board.content(0x2000 + 20_000, 4)]).toEqual([0xa5, 0xa5, 0xa5, 0xa5]);
      expect(board.mode).toBe('program');
      expect(board.record.erased).toHaveLength(79);
      expect(board.record.erased.every(({ address, bytes }) => address >= 0x2000 && bytes === 256)).toBe(true);
      board.reset();
      expect(await flash(board, { transfer })).toMatchObject({ erasedBlocks: 0, unchangedBlocks: 79 });
    },
  );

  it.each([
    [{ deviceId: 0x60060305 }, /has a chip with the identity 0x60060305 where SAM D21 is expected; nothing was erased/],
    [{ version: 'v1.1 Dec 15 2010' }, /without the commands Y and Z/],
  ] as [VirtualSamBaOptions, RegExp][])('%j is refused', async (given, words) => {
    const board = new VirtualSamBa(given);
    const error = await flash(board).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(MoteError);
    expect((error as MoteError).message).toMatch(words);
    expect(board.record).toEqual({ erased: [], written: [], forbidden: [] });
  });
});

/** What a line can make of a command, sent past the client. */
const stray = async (board: VirtualSamBa, text: string): Promise<void> => board.link.write(Buffer.from(text, 'latin1'));

describe('what no command can change', () => {
  it('SAM D21: from the first contact on only the program in RAM writes, and only what was announced', async () => {
    for (const command of ['X00002000#', 'Y20005000,0#Y00003000,00000040#', 'W4100401C,00001000#W41004000,0000A502#']) {
      const board = new VirtualSamBa();
      const outcome = await inVirtualTime(600_000, () => connectSamBa({ link: board.link }, options));
      if ('error' in outcome) throw outcome.error;
      await stray(board, command);
      expect(board.mode).toBe('dead');
      expect(board.record).toEqual({ erased: [], written: [], forbidden: [] });
      // The same command does act on a chip that was not locked.
      const open = new VirtualSamBa();
      await stray(open, command);
      expect(open.record.erased.length + open.record.written.length).toBeGreaterThan(0);
    }
    const board = new VirtualSamBa();
    const outcome = await inVirtualTime(600_000, async () => {
      const memory = await connectSamBa({ link: board.link }, options);
      const row = (at: number) => memory.write(at, new Uint8Array(256), () => undefined);
      await expect(row(0x3000)).rejects.toThrow('outside of what was announced');
      await memory.announce?.([{ address: 0x3000, bytes: 256 }]);
      await row(0x3000);
      for (const at of [0x2f00, 0x3100, 0x3080]) await expect(row(at)).rejects.toThrow('outside of what was announced');
    });
    if ('error' in outcome) throw outcome.error;
    expect(board.record.erased).toEqual([{ address: 0x3000, bytes: 256 }]);
  });

  it('SAM D21: the boot loader cannot be announced', async () => {
    const board = new VirtualSamBa();
    const outcome = await inVirtualTime(600_000, async () => {
      const memory = await connectSamBa({ link: board.link }, options);
      await memory.announce?.([{ address: 0x1f00, bytes: 0x300 }]);
      await expect(memory.write(0x1f00, new Uint8Array(256), () => undefined)).rejects.toThrow('outside');
    });
    if ('error' in outcome) throw outcome.error;
    expect(board.record.erased).toEqual([]);
  });

  it('nRF52840: what the image does not need is locked until the next reset', async () => {
    const nrf: SamBaFlash = {
      method: 'sam-ba',
      chip: 'nrf52840',
      pageBytes: 4096,
      blocks: [{ start: '0x10000', bytes: 4096, count: 240 }],
    };
    const board = new VirtualSamBa({ chip: 'nrf52840' });
    const write = (address: number) =>
      inVirtualTime(600_000, async () => {
        const memory = await connectSamBa({ link: board.link }, nrf);
        return writeImage(memory, [{ address, bytes: new Uint8Array(5000).fill(7) }], { board: 'virtual-nrf' });
      });
    expect(await write(0x20000)).toMatchObject({ value: { erasedBlocks: 2 } });
    // Without a start there was no reset: another image has to wait for one.
    expect(String(((await write(0x80000)) as { error?: unknown }).error)).toMatch(/locked until the next reset/);
    expect(await write(0x20000)).toMatchObject({ value: { erasedBlocks: 0 } });
    await stray(board, 'W4001E504,00000002#W4001E508,00030000#');
    expect(board.mode).toBe('dead');
    expect(board.record.erased).toEqual([
      { address: 0x20000, bytes: 4096 },
      { address: 0x21000, bytes: 4096 },
    ]);
    board.reset();
    expect(await write(0x80000)).toMatchObject({ value: { erasedBlocks: 2 } });
  });

  it('regions lie beside the blocks, the largest first where there are too many', () => {
    const locks = { register: 0, stride: 16, count: 3, mostBytes: 0x80000, flashBytes: 0x100000 };
    expect(regionsBeside([{ address: 0x10000, bytes: 0x1000 }], locks)).toEqual([
      { address: 0, bytes: 0x10000 },
      { address: 0x11000, bytes: 0x80000 },
      { address: 0x91000, bytes: 0x6f000 },
    ]);
    const blocks = [0x10000, 0x12000, 0x14000].map((address) => ({ address, bytes: 0x1000 }));
    expect(regionsBeside(blocks, locks).map(({ address }) => address)).toEqual([0, 0x15000, 0x95000]);
  });
});
