// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { loadBoard } from '../build/boards.js';
import { MoteError } from '../cli/errors.js';
import type { K210IspFlash } from '../generated/board.js';
import { xorshift32 } from '../xorshift.js';
import type { FlashRequest } from './flashMemory.js';
import { ispCodeWords } from './ispSession.js';
import { packK210 } from './k210Image.js';
import { connectK210Isp } from './k210Isp.js';
import { ramLoaderFor } from './loaders.js';
import { VirtualK210, type VirtualK210Options } from './testing/virtualK210.js';
import { inVirtualTime } from './testing/virtualTime.js';
import { writeImage } from './writeImage.js';

const board = loadBoard('maix-bit');
const options = board.flash?.find((entry) => entry.method === 'k210-isp') as K210IspFlash;
const ram = 0x8000_0000;

const program = (bytes: number, seed = 1) => {
  const next = xorshift32(seed);
  return Uint8Array.from({ length: bytes }, () => next());
};
const image = (bytes: number, seed?: number) => packK210([{ address: ram, bytes: program(bytes, seed) }], board);

async function flash(
  virtual: VirtualK210,
  parts = image(10_000),
  more: Partial<K210IspFlash> = {},
  request: Partial<FlashRequest> = {},
) {
  const outcome = await inVirtualTime(600_000, async () => {
    const memory = await connectK210Isp({ link: virtual.link, ...request }, { ...options, ...more });
    const report = await writeImage(memory, parts, { board: 'virtual' });
    await memory.start();
    await new Promise((resolve) => setTimeout(resolve, 10));
    return report;
  });
  if ('error' in outcome) throw outcome.error;
  return outcome.value;
}

async function failure(virtual: VirtualK210, bytes = 5000): Promise<MoteError> {
  const error = await flash(virtual, image(bytes)).catch((e: unknown) => e);
  expect(error).toBeInstanceOf(MoteError);
  expect((error as MoteError).exit).toBe(6);
  return error as MoteError;
}

const holds = (virtual: VirtualK210, [part]: { bytes: Uint8Array }[]): boolean =>
  Buffer.compare(virtual.content(0, part.bytes.length), part.bytes) === 0;

describe('a K210', () => {
  it('gets what is new and keeps the rest, and starts the program', async () => {
    const virtual = new VirtualK210();
    const report = await flash(virtual);
    expect(report).toMatchObject({ erasedBlocks: 3, unchangedBlocks: 0, verifiedBy: 'crc32' });
    expect(report.chip).toBe("K210, 16 MiB of flash, mote's loader, reset as dan");
    expect(holds(virtual, image(10_000))).toBe(true);
    expect(virtual.record.erased).toEqual([0, 0x1000, 0x2000].map((address) => ({ address, bytes: 4096 })));
    // What lies behind the image in its last sector is kept.
    expect([...virtual.content(10_037, 2)]).toEqual([0xa5, 0xa5]);
    expect(virtual.chip.running).toBe('flashed');
    expect(virtual.bauds).toContain(921_600);
    expect(virtual.record.forbidden).toEqual([]);
    virtual.record.erased.length = 0;
    expect(await flash(virtual)).toMatchObject({ erasedBlocks: 0, unchangedBlocks: 3, verifiedBy: 'crc32' });
    expect(virtual.record.erased).toEqual([]);
  });

  it('packs a program as its ROM wants it', () => {
    const [{ address, bytes }] = packK210(
      [
        { address: ram, bytes: Uint8Array.of(1, 2, 3) },
        { address: ram + 6, bytes: Uint8Array.of(4) },
      ],
      board,
    );
    expect([address, ...bytes.subarray(0, 12)]).toEqual([0, 2, 7, 0, 0, 0, 1, 2, 3, 0, 0, 0, 4]);
    expect(Buffer.compare(bytes.subarray(12), createHash('sha256').update(bytes.subarray(0, 12)).digest())).toBe(0);
    const refused = (chunk: { address: number; bytes: Uint8Array }) => () => packK210([chunk], board);
    expect(refused({ address: ram + 4, bytes: new Uint8Array(4) })).toThrow('it begins at 0x80000004');
    expect(refused({ address: ram, bytes: new Uint8Array(0x5fc001) })).toThrow(
      'it has 6275073 bytes; the boot ROM takes a program of at most 6275072',
    );
  });

  it.each(['dan', 'kd233'] as const)('wired as %s is found, and said so', async (wiring) => {
    const steps: string[] = [];
    const virtual = new VirtualK210({ wiring });
    const report = await flash(virtual, image(100), {}, { onStep: (text) => steps.push(text) });
    expect(report.chip).toContain(`reset as ${wiring}`);
    expect(steps[0]).toBe('waiting for the boot loader (try 1 of 6, reset as dan)');
    expect(virtual.chip.running).toBe('flashed');
  });

  it('goes on at the first speed where the faster one does not work', async () => {
    const steps: string[] = [];
    const virtual = new VirtualK210({ mostBaud: 460_800 });
    await flash(virtual, image(5000), {}, { onStep: (text) => steps.push(text) });
    expect(steps).toContain('921600 baud does not work here; going on with 115200');
    expect(holds(virtual, image(5000))).toBe(true);
    const tooFast = new VirtualK210();
    await flash(tooFast, image(5000), { writeBaud: 2_000_000 });
    expect(tooFast.bauds).not.toContain(2_000_000);
    expect(holds(tooFast, image(5000))).toBe(true);
  });

  it('works over a link that carries only bytes', async () => {
    const virtual = new VirtualK210({ strapped: true });
    expect((await flash(virtual, image(5000))).chip).toBe("K210, 16 MiB of flash, mote's loader");
    expect(holds(virtual, image(5000))).toBe(true);
    // Restarted, with IO16 low still.
    expect(virtual.chip.running).toBe('rom');
  });

  it('whose ROM has lost count of the frames is found', async () => {
    const virtual = new VirtualK210({ strapped: true });
    await virtual.link.write(Uint8Array.of(0xc0));
    await flash(virtual, image(5000));
    expect(holds(virtual, image(5000))).toBe(true);
  });

  it("mote's loader refuses what was not announced", async () => {
    const virtual = new VirtualK210();
    const outcome = await inVirtualTime(600_000, async () => {
      const memory = await connectK210Isp({ link: virtual.link }, options);
      const sector = (at: number) => memory.write(at, new Uint8Array(4096), () => undefined);
      await expect(sector(0x10000)).rejects.toThrow('outside of what was announced');
      await memory.announce?.([{ address: 0x10000, bytes: 4096 }]);
      await sector(0x10000);
      for (const at of [0xf000, 0x11000, 0x10800])
        await expect(sector(at)).rejects.toThrow('outside of what was announced');
    });
    if ('error' in outcome) throw outcome.error;
    expect(virtual.record.erased).toEqual([{ address: 0x10000, bytes: 4096 }]);
  });

  it("mote's loader passes over a sector of which any byte at the front is damaged", async () => {
    const virtual = new VirtualK210();
    let last = new Uint8Array(0);
    const write = (bytes: Uint8Array) => {
      last = Uint8Array.from(bytes);
      return virtual.link.write(bytes);
    };
    const outcome = await inVirtualTime(600_000, async () => {
      const memory = await connectK210Isp({ link: { ...virtual.link, write } }, options);
      await memory.announce?.([{ address: 0x10000, bytes: 4096 }]);
      await memory.write(0x10000, program(4096), () => undefined);
    });
    if ('error' in outcome) throw outcome.error;
    virtual.chip.cells.bytes.fill(0x5a, 0x10000, 0x11000);
    virtual.record.erased.length = 0;
    for (let at = 1; at <= 16; at++)
      for (const mask of [1, 0x10, 0xff])
        await virtual.link.write(last.map((byte, i) => (i === at ? byte ^ mask : byte)));
    expect(virtual.record.erased).toEqual([]);
    await virtual.link.write(last);
    expect(virtual.record.erased).toEqual([{ address: 0x10000, bytes: 4096 }]);
  });

  it('nothing that an earlier loader left in RAM can be started', async () => {
    const virtual = new VirtualK210();
    const extension = ramLoaderFor('k210')?.extension ?? new Uint8Array(0);
    virtual.chip.ram.set(extension, 0x1000);
    const outcome = await inVirtualTime(600_000, () => connectK210Isp({ link: virtual.link }, options));
    if ('error' in outcome) throw outcome.error;
    // With its extension open; after a reset, before anything that starts a program, its place is zeros.
    expect(Buffer.compare(virtual.chip.ram.slice(0x1000, 0x1000 + extension.length), extension)).toBe(0);
    virtual.chip.release(true);
    const commands = virtual.chip.rom.commands.length;
    const again = await inVirtualTime(600_000, () =>
      connectK210Isp(
        { link: virtual.link, onStep: () => undefined },
        { ...options, resets: options.resets.slice(0, 1) },
      ),
    );
    if ('error' in again) throw again.error;
    const since = virtual.chip.rom.commands.slice(commands);
    expect(since.indexOf(0xc5)).toBeGreaterThan(since.indexOf(0xc3) + 3);
  });
});

describe('what goes wrong with a K210 is said', () => {
  const text = (words: string) => new TextEncoder().encode(words);
  it.each([
    [{ deaf: true }, /does not answer: nothing came back/],
    [{ strapped: true, deaf: true }, /does not answer: nothing came back/],
    [{ bootPinStuck: true, banner: text('Hello from the program\r\n') }, /a program may run on it/],
    [
      { bootPinStuck: true, banner: text('ESP-ROM:esp32c3-api1-20210207\r\n') },
      /what it says is the boot log of an ESP32, not of a K210/,
    ],
  ] as [VirtualK210Options, RegExp][])('%j', async (given, words) => {
    const virtual = new VirtualK210(given);
    expect((await failure(virtual)).message).toMatch(words);
    expect(virtual.record).toEqual({ erased: [], written: [], forbidden: [] });
  });

  it('no flash chip, and one whose status register protects it', async () => {
    const [bare, locked] = [new VirtualK210(), new VirtualK210()];
    bare.chip.flash.jedecId = [0xff, 0xff, 0xff];
    expect((await failure(bare)).message).toMatch(/refused to reach its flash: the flash chip is silent/);
    locked.chip.flash.status = 0x1c;
    expect((await failure(locked)).message).toMatch(/the status register of the flash chip protects its sectors/);
    expect(locked.record).toEqual({ erased: [], written: [], forbidden: [] });
  });

  it('an image that is too large for the flash of the board', async () => {
    const virtual = new VirtualK210();
    virtual.chip.flash.jedecId = [0xef, 0x40, 0x12]; // 256 KiB
    const error = await flash(virtual, image(300_000)).catch((e: unknown) => e);
    expect((error as MoteError).message).toMatch(/it has bytes at 0x00040000, which .* is not flash of this chip/);
    expect(virtual.record.erased).toEqual([]);
  });

  it('a bad cell of the flash', async () => {
    const virtual = new VirtualK210();
    virtual.chip.cells.badCell = 1000;
    virtual.chip.cells.bytes[1000] = 0xff;
    expect((await failure(virtual)).message).toMatch(
      /holds something else than was written: the crc32 of 0x00000000 to 0x00001fff is another/,
    );
  });

  it('a chip that falls silent in mid-write', async () => {
    const clean = new VirtualK210();
    await flash(clean, image(30_000));
    const error = await failure(new VirtualK210({ dieAfter: Math.floor(clean.ends * 0.8) }), 30_000);
    expect(error.message).toMatch(/does not answer/);
  });

  it('an interrupt before and while it is written', async () => {
    const virtual = new VirtualK210();
    const stop = new AbortController();
    const steps: string[] = [];
    const onStep = (text: string) => steps.push(text);
    const outcome = await inVirtualTime(600_000, async () => {
      const memory = await connectK210Isp({ link: virtual.link, signal: stop.signal, onStep }, options);
      const onProgress = ({ phase }: { phase: string }) => phase === 'write' && stop.abort();
      await writeImage(memory, image(200_000), { board: 'virtual', signal: stop.signal, onProgress });
    });
    const error = 'error' in outcome ? (outcome.error as MoteError) : undefined;
    expect([error?.exit, error?.message]).toEqual([
      130,
      expect.stringMatching(
        /^interrupted; of the 49 erase blocks that the image needs 16 hold the image; nothing else/,
      ),
    ]);
    const early = await flash(new VirtualK210(), image(5000), {}, { signal: AbortSignal.abort() }).catch(
      (e: unknown) => e,
    );
    expect((early as MoteError).message).toBe('interrupted; nothing was erased');
  });

  it('codes of the ROM', () => {
    for (const [code, words] of [
      [0xe1, 'length'],
      [0xe2, 'damaged'],
      [0xe3, 'does not know'],
      [0xe4, 'initialised'],
      [0xe5, 'failed to act'],
    ] as const)
      expect(ispCodeWords(code)).toContain(words);
    expect(ispCodeWords(0xea)).toBe('code EA');
  });
});
