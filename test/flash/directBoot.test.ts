// SPDX-License-Identifier: Apache-2.0
// The ESP32-C3 and -C6 start a program straight from flash where its first eight bytes are the mark of direct boot; the
// first instruction is at offset 8. The C3 sees code from 0x42000000 and data from 0x3C000000, both at flash offset 0; the
// C6 sees both from 0x42000000. https://github.com/espressif/esp32c3-direct-boot-example; the C6's memory: esp-hal's
// esp32c6-hal/ld/db-esp32c6-memory.x
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadBoard } from '../../src/build/boards.js';
import { type Elf, readElf, sectionBytes, sectionNamed } from '../../src/build/elf.js';
import { buildFirmware } from '../../src/build/firmware.js';
import { imageOf } from '../../src/build/image.js';
import { writeMiniPack } from '../../src/build/testing/miniPack.js';
import type { ToolchainName } from '../../src/build/toolchain.js';
import { withWorkFolder } from '../../src/build/workFolder.js';
import { checkImage } from '../../src/flash/checkImage.js';
import { flashBoard } from '../../src/flash/flashBoard.js';
import { type FirmwareFile, readFirmware } from '../../src/flash/readFirmware.js';
import { VirtualEsp } from '../../src/flash/testing/virtualEsp.js';
import { inVirtualTime } from '../../src/flash/testing/virtualTime.js';
import type { Board } from '../../src/generated/board.js';

const mark = [0x1d, 0x04, 0xdb, 0xae, 0x1d, 0x04, 0xdb, 0xae];
const codeWindow = 0x42000000;
const windowBytes = 4 << 20;

interface Case {
  board: Board;
  chip: 'esp32c3' | 'esp32c6';
  dataWindow: number;
  ram: { start: number; bytes: number };
}
const cases: Record<string, Case> = {
  'ESP32-C3': {
    board: loadBoard('esp32-c3-devkitm'),
    chip: 'esp32c3',
    dataWindow: 0x3c000000,
    ram: { start: 0x3fc80000, bytes: 0x50000 },
  },
  'ESP32-C6': {
    board: loadBoard('esp32-c6-devkitc'),
    chip: 'esp32c6',
    dataWindow: codeWindow,
    ram: { start: 0x40800000, bytes: 0x80000 },
  },
};

interface Built {
  elf: Elf;
  bin: Uint8Array;
}

const build = (board: Board, toolchain: ToolchainName): Promise<Built> =>
  withWorkFolder(async (folder) => {
    const declarations = 'volatile int8_t initialized[4] = {1, 2, 3, 4};';
    await writeMiniPack(join(folder, 'pack'), { declarations, extra: 'sum += initialized[3];' });
    const report = await buildFirmware(join(folder, 'pack'), board, join(folder, 'fw'), { toolchain });
    return { elf: readElf(await readFile(report.elfPath)), bin: await readFile(report.imagePath) };
  });

function addressOf(elf: Elf, name: string): number {
  const symbol = elf.symbols.find((s) => s.name === name);
  if (!symbol) throw new Error(`no symbol ${name}`);
  return symbol.value;
}

function bytesOf(elf: Elf, name: string): { address: number; bytes: Uint8Array } {
  const section = sectionNamed(elf, name);
  if (!section) throw new Error(`no section ${name}`);
  return { address: section.address, bytes: sectionBytes(elf, section) };
}

async function flashed(elf: Elf, { board, chip }: Case): Promise<VirtualEsp> {
  const virtual = new VirtualEsp({ chip });
  const entry = board.flash?.[0];
  if (!entry) throw new Error('no way to flash');
  const file: FirmwareFile = readFirmware(elf.bytes, 'fw.elf');
  checkImage(file, { board, arch: 'riscv' });
  const outcome = await inVirtualTime(600_000, () =>
    flashBoard({
      board,
      way: { kind: 'link', entry, port: 'virtual', why: 'a test' },
      file,
      run: false,
      onStep: () => undefined,
      onProgress: () => undefined,
      open: async () => virtual.link,
    }),
  );
  if ('error' in outcome) throw outcome.error;
  return virtual;
}

const builds = Object.keys(cases).flatMap((name) =>
  (['zig', 'gcc'] as const).map((toolchain) => ({ name, toolchain })),
);

describe.each(builds)('$name by $toolchain', ({ name, toolchain }) => {
  const { board, dataWindow, ram } = cases[name];
  test('is a direct-boot image, and arrives as such at flash offset 0', async () => {
    const { elf, bin } = await build(board, toolchain);
    const image = imageOf(elf);
    expect(image[0].address).toBe(codeWindow);
    expect([...bin.subarray(0, 8)]).toEqual(mark);
    for (const { address, bytes } of image)
      expect(Buffer.compare(bin.subarray(address - codeWindow, address - codeWindow + bytes.length), bytes)).toBe(0);
    expect(elf.entry).toBe(codeWindow + 8);
    expect(addressOf(elf, 'mote_reset')).toBe(codeWindow + 8);
    // mtvec drops the low eight bits.
    expect(addressOf(elf, 'mote_trap_table') % 256).toBe(0);

    const inFlash = (window: number, address: number, bytes: Uint8Array) => {
      expect(address).toBeGreaterThanOrEqual(window);
      expect(address + bytes.length).toBeLessThanOrEqual(window + windowBytes);
      expect(Buffer.compare(bin.subarray(address - window, address - window + bytes.length), bytes)).toBe(0);
    };
    const [text, rodata, data] = ['.text', '.rodata', '.data'].map((name) => bytesOf(elf, name));
    inFlash(codeWindow, text.address, text.bytes);
    inFlash(dataWindow, rodata.address, rodata.bytes);
    inFlash(dataWindow, addressOf(elf, '__data_load'), data.bytes);
    expect(data.bytes.length).toBeGreaterThanOrEqual(4);
    expect(data.address).toBeGreaterThanOrEqual(ram.start);
    expect(addressOf(elf, '__bss_end')).toBeLessThanOrEqual(ram.start + ram.bytes);

    const virtual = await flashed(elf, cases[name]);
    // Between the pieces of the image the flash keeps what it held.
    for (const { address, bytes } of image)
      expect([address, Buffer.compare(virtual.content(address, bytes.length), bytes)]).toEqual([address, 0]);
    expect(virtual.record.forbidden).toEqual([]);
  });
});
