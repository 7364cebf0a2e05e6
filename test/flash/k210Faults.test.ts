// SPDX-License-Identifier: Apache-2.0
// 200 flash runs of a virtual K210, which runs mote's loader, with seeded faults; src/flash/testing/faultRun.ts says what
// must hold of each.
import { expect, it } from 'vitest';
import { loadBoard } from '../../src/build/boards.js';
import { packK210 } from '../../src/flash/k210Image.js';
import { connectK210Isp } from '../../src/flash/k210Isp.js';
import { cleanTransfer, type FaultSubject, firstSeed, runWithFaults } from '../../src/flash/testing/faultRun.js';
import { VirtualK210 } from '../../src/flash/testing/virtualK210.js';
import { writeImage } from '../../src/flash/writeImage.js';
import type { K210IspFlash } from '../../src/generated/board.js';
import { xorshift32 } from '../../src/xorshift.js';

const runs = 200;
const next = xorshift32(3);
const program = Uint8Array.from({ length: 9_000 }, () => next());
// A trap where the program starts: what it would do is not what is tried here.
program.fill(0, 0, 4);

const board = loadBoard('maix-bit');
const options = board.flash?.find((entry) => entry.method === 'k210-isp') as K210IspFlash;
const image = packK210([{ address: 0x8000_0000, bytes: program }], board);

const subject = (strapped: boolean): FaultSubject => ({
  makeBoard: () => new VirtualK210({ strapped }),
  flash: async (link) => {
    const memory = await connectK210Isp({ link }, options);
    const report = await writeImage(memory, image, { board: 'virtual-k210' });
    await memory.start();
    return report;
  },
  image,
  allowed: [{ address: 0, bytes: 3 * 4096 }],
  limitMs: 300_000,
});

it.each([
  ['with lines', false],
  ['without lines', true],
] as const)(`${runs / 2} runs %s`, async (_, strapped) => {
  const under = subject(strapped);
  const total = await cleanTransfer(under);
  let good = 0;
  for (let i = 0; i < runs / 2; i++) {
    const run = await runWithFaults(under, firstSeed() + i + (strapped ? runs / 2 : 0), total);
    if (run.ended === 'written') good++;
  }
  // A pulled plug ends in an error, and without lines so does a program that no reset ends; the rest is mended.
  expect(good).toBeGreaterThanOrEqual(strapped ? 80 : 90);
});
