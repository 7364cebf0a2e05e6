// SPDX-License-Identifier: Apache-2.0
// Flash runs of a virtual SAM D21 (200) and a virtual nRF52840 with seeded faults; src/flash/testing/faultRun.ts says what
// must hold of each.
import { expect, it } from 'vitest';
import { connectSamBa } from '../../src/flash/samBa.js';
import { cleanTransfer, type FaultSubject, firstSeed, runWithFaults } from '../../src/flash/testing/faultRun.js';
import { VirtualSamBa } from '../../src/flash/testing/virtualSamBa.js';
import { writeImage } from '../../src/flash/writeImage.js';
import type { SamBaFlash } from '../../src/generated/board.js';
import { xorshift32 } from '../../src/xorshift.js';

const next = xorshift32(3);

interface Case {
  options: SamBaFlash;
  address: number;
  imageBytes: number;
  runs: number;
}

const samd21: SamBaFlash = {
  method: 'sam-ba',
  chip: 'samd21',
  pageBytes: 64,
  blocks: [{ start: '0x2000', bytes: 256, count: 992 }],
};
const nrf52840: SamBaFlash = {
  method: 'sam-ba',
  chip: 'nrf52840',
  pageBytes: 4096,
  blocks: [{ start: '0x10000', bytes: 4096, count: 240 }],
};

const cases: Record<string, Case> = {
  'SAM D21, raw': { options: { ...samd21, transfer: 'raw' }, address: 0x2000, imageBytes: 6000, runs: 100 },
  'SAM D21, xmodem': { options: { ...samd21, transfer: 'xmodem' }, address: 0x2000, imageBytes: 6000, runs: 100 },
  'nRF52840, raw': { options: nrf52840, address: 0x10000, imageBytes: 10_000, runs: 50 },
};

function subject({ options, address, imageBytes }: Case): FaultSubject {
  const image = [{ address, bytes: Uint8Array.from({ length: imageBytes }, () => next()) }];
  const blockBytes = options.blocks[0].bytes;
  const { chip, transfer = 'raw' } = options;
  return {
    makeBoard: () => new VirtualSamBa({ chip: chip === 'nrf52840' ? chip : 'samd21', transfer }),
    flash: async (link) => {
      const memory = await connectSamBa({ link }, options);
      const report = await writeImage(memory, image, { board: 'virtual' });
      await memory.start();
      return report;
    },
    image,
    allowed: [{ address, bytes: Math.ceil(imageBytes / blockBytes) * blockBytes }],
    limitMs: 600_000,
  };
}

it.each(Object.entries(cases))('%s', async (name, given) => {
  const under = subject(given);
  const total = await cleanTransfer(under);
  const from = 100 * Object.keys(cases).indexOf(name);
  let written = 0;
  for (let i = 0; i < given.runs; i++)
    if ((await runWithFaults(under, firstSeed() + from + i, total)).ended === 'written') written++;
  expect(written).toBeGreaterThan(given.runs / 2);
});
