// SPDX-License-Identifier: Apache-2.0
// Every ISA kernel equals the TypeScript twin bit for bit, on random shapes, under the emulator of each board that can
// run it, with guard bytes around every buffer. MOTE_SEED=n repeats a run, MOTE_KERNEL=text picks kernels.
import { describe, expect, it } from 'vitest';
import { loadTarget } from '../../../src/build/boards.js';
import { findProgram } from '../../../src/build/exec.js';
import type { Target } from '../../../src/generated/target.js';
import { variants } from '../../../src/ops/variants/index.js';
import { makeBatch, runBatch } from '../isaBatch.js';
import { randomOf, runSeed } from '../random.js';

const seed = runSeed();
const casesPerBatch = 30;
const arenaLimitBytes = 40_000;

/** One board per target, the quickest to emulate. */
const boardOf: Readonly<Record<string, string>> = {
  'cortex-m0plus': 'pico',
  'cortex-m3': 'virtual-m3',
  'cortex-m4': 'virtual-m4',
  'cortex-m7': 'virtual-m7',
  'cortex-m33': 'virtual-m33',
  'cortex-m55': 'virtual-m55',
  rv32imc: 'virtual-rv32',
  'rv32imc-zbb': 'virtual-rv32zbb',
  'rv32imc-zve32x': 'virtual-rv32v',
  wasm32: 'host',
};

/** What a target may choose: kernels that it has a cost for. One of several operators is drawn for each of them in one run. */
function kernelsOf(target: Target): string[] {
  const fit = variants.filter(
    (v) => target.isa.includes(v.isa) && target.costs?.[v.kernel] && v.kernel.includes(process.env.MOTE_KERNEL ?? ''),
  );
  return [...new Set(fit.map((v) => v.kernel))];
}

const needsQemu = (board: string): boolean => board !== 'pico' && board !== 'host';
const hasQemu = findProgram('qemu-system-arm') !== undefined && findProgram('qemu-system-riscv32') !== undefined;

async function check(kernel: string, target: string, board: string): Promise<void> {
  for (const rounding of ['tflite', 'single'] as const) {
    // The second batch lays outputs over their inputs.
    const overlapping = rounding === 'single';
    const random = randomOf(seed + rounding.length);
    const request = {
      kernel,
      target,
      rounding,
      random,
      count: casesPerBatch,
      limitBytes: arenaLimitBytes,
      overlapping,
    };
    expect(await runBatch(makeBatch(request), board), `MOTE_SEED=${seed} ${rounding}`).toEqual([]);
  }
}

/** One file for each target, so that they run side by side. */
export function describeKernels(id: string, pick: (kernel: string) => boolean = () => true): void {
  const board = boardOf[id];
  describe(`kernels of ${id} equal their twins (MOTE_SEED=${seed})`, () => {
    it('has a board to run on', () => {
      expect(board).toBeDefined();
    });
    for (const kernel of kernelsOf(loadTarget(id)).filter(pick))
      it.skipIf(needsQemu(board) && !hasQemu && !process.env.CI)(`${kernel} on ${board}`, () =>
        check(kernel, id, board),
      );
  });
}
