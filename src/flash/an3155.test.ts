// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import type { Link } from '../link/link.js';
import { xorshift32 } from '../xorshift.js';
import { openAn3155 } from './an3155.js';
import { an3155Chips, chipBlocks } from './an3155Chips.js';
import { safeFiller } from './an3155Session.js';
import type { FlashMemory, FlashRequest } from './flashMemory.js';
import type { RomOptions } from './testing/an3155Rom.js';
import { flashAn3155 } from './testing/an3155Subject.js';
import { characters, lineTime } from './testing/lineTime.js';
import { blocksOf, type RomBoard, romBoard, stm32f103, stm32f405 } from './testing/romBoard.js';
import { inVirtualTime } from './testing/virtualTime.js';

const base = 0x0800_0000;
const next = xorshift32(1);
const randomBytes = (count: number): Uint8Array => Uint8Array.from({ length: count }, () => next() & 0xff);
const imageOf = (bytes: Uint8Array) => [{ address: base, bytes }];

async function value<T>(work: () => Promise<T>): Promise<T> {
  const outcome = await inVirtualTime(120_000, work);
  if ('error' in outcome) throw outcome.error;
  return outcome.value;
}

const open = (board: RomBoard, rom: RomOptions, request: Partial<FlashRequest> = {}): Promise<FlashMemory> =>
  openAn3155(
    { link: board.link, ...request },
    { productIds: [rom.gdId ?? `0x${rom.productId.toString(16)}`], blocks: rom.blocks, parity: 'none' },
  );

describe('connecting', () => {
  test('says what answered', async () => {
    const board = romBoard(stm32f405);
    const { chip } = await value(() => open(board, stm32f405));
    expect(chip).toBe('STM32F405/F407/F415/F417 (product id 0x413), boot loader 3.1');
  });

  test.each([
    ['synchronised before', [0x7f]],
    ['holding half a command', [0x7f, 0x31]],
    ['in the middle of an address', [0x7f, 0x31, 0xce, 8, 0, 0]],
  ])('to a boot loader %s', async (_, bytes) => {
    const board = romBoard(stm32f405);
    board.rom.feed(Uint8Array.from(bytes));
    const memory = await value(() => open(board, stm32f405));
    expect(memory.blocks).toHaveLength(12);
    expect(board.record).toEqual({ erased: [], written: [], forbidden: [] });
  });

  test('silence is named, with what to do', async () => {
    const board = romBoard(stm32f405);
    board.rom.stop();
    const steps: string[] = [];
    const request = { onStep: (text: string) => void steps.push(text) };
    await expect(value(() => open(board, stm32f405, request))).rejects.toMatchObject({
      code: 'flash.silent',
      exit: 6,
      help: expect.stringContaining('BOOT0'),
    });
    expect(steps).toContain('waiting for the boot loader (try 7 of 7)');
  });

  test('a program on the line is quoted', async () => {
    const board = romBoard(stm32f405);
    const connect = () => {
      board.runProgram(new TextEncoder().encode('y yields 3 1\r\n'));
      return open(board, stm32f405);
    };
    await expect(value(connect)).rejects.toMatchObject({
      code: 'flash.running',
      message: expect.stringContaining('y yields 3 1'),
      help: expect.stringContaining('BOOT0'),
    });
  });

  test('a reset into the boot loader is asked for before each try', async () => {
    const board = romBoard(stm32f405);
    board.runProgram(Uint8Array.of(1, 2, 3));
    let entered = 0;
    const enter = async () => {
      entered++;
      board.reset();
    };
    const options = { productIds: ['0x413'], blocks: stm32f405.blocks, parity: 'none' as const, enter };
    await value(() => openAn3155({ link: board.link }, options));
    expect(entered).toBe(1);
  });

  test('time limits scale with the request', async () => {
    const took = async (timeScale: number) => {
      const board = romBoard(stm32f405);
      board.rom.stop();
      return (await inVirtualTime(120_000, () => open(board, stm32f405, { timeScale }))).tookMs;
    };
    expect(await took(2)).toBe(2 * (await took(1)));
  });
});

describe('the chip', () => {
  test('of another id is refused before anything is erased', async () => {
    const board = romBoard(stm32f103);
    await expect(value(() => open(board, stm32f405))).rejects.toMatchObject({
      code: 'flash.chip',
      message: expect.stringMatching(/STM32F10x medium density \(product id 0x410\) where STM32F405.*is expected/),
    });
    expect(board.record.erased).toEqual([]);
  });

  test('with other erase blocks than the board file says is refused', async () => {
    const board = romBoard(stm32f405);
    const options = { productIds: ['0x413'], blocks: blocksOf([64, 0x4000]), parity: 'none' as const };
    await expect(value(() => openAn3155({ link: board.link }, options))).rejects.toMatchObject({ code: 'flash.chip' });
  });

  test('a part of its blocks keeps their numbers', async () => {
    const board = romBoard(stm32f405);
    const blocks = stm32f405.blocks.slice(4, 6);
    const options = { productIds: ['0x413'], blocks, parity: 'none' as const };
    await value(async () => (await openAn3155({ link: board.link }, options)).erase?.([blocks[1]]));
    expect(board.record.erased).toEqual([{ address: 0x0802_0000, bytes: 0x20000 }]);
  });

  test('that is protected is left so', async () => {
    const locked = { ...stm32f405, readProtected: true };
    const board = romBoard(locked);
    await expect(value(() => open(board, locked))).rejects.toMatchObject({
      code: 'flash.locked',
      exit: 6,
      help: expect.stringContaining('never'),
    });
    expect(board.record).toEqual({ erased: [], written: [], forbidden: [] });
  });

  test('of GigaDevice is known by its letters, and written in 240 bytes', async () => {
    const gd = { ...stm32f405, gdId: 'VW55', blocks: blocksOf([1024, 4096]), writeBytes: 240 };
    const board = romBoard(gd);
    const bytes = randomBytes(1000);
    await value(() => flashAn3155(board.link, { image: imageOf(bytes), options: gd }));
    expect(Buffer.compare(board.content(base, 1000), bytes)).toBe(0);
    expect(board.record.written[0].bytes).toBe(240);
  });

  test.each(Object.entries(an3155Chips))('%s has a contiguous flash of whole blocks', (id, chip) => {
    expect(id).toMatch(/^0x4[0-9a-f]{2}$/);
    const blocks = chipBlocks(chip);
    expect(blocks.map((b) => b.address)).toEqual([base, ...blocks.slice(0, -1).map((b) => b.address + b.bytes)]);
    expect(blocks.every((b) => b.bytes % chip.writeAlignBytes === 0)).toBe(true);
    expect(chip.writeBytes % chip.writeAlignBytes).toBe(0);
  });
});

describe('parity', () => {
  const even = { productIds: ['0x413'], blocks: stm32f405.blocks };

  test('a link without it is refused before a byte is sent', async () => {
    const board = romBoard(stm32f405);
    const sent: number[] = [];
    const link: Link = { ...board.link, write: async (bytes) => void sent.push(...bytes) };
    await expect(value(() => openAn3155({ link }, even))).rejects.toMatchObject({ code: 'link.lacks' });
    expect(sent).toEqual([]);
  });

  test('is even unless the board says otherwise', async () => {
    const formats: unknown[] = [];
    const board = romBoard(stm32f405, { onFormat: (format) => formats.push(format) });
    await value(() => openAn3155({ link: board.link }, { ...even, baud: 57600 }));
    expect(formats).toEqual([{ baud: 57600, parity: 'even' }]);
  });
});

describe('writing', () => {
  test.each([
    ['extended erase, sectors', stm32f405],
    ['erase, pages', stm32f103],
  ])('%s: the image is there, what lies beside it too, and the program is started', async (_, options) => {
    const board = romBoard(options);
    const before = randomBytes(0x8000);
    board.rom.flash.cells.set(before);
    const bytes = randomBytes(4999);
    const report = await value(() => flashAn3155(board.link, { image: imageOf(bytes), options }));
    expect(report.verifiedBy).toBe('readback');
    expect(Buffer.compare(board.content(base, 4999), bytes)).toBe(0);
    expect(Buffer.compare(board.content(base + 4999, 0x4000), before.subarray(4999, 4999 + 0x4000))).toBe(0);
    expect(board.started).toEqual([base]);
    expect(board.record.forbidden).toEqual([]);
  });

  test.each(['request', 'answer'] as const)('GO is done once where its %s is lost', async (lost) => {
    const board = romBoard(stm32f405);
    let armed = false;
    let deaf = false;
    const link: Link = {
      ...board.link,
      write: async (bytes) => {
        const hit = armed && bytes.length === 5;
        if (hit) armed = false;
        deaf = hit && lost === 'answer';
        if (!hit || deaf) await board.link.write(bytes);
      },
      onData: (listener) => board.link.onData((bytes) => !deaf && listener(bytes)),
    };
    await value(async () => {
      const memory = await open({ ...board, link }, stm32f405);
      armed = true;
      await memory.start();
    });
    expect(board.started).toEqual([base]);
  });

  test('the line carries data for at least 90 % of the time of a 100 kB write', async () => {
    const board = romBoard(stm32f405);
    const bytes = randomBytes(100_000);
    const { link, time } = lineTime(board.link);
    const memory = await value(() => open({ ...board, link }, stm32f405));
    const before = characters(time);
    await value(async () => {
      await memory.erase?.(stm32f405.blocks.slice(0, 5));
      await memory.write(base, bytes, () => undefined);
    });
    const share = bytes.length / (characters(time) - before);
    expect(share).toBeGreaterThan(0.9);
    expect((100 * share).toFixed(1)).toBe('93.4'); // 256 of 265 bytes there, 3 back and 6 turns a block
  });

  test('a second flash writes only the sectors that changed', async () => {
    const board = romBoard(stm32f405);
    const bytes = randomBytes(100_000);
    await value(() => flashAn3155(board.link, { image: imageOf(bytes), options: stm32f405 }));
    expect(board.record.erased).toHaveLength(5);
    const again = () => {
      board.reset();
      board.record.erased.length = board.record.written.length = 0;
      return flashAn3155(board.link, { image: imageOf(bytes), options: stm32f405 });
    };
    bytes[0x4000] ^= 1;
    const report = await value(again);
    expect(report).toMatchObject({ erasedBlocks: 1, unchangedBlocks: 4 });
    expect(board.record.erased).toEqual([{ address: base + 0x4000, bytes: 0x4000 }]);
    expect(board.record.written.every((w) => w.address >= base + 0x4000 && w.address < base + 0x8000)).toBe(true);
    expect(Buffer.compare(board.content(base, bytes.length), bytes)).toBe(0);
    await value(again);
    expect(board.record).toEqual({ erased: [], written: [], forbidden: [] });
  });
});

test('the byte that fills up a frame never completes it', () => {
  const frame = [0, 0, 0x7f, 0xff, 0x80];
  const filler = safeFiller(frame);
  for (const [i] of frame.entries()) {
    const lost = frame.filter((_, k) => k !== i);
    expect([...lost, filler].reduce((x, b) => x ^ b, 0)).not.toBe(0);
  }
  expect(safeFiller([])).toBe(0x7f);
});
