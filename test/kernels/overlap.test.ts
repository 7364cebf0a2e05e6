// SPDX-License-Identifier: Apache-2.0
// The reference kernels that may write over their own input do so without harm, at the nearest distance they allow, on
// random shapes. MOTE_SEED=n repeats a run.
import { describe, expect, it } from 'vitest';
import { kernelTable } from '../../src/ops/kernels.js';
import { makeBatch } from './isaBatch.js';
import { randomOf, runSeed } from './random.js';
import { runBatches } from './runBatches.js';

const seed = runSeed();
const windowed = new Set(['conv2d', 'depthwiseConv2d', 'maxPool2d', 'averagePool2d']);
const kernels = kernelTable()
  .filter((r) => r.isa === 'ref' && windowed.has(r.op))
  .map((r) => r.name);

describe(`outputs over inputs (MOTE_SEED=${seed})`, () => {
  it('covers every kernel that slides a window', () => {
    expect(kernels.length).toBeGreaterThanOrEqual(12);
  });

  it.each(kernels)('%s', async (kernel) => {
    const batch = makeBatch({
      kernel,
      target: 'wasm32',
      rounding: 'single',
      random: randomOf(seed),
      count: 60,
      limitBytes: 60_000,
      overlapping: true,
    });
    expect(batch.plan.steps.every((s) => s.call.overlap)).toBe(true);
    expect((await runBatches([batch], 'host')).flat()).toEqual([]);
  });
});
