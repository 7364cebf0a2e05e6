// SPDX-License-Identifier: Apache-2.0
// A pack builds without mote: GCC and clang, C99, all warnings as errors, sanitizers on; its own test program judges it.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { findProgram } from '../src/build/exec.js';
import { zigPath } from '../src/build/toolchain.js';
import { readNpy } from '../src/model/npy.js';
import { packageRoot } from '../src/packageRoot.js';
import { PackRoom, type TestPack } from './support/packs.js';
import { describeShared, int8Models } from './support/shared.js';

const room = new PackRoom();
afterAll(() => room.close());

const warnings = [
  '-std=c99',
  '-O2',
  '-ffp-contract=off',
  '-Wall',
  '-Wextra',
  '-Wconversion',
  '-Wpedantic',
  '-Werror',
  '-I.',
];
const compilers = [
  { name: 'zig cc', command: [zigPath(), 'cc'] },
  { name: 'cc with sanitizers', command: ['cc', '-fsanitize=address,undefined', '-fno-sanitize-recover'] },
].filter((c) => c.command[0] !== 'cc' || findProgram('cc'));

function buildAndRun({ dir, manifest }: TestPack, command: string[]): string {
  const { files, name } = manifest;
  const program = join(dir, 'a.out');
  execFileSync(
    command[0],
    [
      ...command.slice(1),
      ...warnings,
      ...files.sources,
      ...files.layerSources,
      files.test,
      ...files.kernels,
      '-o',
      program,
    ],
    { cwd: dir, stdio: 'pipe' },
  );
  return `${name}: ${execFileSync(program, { encoding: 'utf8' })}`;
}

async function digits(int8: boolean): Promise<TestPack> {
  const load = (file: string): Uint8Array => readFileSync(join(packageRoot, 'models', 'digits', file));
  return room.packBytes(load('digits.onnx'), 'digits.onnx', {
    target: 'wasm32',
    ...(int8
      ? {
          calibration: { array: readNpy(load('calib_x.npy'), 'calib_x.npy'), path: 'calib_x.npy' },
          inputScale: { scale: 1 / 255, zero: 0 },
        }
      : {}),
  });
}

describe.each(compilers)('a pack folder and $name', ({ command }) => {
  it('int8 digits', async () => {
    expect(buildAndRun(await digits(true), command)).toContain('4 of 4 vectors equal');
  });
  it('float32 digits', async () => {
    expect(buildAndRun(await digits(false), command)).toContain('4 of 4 vectors equal');
  });
});

it('a C++ program takes all headers of a pack, and calls C', async () => {
  const { dir, manifest } = await digits(true);
  const { header, layerSources } = manifest.files;
  const headers = [header, ...layerSources.map((f) => f.replace(/c$/, 'h')), 'mote_model.h'];
  writeFileSync(
    join(dir, 'main.cpp'),
    `${headers.map((h) => `#include "${h}"\n`).join('')}
int run(uint8_t *arena) { return mote_model_run(arena) + mote_model_step(0, arena); }
`,
  );
  const strict = ['-std=c++17', '-nostdinc++', '-Wall', '-Wextra', '-Wconversion', '-Werror', '-I.'];
  execFileSync(zigPath(), ['c++', ...strict, '-c', 'main.cpp', '-o', 'main.o'], { cwd: dir, stdio: 'pipe' });
  const object = readFileSync(join(dir, 'main.o'), 'latin1');
  expect(object).toContain(`${manifest.name}_step`);
  expect(object).not.toMatch(new RegExp(`_Z\\d+${manifest.name}`)); // a name as C++ mangles it
});

describeShared('packs of ../shared with every compiler here', () => {
  it.each(int8Models)('$name', async ({ name, file }) => {
    for (const rounding of ['tflite', 'single'] as const) {
      const pack = await room.pack(file, { target: 'wasm32', name, rounding });
      for (const { command } of compilers) expect(buildAndRun(pack, command)).toContain('4 of 4 vectors equal');
    }
  });
});
