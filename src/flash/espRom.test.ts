// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { MoteError } from '../cli/errors.js';
import { packageRoot } from '../packageRoot.js';
import { xorshift32 } from '../xorshift.js';
import { connectEspRom, type EspOptions } from './espRom.js';
import { parseEspStub } from './espStub.js';
import type { FlashRequest } from './flashMemory.js';
import { loaderOp } from './ramLoader.js';
import { VirtualEsp, type VirtualEspOptions, virtualEspBase } from './testing/virtualEsp.js';
import { inVirtualTime } from './testing/virtualTime.js';
import { writeImage } from './writeImage.js';

const classic = 'D0|R1|W0.1|D1|R0|W0.05|D0';
const tight = 'U0,0|U1,1|U0,1|W0.1|U1,0|W0.05|U0,0|D0';
const usbJtag = 'R0|D0|W0.1|D1|R0|W0.1|R1|D0|R1|W0.1|R0|D0';

const options: EspOptions = {
  method: 'esp-rom',
  chip: 'esp32c3',
  flashBase: '0x42000000',
  blocks: [{ start: '0x42000000', bytes: 4096, count: 1024 }],
  enter: [tight, classic],
  leave: 'D0|R1|W0.1|R0',
};

const image = (bytes: number, at = 0x10000, seed = 1) => {
  const next = xorshift32(seed);
  return [{ address: virtualEspBase + at, bytes: Uint8Array.from({ length: bytes }, () => next() & 0x3f) }];
};

async function flash(
  board: VirtualEsp,
  parts = image(100_000),
  more: Partial<EspOptions> = {},
  request: Partial<FlashRequest> = {},
) {
  const outcome = await inVirtualTime(600_000, async () => {
    const memory = await connectEspRom({ link: board.link, ...request }, { ...options, ...more });
    const report = await writeImage(memory, parts, { board: 'virtual' });
    await memory.start();
    await new Promise((resolve) => setTimeout(resolve, 10));
    return report;
  });
  if ('error' in outcome) throw outcome.error;
  return outcome.value;
}

async function failure(board: VirtualEsp, more: Partial<EspOptions> = {}): Promise<MoteError> {
  const error = await flash(board, image(5000), more).catch((e: unknown) => e);
  expect(error).toBeInstanceOf(MoteError);
  expect((error as MoteError).exit).toBe(6);
  return error as MoteError;
}

const holds = (board: VirtualEsp, [part]: ReturnType<typeof image>): boolean =>
  Buffer.compare(board.content(part.address, part.bytes.length), part.bytes) === 0;

describe('the ROM loader of the ESP32 family', () => {
  it.each(['esp32', 'esp32s3', 'esp32c3', 'esp32c6'] as const)('%s: erases, writes, verifies, starts', async (chip) => {
    const board = new VirtualEsp({ chip });
    const parts = image(100_000);
    const report = await flash(board, parts, { chip });
    expect(report).toMatchObject({ erasedBlocks: 25, unchangedBlocks: 0, verifiedBy: 'md5' });
    expect(report.chip).toContain('4 MiB');
    expect(holds(board, parts)).toBe(true);
    expect(board.mode).toBe('program');
    expect(board.record.forbidden).toEqual([]);
    const erased = board.record.erased;
    expect(Math.min(...erased.map((r) => r.address))).toBe(virtualEspBase + 0x10000);
    expect(erased.reduce((sum, r) => sum + r.bytes, 0)).toBe(25 * 4096);
  });

  it('keeps what lies beside the image in its sectors, which a stub cannot', async () => {
    const stub = { entry: 1, segments: [{ address: 0x40380000, bytes: new Uint8Array(10) }] };
    const [board, fast] = [new VirtualEsp(), new VirtualEsp({ stub: true })];
    const parts = image(5000, 0x10100);
    expect((await flash(board, parts)).notes).toBeUndefined();
    expect([...board.content(virtualEspBase + 0x100ff, 1), ...board.content(parts[0].address + 5000, 1)]).toEqual([
      0xa5, 0xa5,
    ]);
    expect((await flash(fast, parts, { stub })).notes?.[0]).toContain('3192 bytes beside the image');
    expect(holds(board, parts) && holds(fast, parts)).toBe(true);
  });

  it('takes the stubs that esptool-js brings', () => {
    const path = join(packageRoot, 'node_modules', 'esptool-js', 'lib', 'targets', 'stub_flasher', 'esp32c3.json');
    const stub = parseEspStub(readFileSync(path, 'utf8'), path);
    expect(stub.segments.map(({ bytes }) => bytes.length)).toEqual([5880, 204]);
    expect(() => parseEspStub('{"text": 1}', 'x.json')).toThrow("'x.json' is not a valid stub of an ESP32");
    expect(() => parseEspStub('no', 'x.json')).toThrow('it is no JSON');
  });

  it('leaves sectors that hold the image alone', async () => {
    const board = new VirtualEsp();
    const parts = image(100_000);
    await flash(board, parts);
    board.record.erased.length = 0;
    parts[0].bytes[50_000] ^= 1;
    expect(await flash(board, parts)).toMatchObject({ erasedBlocks: 1, unchangedBlocks: 24 });
    expect(board.record.erased).toEqual([{ address: virtualEspBase + 0x10000 + 49_152, bytes: 4096 }]);
    expect(await flash(board, parts)).toMatchObject({ erasedBlocks: 0, verifiedBy: 'md5' });
    expect(holds(board, parts)).toBe(true);
  });

  it.each([tight, classic, usbJtag])('%s enters the loader', async (sequence) => {
    const board = new VirtualEsp({ usbJtag: sequence === usbJtag });
    await flash(board, image(100), { enter: [sequence] });
    expect(board.mode).toBe('program');
    expect(board.lines.length).toBeGreaterThan(4);
  });

  it('changes the speed, and goes back where the board does not', async () => {
    for (const ignoreBaud of [false, true]) {
      const board = new VirtualEsp({ ignoreBaud });
      const parts = image(20_000);
      await flash(board, parts, { writeBaud: 460_800 });
      expect(holds(board, parts)).toBe(true);
      expect(board.commands.filter((op) => op === 0x0f)).toHaveLength(1);
    }
  });

  it('works over a link that carries only bytes', async () => {
    const board = new VirtualEsp({ strapped: true });
    const parts = image(20_000);
    await flash(board, parts, { writeBaud: 460_800 });
    expect(holds(board, parts)).toBe(true);
    expect(board.commands).not.toContain(0x0f);
    expect(board.commands.at(-1)).toBe(0x100 + loaderOp.restart);
    expect(board.mode).toBe('download');
  });

  it("goes on with the ROM where mote's loader does not run, and says so", async () => {
    const steps: string[] = [];
    const board = new VirtualEsp({ stub: true });
    const report = await flash(board, image(5000), {}, { onStep: (text) => steps.push(text) });
    expect(report.chip).not.toContain('loader');
    expect(holds(board, image(5000))).toBe(true);
    expect(steps.filter((text) => text.startsWith('the ROM alone writes the flash'))).toHaveLength(1);
  });

  it.each(['esp32c3', 'esp32c6'] as const)("%s: mote's loader refuses what was not announced", async (chip) => {
    const board = new VirtualEsp({ chip });
    const outcome = await inVirtualTime(600_000, async () => {
      const memory = await connectEspRom({ link: board.link }, { ...options, chip });
      expect(memory.chip).toContain("4 MiB of flash, mote's loader");
      const sector = (at: number) => memory.write(virtualEspBase + at, new Uint8Array(4096), () => undefined);
      await expect(sector(0x10000)).rejects.toThrow('outside of what was announced');
      await memory.announce?.([{ address: virtualEspBase + 0x10000, bytes: 4096 }]);
      await sector(0x10000);
      for (const at of [0xf000, 0x11000, 0x10800])
        await expect(sector(at)).rejects.toThrow('outside of what was announced');
    });
    if ('error' in outcome) throw outcome.error;
    expect(board.record.erased).toEqual([{ address: virtualEspBase + 0x10000, bytes: 4096 }]);
  });

  it('esp32s3: the ROM refuses what lies behind the image', async () => {
    const board = new VirtualEsp({ chip: 'esp32s3' });
    const outcome = await inVirtualTime(600_000, async () => {
      const memory = await connectEspRom({ link: board.link }, { ...options, chip: 'esp32s3' });
      const sector = (at: number) => memory.write(virtualEspBase + at, new Uint8Array(4096), () => undefined);
      await memory.announce?.([{ address: virtualEspBase + 0x10000, bytes: 4096 }]);
      await sector(0x10000);
      await expect(sector(0x11000)).rejects.toThrow('it failed to act on the message');
    });
    if ('error' in outcome) throw outcome.error;
    expect(board.record.erased).toEqual([{ address: virtualEspBase + 0x10000, bytes: 4096 }]);
  });

  it('runs a stub that the caller gives, and is done sooner', async () => {
    const stub = { entry: 0x40380000, segments: [{ address: 0x40380000, bytes: new Uint8Array(8000).fill(1) }] };
    const [plain, fast] = [new VirtualEsp({ chip: 'esp32s3' }), new VirtualEsp({ chip: 'esp32s3', stub: true })];
    const parts = image(100_000);
    await flash(plain, parts, { chip: 'esp32s3' });
    const report = await flash(fast, parts, { chip: 'esp32s3', stub });
    expect(report.chip).toContain('stub');
    expect(holds(fast, parts)).toBe(true);
    expect(fast.commands.length).toBeLessThan(plain.commands.length);
  });
});

describe('what goes wrong with an ESP32 is said', () => {
  it('another chip is refused before anything is erased', async () => {
    for (const chip of ['esp32', 'esp32s3', 'esp32c6'] as const) {
      const board = new VirtualEsp({ chip });
      expect((await failure(board)).message).toMatch(/has an ESP32.* where ESP32-C3 is expected/);
      expect(board.record).toEqual({ erased: [], written: [], forbidden: [] });
    }
  });

  it.each([
    [{ deaf: true }, /waits for a download but hears nothing/],
    [{ bootPinStuck: true }, /started its program instead of the boot loader \(boot mode 0xc\)/],
    [{ securityFlags: 1 }, /secure boot is switched on/],
    [{ cryptCount: 7 }, /flash encryption is switched on/],
    [{ strapped: true, deaf: true }, /nothing came back/],
  ] as [VirtualEspOptions, RegExp][])('%j', async (board, words) => {
    expect((await failure(new VirtualEsp(board))).message).toMatch(words);
  });

  it('a chip that falls silent in mid-write', async () => {
    const clean = new VirtualEsp();
    await flash(clean, image(5000));
    const dieAfter = clean.commands.indexOf(0x100 + loaderOp.sector) + 1;
    expect((await failure(new VirtualEsp({ dieAfter }))).message).toMatch(
      /does not answer: the chip waits for a download but hears nothing; .* is incomplete/,
    );
  });

  it('secure download mode is reported, and no stub is tried', async () => {
    const board = new VirtualEsp({ securityFlags: 4 });
    const parts = image(20_000);
    const stub = { entry: 1, segments: [{ address: 0, bytes: new Uint8Array(10) }] };
    const report = await flash(board, parts, { stub });
    expect(report.chip).toContain('secure download mode');
    expect(holds(board, parts)).toBe(true);
    expect(board.commands).not.toContain(0x05);
  });

  it('a bad flash cell is found', async () => {
    const board = new VirtualEsp();
    board.flash.badCell = 0x10000 + 1000;
    board.flash.bytes[0x10000 + 1000] = 0xff;
    const error = await failure(board);
    expect(error.message).toMatch(
      /holds something else than was written: the md5 of 0x42010000 to 0x42011fff is another/,
    );
  });

  it('a lying digest is no proof', async () => {
    const board = new VirtualEsp();
    board.machine.lyingMd5 = true;
    expect((await failure(board)).code).toBe('flash.differs');
  });
});
