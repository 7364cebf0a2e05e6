// SPDX-License-Identifier: Apache-2.0
// The graph runner hands every kernel of the table its parameters as the C struct has them: random layers of each, with
// the plain kernels and with SIMD, equal the TypeScript twins. MOTE_SEED=n repeats a run.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadTarget } from '../../src/build/boards.js';
import { buildKernelModule } from '../../src/build/kernelModule.js';
import { openWasmCache, type WasmCache } from '../../src/build/wasmCache.js';
import { GraphRunner, graphKernels } from '../../src/device/graphRunner.js';
import { kernelTable } from '../../src/ops/kernels.js';
import { kernelCase } from './kernelCase.js';
import { runSeed } from './random.js';

const seed = runSeed();
const casesPerKernel = 3;
const rows = kernelTable().filter((r) => r.isa === 'ref');
const cases = rows.map((row) => Array.from({ length: casesPerKernel }, (_, i) => kernelCase(row, seed * 977 + i)));
const target = loadTarget('wasm32');
const targets = [{ ...target, isa: ['ref'] }, target];

describe(`the graph runner on every kernel (MOTE_SEED=${seed})`, () => {
  let parent: string;
  let cache: WasmCache;
  let module: WebAssembly.Module;
  beforeAll(async () => {
    parent = await mkdtemp(join(tmpdir(), 'mote-runner-'));
    cache = await openWasmCache(parent);
    const kernels = cases
      .flat()
      .flatMap(({ graph, rounding }) => targets.flatMap((t) => graphKernels(graph, { target: t, rounding })));
    module = await buildKernelModule(kernels, target, cache);
  });
  afterAll(() => rm(parent, { recursive: true, force: true }));

  it.each(rows)('$name', async (row) => {
    for (const c of cases[rows.indexOf(row)]) {
      for (const t of targets) {
        const runner = await GraphRunner.open(c.graph, { target: t, rounding: c.rounding, cache, module });
        // Twice: nothing is left over from the first time.
        runner.run(c.given);
        const [output] = runner.outputs(c.given);
        // toEqual: every NaN equals every other, -0 is not 0.
        expect(output, `MOTE_SEED=${seed} ${t.isa[0]}: ${c.text}`).toEqual(c.expected);
      }
    }
  });
});
