// SPDX-License-Identifier: Apache-2.0
// The judge of the kernel tests is itself judged: a byte that differs is found, on the device and on the host, and named.
import { expect, it } from 'vitest';
import { findProgram } from '../../src/build/exec.js';
import { type Batch, makeBatch } from './isaBatch.js';
import { kernelGroups } from './kernelGroups.js';
import { randomOf } from './random.js';
import { runBatches } from './runBatches.js';

const rows = [
  { board: 'virtual-m4', target: 'cortex-m4', kernels: ['mote_mean_s8__dsp', 'mote_maxpool2d_s8__dsp'] },
  { board: 'host', target: 'wasm32', kernels: ['mote_add_s8_same__simd128', 'mote_simdconv_s8s8__simd128'] },
];

const draw = (kernel: string, target: string): Batch =>
  makeBatch({
    kernel,
    target,
    rounding: 'single',
    random: randomOf(7),
    count: 6,
    limitBytes: 8000,
    overlapping: false,
  });

/** The batch as if its last output should be another. */
function spoilt(batch: Batch): Batch {
  const expected = batch.expected.map((d) => d.slice());
  const last = expected.at(-1) as Int8Array;
  last[last.length - 1] ^= 1;
  return { ...batch, expected };
}

for (const { board, target, kernels } of rows) {
  const present = board === 'host' || process.env.CI || findProgram('qemu-system-arm');
  it.skipIf(!present)(`${board}: one wrong byte of many batches is found`, async () => {
    const [a, b] = kernels.map((k) => draw(k, target));
    const defects = await runBatches([a, spoilt(b), b], board);
    expect([defects[0], defects[2]]).toEqual([[], []]);
    expect(defects[1]).toHaveLength(1);
    expect(defects[1][0]).toMatch(/^out_5 byte \d+ of /);
  });

  it.skipIf(!present)(`${board}: a group names the kernel that fails`, async () => {
    const [good, bad] = kernels;
    const defectsOf = kernelGroups({
      kernels: [good, bad, 'none'],
      board,
      batchesOf: (k) => [k === bad ? spoilt(draw(k, target)) : draw(k, target)],
    });
    expect(await defectsOf(good)).toEqual([]);
    expect(await defectsOf(bad)).toHaveLength(1);
    await expect(defectsOf('none')).rejects.toThrow('none is not in the table');
  });
}
