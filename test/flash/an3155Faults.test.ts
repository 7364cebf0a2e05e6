// SPDX-License-Identifier: Apache-2.0
// 200 flash runs over AN3155, each with the faults of its seed. MOTE_SEED=n begins with run n.
import { expect, test } from 'vitest';
import { flashAn3155 } from '../../src/flash/testing/an3155Subject.js';
import {
  cleanTransfer,
  type FaultRun,
  type FaultSubject,
  firstSeed,
  runWithFaults,
} from '../../src/flash/testing/faultRun.js';
import { romBoard, stm32f103, stm32f405 } from '../../src/flash/testing/romBoard.js';
import { xorshift32 } from '../../src/xorshift.js';

/** For each of the two subjects. */
const runs = 100;
const base = 0x0800_0000;
const next = xorshift32(7);
const randomBytes = (count: number): Uint8Array => Uint8Array.from({ length: count }, () => next() & 0xff);

/** Old contents in the first blocks, and one beside the image that nobody may touch. */
const old = randomBytes(0xc000);

const subjects: Record<string, FaultSubject> = {
  'STM32F405, sectors': subjectOf({ ...stm32f405, eraseMs: 400 }, randomBytes(5000), 0x4000),
  'STM32F103, pages of 1 kB': subjectOf({ ...stm32f103, eraseMs: 30 }, randomBytes(5001), 5 * 1024),
};

function subjectOf(options: typeof stm32f405, image: Uint8Array, touchedBytes: number): FaultSubject {
  const parts = [{ address: base, bytes: image }];
  return {
    makeBoard: () => {
      const board = romBoard(options);
      board.rom.flash.cells.set(old);
      return board;
    },
    flash: (link) => flashAn3155(link, { image: parts, options }),
    image: parts,
    allowed: [{ address: base, bytes: touchedBytes }],
    limitMs: 60_000,
  };
}

test.each(Object.entries(subjects))('%s: every run ends well or with a named error', async (_, subject) => {
  const total = await cleanTransfer(subject);
  const ended: FaultRun[] = [];
  for (let n = 0; n < runs; n++) ended.push(await runWithFaults(subject, firstSeed() + n, total));
  // What a client can get over, it does get over: a byte lost or doubled, a late answer, a NACK, a reset, noise.
  const alone = ended.filter((r) => ['drop', 'double', 'late', 'refuse', 'reset', 'noise'].includes(r.scenario));
  expect(alone.length).toBeGreaterThan(runs / 2);
  expect(alone.filter((r) => r.ended === 'failed').map((r) => `${r.seed}: ${r.message}`)).toEqual([]);
  // What lay beside the image is kept, though READ's answers have no check sum.
  const kept = old.subarray(subject.image[0].bytes.length, subject.allowed[0].bytes);
  const keeps = ({ board }: FaultRun) =>
    Buffer.compare(board.content(base + subject.image[0].bytes.length, kept.length), kept) === 0;
  expect(ended.filter((r) => r.ended === 'written' && !keeps(r)).map((r) => r.seed)).toEqual([]);
  // What it cannot get over has its name.
  const codes = (scenario: string) => new Set(ended.filter((r) => r.scenario === scenario).map((r) => r.code));
  expect(codes('program')).toEqual(new Set(['flash.running']));
  expect(codes('unplug')).toEqual(new Set(['flash.lost']));
});
