// SPDX-License-Identifier: Apache-2.0
// All kernels are clean C99 for GCC and clang, and do nothing undefined: the machine's compiler with the address and
// undefined behaviour sanitizers runs random cases.
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { exec } from '../../src/build/exec.js';
import { zigPath } from '../../src/build/toolchain.js';
import { withWorkFolder } from '../../src/build/workFolder.js';
import { kernelTable } from '../../src/ops/kernels.js';
import { packageRoot } from '../../src/packageRoot.js';
import { kernelCase } from './kernelCase.js';
import { includeFlags, isThere, runNative, warningFlags, writeUnits } from './nativeCases.js';
import { runSeed } from './random.js';

const seed = runSeed();
const casesPerKernel = 12;
const rows = kernelTable().filter((r) => r.isa === 'ref');
const hasCc = await isThere('cc');

describe('kernels as C99', () => {
  // The targets of targets/*.json whose compilers warn about different things: soft float, 32-bit int64 calls, hard float.
  it.each([
    ['thumb-freestanding-eabi', 'cortex_m0plus'],
    ['thumb-freestanding-eabihf', 'cortex_m55+mve_fp'],
    ['riscv32-freestanding', 'generic_rv32+m+c'],
    ['riscv64-freestanding', 'generic_rv64+m+a+f+d+c'],
    ['wasm32-freestanding', 'generic'],
  ])('clang has no warning for %s %s', async (target, cpu) => {
    const libc = join(packageRoot, 'runtime-c', 'firmware', 'libc');
    const flags = ['-target', target, `-mcpu=${cpu}`, ...warningFlags, ...includeFlags, `-I${libc}`];
    const result = await withWorkFolder(async (cwd) => {
      const units = await writeUnits(rows, cwd);
      return exec(zigPath(), ['cc', ...flags, '-c', ...units], { cwd });
    });
    expect(result.stderr).toBe('');
    expect(result.status).toBe(0);
  });

  it.skipIf(!hasCc)(`cc has no warning, and its sanitizers find nothing (MOTE_SEED=${seed}; needs cc)`, async () => {
    const cases = rows.flatMap((row, r) =>
      Array.from({ length: casesPerKernel }, (_, i) => kernelCase(row, seed * 1000 + 500_000 + r * casesPerKernel + i)),
    );
    const different = await withWorkFolder((folder) => runNative(rows, cases, folder));
    expect(different.map((i) => cases[i].text)).toEqual([]);
  });
});
