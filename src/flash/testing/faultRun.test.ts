// SPDX-License-Identifier: Apache-2.0
// The fault runs must find a flasher that breaks a promise; each one here breaks one of them.
import { expect, test } from 'vitest';
import type { Link } from '../../link/link.js';
import type { FlashReport } from '../flashMemory.js';
import { flashAn3155 } from './an3155Subject.js';
import { scenarios } from './faultPlan.js';
import { cleanTransfer, type FaultSubject, runWithFaults } from './faultRun.js';
import { type RomBoard, romBoard, stm32f103 } from './romBoard.js';

const base = 0x0800_0000;
const image = [{ address: base, bytes: Uint8Array.from({ length: 1500 }, (_, i) => i & 0xff) }];
const good = (link: Link): Promise<FlashReport> => flashAn3155(link, { image, options: stm32f103 });

/** A subject whose flasher does `after` once the board was flashed. */
function subject(after: (board: RomBoard, report: FlashReport) => Promise<FlashReport> | FlashReport): FaultSubject {
  let board = romBoard(stm32f103);
  return {
    makeBoard: () => {
      board = romBoard(stm32f103);
      return board;
    },
    flash: async (link) => after(board, await good(link)),
    image,
    allowed: [{ address: base, bytes: 2048 }],
    limitMs: 60_000,
  };
}

/** A run that a good flasher ends well: only noise before the first command. */
const noiseSeed = scenarios.indexOf('noise');
const total = await cleanTransfer(subject((_, report) => report));
const run = (broken: FaultSubject) => runWithFaults(broken, noiseSeed, total);

test('a good flasher passes', async () => {
  expect(total.toBoard).toBeGreaterThan(1500);
  expect(await run(subject((_, report) => report))).toMatchObject({ ended: 'written', scenario: 'noise' });
});

test.each<[string, FaultSubject, RegExp]>([
  [
    'erases beside the image',
    subject((board, report) => {
      board.rom.flash.erase({ address: base + 2048, bytes: 1024 });
      return report;
    }),
    /1024 bytes at 0x8000800 were erased/,
  ],
  [
    'writes beside the image',
    subject((board, report) => {
      board.rom.flash.write(base + 4096, Uint8Array.of(1));
      return report;
    }),
    /1 bytes at 0x8001000 were written/,
  ],
  [
    'changes the protection',
    subject((board, report) => {
      board.reset();
      board.record.forbidden.push('readout protection was commanded');
      return report;
    }),
    /readout protection/,
  ],
  [
    'says that all is well where it is not',
    subject((board, report) => {
      board.rom.flash.cells[700] ^= 1;
      return report;
    }),
    /the flash at 0x8000000 differs/,
  ],
  ['verifies nothing', subject((_, report) => ({ ...report, verifiedBy: 'none' })), /nothing was verified/],
  [
    'throws what is no sentence for a user',
    subject(() => {
      throw new TypeError('oops');
    }),
    /it ended with TypeError: oops/,
  ],
  [
    'takes too long',
    subject(async (_, report) => {
      await new Promise((resolve) => setTimeout(resolve, 61_000));
      return report;
    }),
    /not done after 60000 ms/,
  ],
])('one that %s is found, with the seed to repeat it', async (_, broken, message) => {
  const error = await run(broken).catch((e: Error) => e);
  expect(error).toBeInstanceOf(Error);
  expect((error as Error).message).toMatch(new RegExp(`^MOTE_SEED=${noiseSeed} \\(\\d+ bytes of noise\\)`));
  expect((error as Error).message).toMatch(message);
});
