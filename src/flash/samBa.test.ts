// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { MoteError } from '../cli/errors.js';
import type { SamBaFlash } from '../generated/board.js';
import { xorshift32 } from '../xorshift.js';
import { crc16 } from './crc16.js';
import { connectSamBa } from './samBa.js';
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
    '%s: erases rows, writes, reads back, starts; then finds nothing to do',
    async (transfer) => {
      const board = new VirtualSamBa({ transfer });
      const report = await flash(board, { transfer });
      expect(report).toMatchObject({ erasedBlocks: 79, unchangedBlocks: 0, verifiedBy: 'readback' });
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
