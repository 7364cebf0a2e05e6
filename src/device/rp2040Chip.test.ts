// SPDX-License-Identifier: Apache-2.0
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadBoard } from '../build/boards.js';
import { buildFirmware } from '../build/firmware.js';
import { writeMiniPack } from '../build/testing/miniPack.js';
import { withWorkFolder } from '../build/workFolder.js';
import { encodeFrame } from '../link/frame.js';
import { parseFlashImage } from './flashImage.js';
import { FLASH_START, makeChip } from './rp2040Chip.js';

const VECTORS = FLASH_START + 0x100;
/** Thumb code at the reset vector, stack at the end of RAM. */
const program = (...halfwords: number[]) => {
  const bytes = new Uint8Array(0x200);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 0x20042000, true);
  view.setUint32(4, VECTORS + 0x41, true);
  halfwords.forEach((h, i) => void view.setUint16(0x40 + 2 * i, h, true));
  return makeChip([{ address: VECTORS, bytes }], VECTORS);
};
const forever = () => false;
const movRam = [0x2020, 0x0600]; // movs r0, #0x20; lsls r0, r0, #24

describe('what faults on silicon faults here', () => {
  test.each([
    ['an unaligned word', [...movRam, 0x1c40, 0x6800], 'unaligned access to 0x20000001'], // adds r0, #1; ldr r0, [r0]
    ['an unaligned half word', [...movRam, 0x1c40, 0x8001], 'unaligned access to 0x20000001'], // strh r1, [r0]
    ['a write to flash', [0x2010, 0x0600, 0x6000], 'write to flash at 0x10000000'], // str r0, [r0]
    ['a hole in the map', [0x2030, 0x0600, 0x6800], '30000000'],
    ['an undefined instruction', [0xde00], 'undefined instruction'],
    ['a breakpoint', [0xbe07], 'breakpoint or undefined instruction (7)'],
  ])('%s', (_, code, reason) => {
    const { run } = program(...code);
    expect(() => run(100, forever)).toThrow(reason);
  });

  test('RAM and flash read back', () => {
    const { chip, run } = program(...movRam, 0x6000, 0x7041, 0x6803, 0xe7fe); // str r0; strb r1, [r0, #1]; ldr r3; b .
    run(100, forever);
    expect(chip.core.registers[3]).toBe(0x20000000);
  });
});

test('telling the clock in batches changes no register after any instruction, and time only by the last few', async () => {
  const image = await withWorkFolder(async (dir) => {
    await writeMiniPack(dir);
    return readFile((await buildFirmware(dir, loadBoard('pico'), join(dir, 'mini.elf'))).elfPath);
  });
  const make = () => makeChip(parseFlashImage(image, FLASH_START), VECTORS);
  const [batched, { chip }] = [make(), make()];
  const start = [batched.chip, chip];
  let told = false;
  for (let i = 0; i < 400_000; i++) {
    batched.run(1, forever);
    const nanos = (chip.core.executeInstruction() * 1e9) / chip.clkSys;
    (chip.clock as unknown as { tick(nanos: number): void }).tick(nanos);
    if (i === 300_000)
      for (const c of start) for (const byte of encodeFrame(Uint8Array.of(6, 1))) c.uart[0].feedByte(byte);
    told ||= batched.chip.core.registers[15] !== chip.core.registers[15];
    if (told) break;
  }
  expect([...batched.chip.core.registers]).toEqual([...chip.core.registers]);
  expect(told).toBe(false);
  expect(chip.clock.nanos - batched.chip.clock.nanos).toBeLessThan(1000);
});
