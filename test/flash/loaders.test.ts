// SPDX-License-Identifier: Apache-2.0
// The programs that mote loads into a chip's RAM are those that the sources in runtime-c/flash/ give, and those are C99
// without warnings for both compilers.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { exec } from '../../src/build/exec.js';
import { zigPath } from '../../src/build/toolchain.js';
import { withWorkFolder } from '../../src/build/workFolder.js';
import { buildLoaders } from '../../src/flash/buildLoaders.js';
import { loaderPath } from '../../src/flash/loaders.js';
import { packageRoot } from '../../src/packageRoot.js';

const folder = join(packageRoot, 'runtime-c', 'flash');
const warnings = ['-std=c99', '-Wall', '-Wextra', '-Wconversion', '-Werror', '-ffreestanding'];

test('loaders.json is what the sources give (else: npx tsx tools/buildLoaders.ts)', async () => {
  expect(JSON.parse(readFileSync(loaderPath, 'utf8'))).toEqual(await buildLoaders());
});

const zigRiscv = [zigPath(), 'cc', '-target', 'riscv32-freestanding', '-mcpu=generic_rv32+m+c'];
const gccRiscv = ['riscv64-unknown-elf-gcc', '-march=rv32imc_zicsr_zifencei', '-mabi=ilp32'];

const zigRiscv64 = [zigPath(), 'cc', '-target', 'riscv64-freestanding', '-mcpu=generic_rv64+m+c', '-mcmodel=medany'];
const gccRiscv64 = ['riscv64-unknown-elf-gcc', '-march=rv64imc_zicsr_zifencei', '-mabi=lp64', '-mcmodel=medany'];

const zigArm = [zigPath(), 'cc', '-target', 'thumb-freestanding-eabi', '-mcpu=cortex_m0plus'];
const gccArm = ['arm-none-eabi-gcc', '-mcpu=cortex-m0plus', '-mthumb'];

test.each([
  ['samd21Applet.c', 'MOTE_SAMD21', zigArm, gccArm],
  ['loaderCore.c', 'MOTE_ESP32C3', zigRiscv, gccRiscv],
  ['espFlash.c', 'MOTE_ESP32C3', zigRiscv, gccRiscv],
  ['loaderCore.c', 'MOTE_ESP32C6', zigRiscv, gccRiscv],
  ['espFlash.c', 'MOTE_ESP32C6', zigRiscv, gccRiscv],
  ['loaderCore.c', 'MOTE_K210', zigRiscv64, gccRiscv64],
  ['k210Flash.c', 'MOTE_K210', zigRiscv64, gccRiscv64],
])('%s has no warnings for %s', async (file, define, ...compilers) => {
  await withWorkFolder(async (work) => {
    for (const [program, ...args] of compilers) {
      const to = ['-c', join(folder, file), '-o', join(work, 'out.o')];
      const result = await exec(program, [...args, ...warnings, `-D${define}`, ...to]);
      expect([program, result.status, result.stderr]).toEqual([program, 0, '']);
    }
  });
});
