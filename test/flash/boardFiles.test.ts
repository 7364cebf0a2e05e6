// SPDX-License-Identifier: Apache-2.0
// What the board files say about flashing, done on virtual boards: the way that `mote flash` takes once the port is open.
import { expect, it } from 'vitest';
import { loadBoard } from '../../src/build/boards.js';
import { flashBoard } from '../../src/flash/flashBoard.js';
import { romBoard, stm32f103 } from '../../src/flash/testing/romBoard.js';
import type { TestBoard } from '../../src/flash/testing/testBoard.js';
import { VirtualEsp } from '../../src/flash/testing/virtualEsp.js';
import { VirtualK210 } from '../../src/flash/testing/virtualK210.js';
import { VirtualSamBa } from '../../src/flash/testing/virtualSamBa.js';
import { inVirtualTime } from '../../src/flash/testing/virtualTime.js';
import { xorshift32 } from '../../src/xorshift.js';

const cases: [board: string, method: string, make: () => TestBoard][] = [
  ['esp32-c3-devkitm', 'esp-rom', () => new VirtualEsp()],
  ['esp32-c6-devkitc', 'esp-rom', () => new VirtualEsp({ chip: 'esp32c6' })],
  ['esp32-s3-devkitc', 'esp-rom', () => new VirtualEsp({ chip: 'esp32s3' })],
  ['maix-bit', 'k210-isp', () => new VirtualK210()],
  ['xiao-samd21', 'sam-ba', () => new VirtualSamBa()],
  // As a serial port: with a parity, and without lines that reach RESET and BOOT0.
  ['gd32vf103-longan-nano', 'an3155', () => romBoard(stm32f103, { onFormat: () => undefined })],
];

it.each(cases)('%s by %s', async (id, method, make) => {
  const board = loadBoard(id);
  const entry = board.flash?.find((e) => e.method === method);
  const virtual = make();
  const next = xorshift32(1);
  const address = Number(board.memory.find(({ kind }) => kind === 'flash')?.start);
  const image = [{ address, bytes: Uint8Array.from({ length: 9000 }, () => next()) }];
  if (!entry) throw new Error(`${id} has no ${method}`);
  const outcome = await inVirtualTime(600_000, () =>
    flashBoard({
      board,
      way: { kind: 'link', entry, port: 'virtual', why: 'a test' },
      file: { format: 'bin', image },
      run: false,
      onStep: () => undefined,
      onProgress: () => undefined,
      open: async () => virtual.link,
    }),
  );
  if ('error' in outcome) throw outcome.error;
  expect(outcome.value.report.verifiedBy).not.toBe('none');
  // The K210's holds the program behind a head of five bytes. The virtual ESP's flash begins at 0x42000000, whatever its chip.
  const places: Partial<Record<string, number>> = {
    'esp-rom': 0x42000000 + (address - Number((entry as { flashBase?: string }).flashBase)),
    'k210-isp': 5,
  };
  const seen = places[method] ?? address;
  expect(Buffer.compare(virtual.content(seen, 9000), image[0].bytes)).toBe(0);
  expect(virtual.record.forbidden).toEqual([]);
});
