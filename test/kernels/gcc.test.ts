// SPDX-License-Identifier: Apache-2.0
// The kernels through GCC, the second toolchain: every one compiles without a warning, and those of an instruction set
// give the same bits as with zig. Skipped, by name, where the GCC is not installed. MOTE_KERNEL=text picks kernels.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { listTargets, loadBoard, loadTarget } from '../../src/build/boards.js';
import { exec, findProgram } from '../../src/build/exec.js';
import type { Target } from '../../src/generated/target.js';
import { kernelFolder, kernelTable } from '../../src/ops/kernels.js';
import { variants } from '../../src/ops/variants/index.js';
import { packageRoot } from '../../src/packageRoot.js';
import { makeBatch } from './isaBatch.js';
import { kernelGroups } from './kernelGroups.js';
import { randomOf, runSeed } from './random.js';

const seed = runSeed();
const warnings = ['-Wall', '-Wextra', '-Wconversion', '-Werror'];
/** One board per instruction set; rp2040js needs no QEMU. */
const boards: Readonly<Record<string, { target: string; board: string }>> = {
  thumb: { target: 'cortex-m0plus', board: 'pico' },
  dsp: { target: 'cortex-m4', board: 'virtual-m4' },
  mve: { target: 'cortex-m55', board: 'virtual-m55' },
  rv32: { target: 'rv32imc', board: 'virtual-rv32' },
};

const gccOf = (t: Target): string => `${t.gcc?.prefix}gcc`;
/** Debian's RISC-V GCC has no <riscv_vector.h> before version 14: the RVV target has no GCC at all. */
const targets = listTargets().filter((t) => t.gcc !== null);
const absent = (...programs: string[]): boolean => !process.env.CI && programs.some((p) => !findProgram(p));
const matches = (name: string): boolean => name.includes(process.env.MOTE_KERNEL ?? '');
const folder = mkdtempSync(join(tmpdir(), 'mote-gcc-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
afterEach(() => vi.unstubAllEnvs());

describe('GCC compiles every kernel without a warning', () => {
  for (const target of targets) {
    const gcc = gccOf(target);
    it.skipIf(absent(gcc))(`${gcc} for ${target.id}`, async () => {
      const include = (name: string): string => `-I${join(packageRoot, 'runtime-c', name)}`;
      const flags = [...(target.gcc?.flags ?? []), '-std=gnu99', ...warnings];
      const rows = kernelTable().filter((r) => target.isa.includes(r.isa) && matches(r.name));
      const said: string[] = [];
      for (const row of rows) {
        const files = ['-c', join(kernelFolder, row.source), '-o', join(folder, `${target.id}.o`)];
        const { stderr } = await exec(gcc, [...flags, include('include'), include('firmware/libc'), ...files]);
        if (stderr) said.push(stderr);
      }
      expect(said).toEqual([]);
    });
  }
});

/** The program that runs a board, where it is none of npm's. */
function emulator(board: string): string[] {
  const found = loadBoard(board).emulator;
  return found?.kind === 'qemu' ? [found.binary ?? ''] : [];
}

describe(`GCC's kernels equal their twins (MOTE_SEED=${seed})`, () => {
  for (const [isa, { target, board }] of Object.entries(boards)) {
    const gcc = gccOf(loadTarget(target));
    const kernels = [...new Set(variants.filter((v) => v.isa === isa).map((v) => v.kernel))].filter(matches);
    const request = { target, rounding: 'tflite', count: 15, limitBytes: 20_000, overlapping: true } as const;
    const batchesOf = (kernel: string) => [makeBatch({ ...request, kernel, random: randomOf(seed) })];
    const defectsOf = kernelGroups({ kernels, board, batchesOf });
    it.skipIf(absent(gcc, ...emulator(board))).each(kernels)(`%s on ${board} with ${gcc}`, async (kernel) => {
      vi.stubEnv('MOTE_TOOLCHAIN', 'gcc');
      expect(await defectsOf(kernel), `MOTE_SEED=${seed}`).toEqual([]);
    });
  }
});
