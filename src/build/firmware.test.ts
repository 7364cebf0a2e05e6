// SPDX-License-Identifier: Apache-2.0
// Every board is built from a hand-made pack; those with an emulator here also run, so that sizes and the stack bound
// are compared with what really happens.
import { spawnSync } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { startDevice } from '../device/startDevice.js';
import type { Board } from '../generated/board.js';
import { listBoards, loadBoard } from './boards.js';
import { boot2Crc } from './boot2.js';
import { readElf, sectionNamed } from './elf.js';
import { type BuildReport, buildFirmware } from './firmware.js';
import { readHex } from './hex.js';
import { imageOf } from './image.js';
import { type MiniPackOptions, writeMiniPack } from './testing/miniPack.js';
import { readUf2 } from './uf2.js';
import { withWorkFolder } from './workFolder.js';

const hasProgram = (name: string): boolean => spawnSync(name, ['--version']).status === 0;

/** Builds a mini pack in a folder that lives as long as `use`. */
async function withBuild<T>(
  board: Board,
  options: MiniPackOptions,
  use: (report: BuildReport, folder: string) => Promise<T>,
): Promise<T> {
  return withWorkFolder(async (folder) => {
    await writeMiniPack(join(folder, 'pack'), options);
    return use(await buildFirmware(join(folder, 'pack'), board, join(folder, 'out', 'fw.elf')), folder);
  });
}

const built = listBoards().filter((b) => b.verified.level !== 'described');

describe.each(built.map((b) => [b.id, b] as const))('%s', (_, board) => {
  test('is built: the report agrees with the ELF, nothing is left over, no float, a bounded stack', async () => {
    await withBuild(
      board,
      { declarations: 'volatile int8_t initialized[4] = {1, 2, 3, 4};', extra: 'sum += initialized[3];' },
      async (report, folder) => {
        const elf = readElf(await readFile(report.elfPath));
        expect((await readdir(join(folder, 'out'))).sort()).toEqual(
          [...new Set(['fw.elf', `fw.${board.image}`])].sort(),
        );
        expect(report.floatUses).toEqual([]);
        expect(report.stack.reasons).toEqual([]);
        expect(report.stackBytes).toBeLessThan(report.stackReservedBytes);
        expect(report.codeBytes + report.constBytes).toBeLessThanOrEqual(report.flashBytes);
        expect(report.flashBytes).toBeLessThan(report.codeBytes + report.constBytes + 64);
        expect(report.ramBytes).toBeGreaterThan(report.stackReservedBytes + report.arenaBytes + 512);
        const loaded = imageOf(elf).reduce((sum, c) => sum + c.bytes.length, 0);
        expect(Math.abs(loaded - report.flashBytes)).toBeLessThan(32);
        expect(report.largestFunctions[0].bytes).toBeGreaterThanOrEqual(report.largestFunctions[1].bytes);
        const image = await readFile(report.imagePath);
        if (board.image === 'hex') expect(readHex(image.toString()).image).toEqual(imageOf(elf));
        if (board.image === 'uf2') expect(readUf2(image).image[0].address).toBe(imageOf(elf)[0].address);
      },
    );
  });
});

/** QEMU's HiFive1 has the UART of the K210 at another address, here with an RV64 core: what runs of maix-bit's firmware. */
const sifive: Board = {
  ...loadBoard('virtual-rv64'),
  id: 'sifive-uart',
  memory: [
    { name: 'flash', start: '0x20400000', bytes: 1_048_576, kind: 'flash' },
    { name: 'ram', start: '0x80000000', bytes: 16_384, kind: 'ram' },
  ],
  console: { ...loadBoard('maix-bit').console, base: '0x10013000' },
  emulator: {
    kind: 'qemu',
    binary: 'qemu-system-riscv64',
    machine: 'sifive_e',
    cpu: 'sifive-u54',
    args: ['-icount', 'shift=0,sleep=off'],
    instructionsPerTick: { numerator: 1, denominator: 1 },
  },
};
const emulated = [...listBoards().filter((b) => b.emulator !== undefined), sifive];

describe.each(emulated.map((b) => [b.id, b] as const))('%s', (_, board) => {
  const { emulator } = board;
  const runs =
    emulator?.kind === 'rp2040js' || (emulator?.kind === 'qemu' && hasProgram(emulator.binary ?? 'qemu-system-arm'));
  test.skipIf(!runs)('runs, and its stack stays below the bound and above half of it', async () => {
    // 800 bytes of stack in layer 1 make the frame large beside what the console alone needs.
    const extra = 'volatile int8_t frame[800]; for (int i = 0; i < 800; i++) frame[i] = 1; sum += frame[799];';
    await withBuild(board, { extra }, async (report) => {
      const device = await startDevice(board, report.elfPath);
      try {
        await device.write(0, new Uint8Array(16).fill(2));
        expect(await device.run()).toMatchObject({ result: 0, guardIntact: true });
        expect([...(await device.read(32, 4))]).toEqual([169, 0, 0, 0]);
        for (let layer = 0; layer < 2; layer++) expect(await device.step(layer)).toMatchObject({ result: 0 });
        const status = await device.status();
        expect(status.stackReservedBytes).toBe(report.stackReservedBytes);
        expect(status.stackUsedBytes).toBeGreaterThan(800);
        expect(report.stackBytes).toBeGreaterThanOrEqual(status.stackUsedBytes);
        expect(report.stackBytes).toBeLessThan(2 * status.stackUsedBytes);
      } finally {
        await device.close();
      }
    });
  });
});

const fitCases: [string, 'fit.flash' | 'fit.ram', MiniPackOptions][] = [
  ['pico', 'fit.ram', { arenaBytes: 400_000 }],
  ['pico', 'fit.flash', { weightBytes: 2_200_000 }],
  ['virtual-m55', 'fit.flash', { weightBytes: 600_000 }],
  ['virtual-rv32', 'fit.ram', { arenaBytes: 5_000_000 }],
];

test.each(fitCases)('%s: %s names the exact need, and nothing is written', async (id, code, options) => {
  const board = loadBoard(id);
  const kind = code === 'fit.flash' ? 'flash' : 'ram';
  const failure = await withWorkFolder(async (folder) => {
    await writeMiniPack(join(folder, 'pack'), options);
    const error = await buildFirmware(join(folder, 'pack'), board, join(folder, 'out', 'fw')).catch((e: unknown) => e);
    expect(await readdir(folder)).toEqual(['pack']);
    return error;
  });
  expect(failure).toMatchObject({ code, exit: 4 });
  const need = Number(/needs (\d+) bytes/.exec(String(failure))?.[1]);
  // A board that has exactly this much builds; with one byte less it does not.
  const sized = (bytes: number): Board => ({
    ...board,
    memory: board.memory.map((m) => (m.kind === kind ? { ...m, bytes } : m)),
  });
  await withBuild(sized(need), options, async (report) => {
    expect(kind === 'ram' ? report.ramBytes : report.flashBytes - (id === 'pico' ? 256 : 0)).toBe(need);
  });
  await expect(withBuild(sized(need - 1), options, async () => 0)).rejects.toMatchObject({
    code,
    message: expect.stringContaining(`needs ${need} bytes`),
  });
});

test('a model that needs more stack than the board file says gets it', async () => {
  const extra = 'volatile int8_t frame[9000]; for (int i = 0; i < 9000; i++) frame[i] = 1; sum += frame[8999];';
  await withBuild(loadBoard('virtual-m4'), { extra }, async (report) => {
    expect(report.stackReservedBytes).toBeGreaterThanOrEqual((report.stackBytes as number) + report.stack.faultBytes);
    expect(report.stackReservedBytes).toBeLessThan(9600);
    expect(report.sections.find((s) => s.name === '.stack')?.bytes).toBe(report.stackReservedBytes);
  });
});

test('a model with a function pointer has no stack bound, and the report says why', async () => {
  const options = { declarations: 'static void (*volatile hook)(void);', extra: 'if (hook) hook();' };
  await withBuild(loadBoard('virtual-m4'), options, async (report) => {
    expect(report.stackBytes).toBeNull();
    expect(report.stack.reasons.join()).toMatch(/calls through a pointer/);
  });
});

test.each(['pico', 'virtual-m4', 'virtual-rv32', 'virtual-rv64'])(
  '%s: float arithmetic in a model is reported',
  async (id) => {
    await withBuild(loadBoard(id), { extra: 'float f = (float)m[0] * 1.5f; sum += (int32_t)f;' }, async (report) => {
      expect(report.floatUses.length).toBeGreaterThan(0);
    });
  },
);

test('the same pack gives the same bytes', async () => {
  const build = () =>
    withBuild(loadBoard('pico'), {}, async (r) => [await readFile(r.elfPath), await readFile(r.imagePath)]);
  expect(await build()).toEqual(await build());
});

test('pico: the boot ROM accepts the second stage, the vectors lie behind it, in ELF and UF2', async () => {
  await withBuild(loadBoard('pico'), {}, async (report) => {
    const [flash] = readUf2(await readFile(report.imagePath)).image;
    const view = new DataView(flash.bytes.buffer, flash.bytes.byteOffset);
    expect(view.getUint32(252, true)).toBe(boot2Crc(flash.bytes.subarray(0, 252)));
    const elf = readElf(await readFile(report.elfPath));
    expect(sectionNamed(elf, '.boot2')).toMatchObject({ address: 0x10000000, size: 256 });
    const symbol = (name: string) => elf.symbols.find((s) => s.name === name)?.value;
    expect([view.getUint32(256, true), view.getUint32(260, true)]).toEqual([
      symbol('__stack_top'),
      symbol('mote_reset'),
    ]);
    expect((symbol('mote_reset') as number) & 1).toBe(1);
  });
});

test('a board that is only described is refused with the reason', async () => {
  await expect(withBuild(loadBoard('esp32-s3-devkitc'), {}, async () => 0)).rejects.toMatchObject({
    code: 'board.described',
    exit: 2,
    message: expect.stringContaining('Xtensa needs a compiler'),
  });
});

test('a folder that is no pack is refused', async () => {
  await withWorkFolder(async (folder) => {
    await expect(buildFirmware(folder, loadBoard('pico'), join(folder, 'fw'))).rejects.toMatchObject({
      code: 'pack.broken',
      exit: 3,
    });
  });
});
