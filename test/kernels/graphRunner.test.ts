// SPDX-License-Identifier: Apache-2.0
// The graph runner hands every kernel of the table its parameters as the C struct has them: random layers of each, with
// the plain kernels and with SIMD, equal the TypeScript twins. MOTE_SEED=n repeats a run.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadTarget } from '../../src/build/boards.js';
import { openWasmCache, type WasmCache } from '../../src/build/wasmCache.js';
import { GraphRunner } from '../../src/device/graphRunner.js';
import { bytesOf } from '../../src/model/tensorData.js';
import { kernelTable } from '../../src/ops/kernels.js';
import { kernelCase } from './kernelCase.js';
import { runSeed } from './random.js';

const seed = runSeed();
const casesPerKernel = 3;
const rows = kernelTable().filter((r) => r.isa === 'ref');

describe(`the graph runner on every kernel (MOTE_SEED=${seed})`, () => {
  let parent: string;
  let cache: WasmCache;
  beforeAll(async () => {
    parent = await mkdtemp(join(tmpdir(), 'mote-runner-'));
    cache = await openWasmCache(parent);
  });
  afterAll(() => rm(parent, { recursive: true, force: true }));

  const target = loadTarget('wasm32');
  it.each(rows)('$name', { timeout: 60_000 }, async (row) => {
    for (let i = 0; i < casesPerKernel; i++) {
      const c = kernelCase(row, seed * 977 + i);
      for (const isa of [['ref'], target.isa]) {
        const runner = await GraphRunner.open(c.graph, { target: { ...target, isa }, rounding: c.rounding, cache });
        // Twice: nothing is left over from the first time.
        runner.run(c.given);
        const [output] = runner.outputs(c.given);
        expect(
          Buffer.compare(bytesOf(output), bytesOf(c.expected)),
          `MOTE_SEED=${seed} case ${i}, ${isa[0]}: ${c.text}`,
        ).toBe(0);
      }
    }
  });
});
