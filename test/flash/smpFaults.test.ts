// SPDX-License-Identifier: Apache-2.0
// 200 uploads to a board in MCUboot's serial recovery with seeded faults; src/flash/testing/faultRun.ts says what must hold
// of each. The boot loader itself erases the whole slot when an upload begins.
import { expect, it } from 'vitest';
import { connectSmp } from '../../src/flash/smp.js';
import { cleanTransfer, type FaultSubject, firstSeed, runWithFaults } from '../../src/flash/testing/faultRun.js';
import { makeMcubootImage, smpSlotBytes, smpSlotStart, VirtualSmp } from '../../src/flash/testing/virtualSmp.js';
import { writeImage } from '../../src/flash/writeImage.js';
import { xorshift32 } from '../../src/xorshift.js';

const runs = 200;
const next = xorshift32(3);
const image = [{ address: smpSlotStart, bytes: makeMcubootImage(Uint8Array.from({ length: 8_000 }, () => next())) }];

const subject: FaultSubject = {
  makeBoard: () => new VirtualSmp(),
  flash: async (link) => {
    const memory = await connectSmp(
      { link },
      { method: 'smp', blocks: [{ start: '0xc000', bytes: smpSlotBytes, count: 1 }] },
    );
    const report = await writeImage(memory, image, { board: 'virtual-mcuboot' });
    await memory.start();
    return report;
  },
  image,
  allowed: [{ address: smpSlotStart, bytes: smpSlotBytes }],
  limitMs: 600_000,
};

it(`${runs} runs`, async () => {
  const total = await cleanTransfer(subject);
  const ended = { written: 0, failed: 0 };
  for (let i = 0; i < runs; i++) ended[(await runWithFaults(subject, firstSeed() + i, total)).ended]++;
  expect(ended.written).toBeGreaterThan((runs * 2) / 3);
});
