// SPDX-License-Identifier: Apache-2.0
// Every C file of the firmware compiles without a warning for every board that mote builds for, by clang and by GCC.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { boardHeader } from '../../src/build/boardHeader.js';
import { listBoards, loadBoard, loadTarget } from '../../src/build/boards.js';
import { exec, findProgram } from '../../src/build/exec.js';
import { firmwareSources, linkDefines } from '../../src/build/firmware.js';
import { zigPath } from '../../src/build/toolchain.js';
import type { Board } from '../../src/generated/board.js';
import type { Target } from '../../src/generated/target.js';
import { inParallel } from '../../src/inParallel.js';
import { packageRoot } from '../../src/packageRoot.js';
import { type AgentVariant, agentVariants, writeVariant } from '../support/agentVariants.js';

const firmware = join(packageRoot, 'runtime-c', 'firmware');
const cFiles = (place: string): string[] =>
  readdirSync(place)
    .filter((name) => name.endsWith('.c'))
    .map((name) => join(place, name));
const folder = mkdtempSync(join(tmpdir(), 'mote-warnings-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const m55 = loadBoard('virtual-m55');
/** QEMU's M55 stands for a board that names the PMU. */
const buildable: Board[] = [
  ...listBoards().filter((b) => b.verified.level !== 'described' && b.console.uart !== 'other'),
  { ...m55, id: 'm55-pmu', counter: { kind: 'pmu' } },
];
const hardwareOf = ({ target, soc, console: { uart }, counter: { kind } }: Board) => `${target} ${soc} ${uart} ${kind}`;
/** The first of each hardware. */
const boards = buildable.filter((b, i) => buildable.findIndex((o) => hardwareOf(o) === hardwareOf(b)) === i);
/** Undefined: without the agent. */
type Variants = readonly (AgentVariant | undefined)[];

/** All on one board of each architecture, the first on the others. */
const variantsFor = (board: Board): Variants =>
  ['pico', 'virtual-m4', 'virtual-rv32'].includes(board.id) ? [undefined, ...agentVariants] : agentVariants.slice(0, 1);

const strict = ['-std=c99', '-Wall', '-Wextra', '-Wconversion', '-Wshadow', '-Wmissing-prototypes', '-Werror'];
const zigArgs = ({ zig }: Target): string[] => ['cc', '-target', zig.target, `-mcpu=${zig.cpu}`, '-ffreestanding'];

/** What this compiler says of the board's firmware. */
async function complaints(board: Board, program: string, machine: readonly string[], variants: Variants) {
  const said = await inParallel(
    variants.map((variant, i) => async () => {
      const place = join(folder, `${board.id}-${i}`);
      await mkdir(place, { recursive: true });
      await writeVariant(place, variant ?? agentVariants[0]);
      await writeFile(join(place, 'mote_board.h'), boardHeader(board, 4096));
      const includes = [place, firmware, join(firmware, 'libc'), join(packageRoot, 'runtime-c', 'include')].map(
        (path) => `-I${path}`,
      );
      const npu = loadTarget(board.target).npu !== undefined;
      const defines = [...(variant?.defines ?? []), ...linkDefines(board)].map((d) => `-D${d}`);
      const { sources } = firmwareSources(board, variant !== undefined, npu);
      const args = [...machine, ...strict, ...includes, ...defines, '-c', ...sources];
      const result = await exec(program, args, { cwd: place });
      return `${result.stderr}${result.status === 0 ? '' : `exit ${result.status}`}`;
    }),
  );
  return said.join('');
}

describe("the firmware's C has no warning", () => {
  it('and each file is one of some board', () => {
    const compiled = new Set(boards.flatMap((b) => firmwareSources(b, true, true).sources));
    const all = [...cFiles(firmware), ...cFiles(join(firmware, 'soc'))].filter((f) => !f.endsWith('wasm_host.c'));
    expect(all.filter((f) => !compiled.has(f))).toEqual([]);
  });

  it.each(boards.map((b): [string, Board] => [b.id, b]))('with clang for %s', async (_, board) => {
    const target = loadTarget(board.target);
    expect(await complaints(board, zigPath(), zigArgs(target), variantsFor(board))).toBe('');
  });

  for (const board of boards) {
    const { gcc } = loadTarget(board.target);
    const program = `${gcc?.prefix}gcc`;
    // Debian's RISC-V GCC has no vector extension before version 14: that target has no GCC.
    if (!gcc) continue;
    it.skipIf(!process.env.CI && !findProgram(program))(`with ${program} for ${board.id}`, async () => {
      expect(await complaints(board, program, gcc.flags, variantsFor(board))).toBe('');
    });
  }
});
