// SPDX-License-Identifier: Apache-2.0
// Every reference kernel of integers equals its TypeScript twin bit for bit under the emulator of an M4, an M55 and an RV32,
// on random shapes between guard bytes (on wasm32: property.test.ts; the kernels of instruction sets: isa/). All kernels
// share a few programs per target. MOTE_SEED=n repeats a run, MOTE_KERNEL=text picks kernels.
import { describe, expect, it } from 'vitest';
import { findProgram } from '../../src/build/exec.js';
import { opSpecs } from '../../src/ops/index.js';
import { type KernelRow, kernelTable } from '../../src/ops/kernels.js';
import { drafters } from './drafts.js';
import { type Batch, makeBatch } from './isaBatch.js';
import { kernelGroups } from './kernelGroups.js';
import { randomOf, runSeed } from './random.js';

const seed = runSeed();
const places = [
  { target: 'cortex-m4', board: 'virtual-m4' },
  { target: 'cortex-m55', board: 'virtual-m55' },
  { target: 'rv32imc', board: 'virtual-rv32' },
] as const;
/** Cases of a kernel for each rounding, and the memory of their buffers. */
const [cases, limitBytes] = [5, 20_000];
/** What two megabytes of flash hold with their arenas, and a busy machine runs in a few minutes. */
const kernelsPerProgram = 40;

/** Not float32 alone, nor a comparison or conversion that begins with it. */
const isInteger = ({ activation, weight }: KernelRow): boolean =>
  activation !== 'f32' || !['', 'f32', 'b8', 's32'].includes(weight);
const rows = kernelTable().filter((r) => r.isa === 'ref' && isInteger(r));
const wanted = rows.map((r) => r.name).filter((name) => name.includes(process.env.MOTE_KERNEL ?? ''));

/** One batch for each rounding; the second lays outputs over their inputs. */
function drawBatches(kernel: string): Batch[] {
  return (['tflite', 'single'] as const).map((rounding) =>
    makeBatch({
      kernel,
      target: places[0].target,
      rounding,
      random: randomOf(seed + rounding.length),
      count: cases,
      limitBytes,
      overlapping: rounding === 'single',
    }),
  );
}

/** Drawn once: reference kernels are the same C everywhere. */
const drawn = new Map<string, Batch[]>();
function batchesOf(kernel: string, target: string): Batch[] {
  const batches = drawn.get(kernel) ?? drawBatches(kernel);
  drawn.set(kernel, batches);
  return batches.map((batch) => ({ ...batch, target }));
}

it('every operator with integers has a way to draw a case', () => {
  expect(rows.filter((r) => !Object.hasOwn(drafters, r.op)).map((r) => r.name)).toEqual([]);
  const withKernel = new Set(rows.map((r) => r.op));
  expect([...opSpecs.keys()].filter((op) => withKernel.has(op) && !Object.hasOwn(drafters, op))).toEqual([]);
});

const hasQemu = findProgram('qemu-system-arm') !== undefined && findProgram('qemu-system-riscv32') !== undefined;

for (const { target, board } of places) {
  const defectsOf = kernelGroups({
    kernels: wanted,
    board,
    size: kernelsPerProgram,
    join: true,
    batchesOf: (kernel) => batchesOf(kernel, target),
  });
  describe(`integer reference kernels of ${target} equal their twins (MOTE_SEED=${seed})`, () => {
    for (const kernel of wanted)
      it.skipIf(!hasQemu && !process.env.CI)(`${kernel} on ${board}`, async () => {
        expect(await defectsOf(kernel), `MOTE_SEED=${seed}`).toEqual([]);
      });
  });
}
