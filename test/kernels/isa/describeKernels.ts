// SPDX-License-Identifier: Apache-2.0
// Every ISA kernel equals the TypeScript twin bit for bit, on random shapes, under the emulator of each board that can
// run it, with guard bytes around every buffer; proof.ts says with how many cases. MOTE_SEED=n repeats a run,
// MOTE_KERNEL=text picks kernels, MOTE_CASES=full gives all of them all cases.
import { describe, expect, it } from 'vitest';
import { findProgram } from '../../../src/build/exec.js';
import { type Batch, makeBatch } from '../isaBatch.js';
import { kernelGroups } from '../kernelGroups.js';
import { randomOf, runSeed } from '../random.js';
import { caseCounts, type Extent, places, proofs } from './proof.js';

const seed = runSeed();
const arenaLimitBytes = 40_000;

const needsQemu = (board: string): boolean => board !== 'pico' && board !== 'host';
const hasQemu = findProgram('qemu-system-arm') !== undefined && findProgram('qemu-system-riscv32') !== undefined;

/** One batch for each rounding; the second lays outputs over their inputs. */
const batchesOf = (kernel: string, target: string, extent: Extent): Batch[] =>
  (['tflite', 'single'] as const).map((rounding) =>
    makeBatch({
      kernel,
      target,
      rounding,
      random: randomOf(seed + rounding.length),
      count: caseCounts[extent],
      limitBytes: arenaLimitBytes,
      overlapping: rounding === 'single',
    }),
  );

/** One file for each target, so that they run side by side. */
export function describeKernels(id: string): void {
  const place = places.find((p) => p.target === id);
  if (!place) throw new Error(`${id} has no row in proof.ts`);
  const { board, machines } = place;
  const own = proofs().filter((p) => p.target === id && p.kernel.includes(process.env.MOTE_KERNEL ?? ''));
  const extents = new Map(
    own.map(({ kernel, extent }) => [kernel, process.env.MOTE_CASES === 'full' ? 'full' : extent]),
  );
  const defectsOf = kernelGroups({
    kernels: [...extents.keys()],
    board,
    ...(machines ? { machines } : {}),
    batchesOf: (kernel) => batchesOf(kernel, id, extents.get(kernel) ?? 'full'),
  });
  describe(`kernels of ${id} equal their twins (MOTE_SEED=${seed})`, () => {
    it('has kernels of its own to run', () => {
      expect(proofs().some((p) => p.target === id)).toBe(true);
    });
    for (const [kernel, extent] of extents)
      it.skipIf(needsQemu(board) && !hasQemu && !process.env.CI)(
        `${kernel} on ${board}${extent === 'full' ? '' : ', a few cases'}`,
        async () => expect(await defectsOf(kernel), `MOTE_SEED=${seed}`).toEqual([]),
      );
  });
}
