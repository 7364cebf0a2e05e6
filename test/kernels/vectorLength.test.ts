// SPDX-License-Identifier: Apache-2.0
// The RVV kernels do not depend on the length of a vector register: the same firmware on longer ones.
import { describe, expect, it } from 'vitest';
import { findProgram } from '../../src/build/exec.js';
import type { Board } from '../../src/generated/board.js';
import { variants } from '../../src/ops/variants/index.js';
import { makeBatch, runBatch } from './isaBatch.js';
import { randomOf, runSeed } from './random.js';

const seed = runSeed();
/** isa/ runs the board's own 128. QEMU 7.2 has no shorter ones. */
const lengths = [256, 1024];
const kernels = [...new Set(variants.filter((v) => v.isa === 'rvv').map((v) => v.kernel))].filter((k) =>
  k.includes(process.env.MOTE_KERNEL ?? ''),
);

const withLength =
  (bits: number) =>
  (board: Board): Board => {
    const { emulator } = board;
    if (emulator?.kind !== 'qemu' || !emulator.cpu?.includes('vlen='))
      throw new Error(`${board.id} has no vector length`);
    return { ...board, emulator: { ...emulator, cpu: emulator.cpu.replace(/vlen=\d+/, `vlen=${bits}`) } };
  };

describe.skipIf(!findProgram('qemu-system-riscv32') && !process.env.CI)(`vector lengths (MOTE_SEED=${seed})`, () => {
  it.each(kernels.flatMap((kernel) => lengths.map((bits) => ({ kernel, bits }))))(
    '$kernel with $bits bits',
    async ({ kernel, bits }) => {
      const rounding = bits === 256 ? 'tflite' : 'single';
      const target = 'rv32imc-zve32x';
      const random = randomOf(seed + bits);
      const overlapping = rounding === 'single';
      const batch = makeBatch({ kernel, target, rounding, random, count: 30, limitBytes: 40_000, overlapping });
      expect(await runBatch(batch, 'virtual-rv32v', withLength(bits)), `MOTE_SEED=${seed}`).toEqual([]);
    },
  );
});
