// SPDX-License-Identifier: Apache-2.0
// Random models of 1 to 20 operators: valid ones pack, run and equal ONNX Runtime in float and their own real functions once
// quantized; invalid ones end in exit 3 with one sentence. MOTE_SEED=n repeats a run, MOTE_FUZZ_GRAPHS=n makes it longer.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadTarget } from '../../src/build/boards.js';
import { MoteError } from '../../src/cli/errors.js';
import { bytesOf } from '../../src/model/tensorData.js';
import { writeOnnx } from '../../src/model/testing/onnxWriter.js';
import { evaluateGraph } from '../../src/ops/evaluateGraph.js';
import { packageRoot } from '../../src/packageRoot.js';
import { importModel, requireSupported } from '../../src/packModel.js';
import { planGraph } from '../../src/plan/planGraph.js';
import { randomOf, runSeed } from '../kernels/random.js';
import { damages } from '../support/damagedModel.js';
import { type Judge, openJudge } from '../support/modelJudge.js';
import { hostOf, PackRoom } from '../support/packs.js';
import { type RandomModel, randomModel, type Step } from '../support/randomModel.js';

const seed = runSeed();
const runs = Number(process.env.MOTE_FUZZ_GRAPHS ?? 150);
const largest = 2 ** 31 - 1;

const steps = fc.array(fc.record({ row: fc.nat(largest), from: fc.nat(largest), seed: fc.nat(largest) }), {
  minLength: 1,
  maxLength: 20,
});
const drawn = (mostInputs?: number) =>
  fc
    .tuple(fc.nat(largest), steps, fc.constantFrom(1, 1, 1, 2))
    .map(([s, list, inputs]) => randomModel(s, list, mostInputs ?? inputs))
    .map((model) =>
      Object.assign(model, { [fc.toStringMethod]: () => `${model.text} ${JSON.stringify(model.graph.nodes)}` }),
    );

/** Model k of this run, for what takes too long to be a property. */
function fixedModel(k: number, length: number): RandomModel {
  const random = randomOf(seed * 7919 + k);
  const list = Array.from({ length }, (): Step => {
    const [row, from, own] = [0, 1, 2].map(() => random.int(0, largest));
    return { row, from, seed: own };
  });
  return randomModel(seed + k, list);
}

describe(`random valid models (MOTE_SEED=${seed})`, () => {
  let judge: Judge;
  const room = new PackRoom();
  beforeAll(async () => {
    judge = await openJudge();
  });
  afterAll(() => room.close());

  it('equal ONNX Runtime in float, the kernels the TypeScript twins', async () => {
    const property = fc.asyncProperty(drawn(), async (model) => {
      expect(await judge.float(model)).toBeUndefined();
    });
    await fc.assert(property, { numRuns: runs, seed, endOnFailure: false });
  });

  it('stay within the rounding of each layer when they are quantized', async () => {
    let refused = 0;
    const property = fc.asyncProperty(drawn(1), async (model) => {
      const wrong = await judge.quantized(model);
      if (wrong?.startsWith('refused: ')) refused++;
      else expect(wrong).toBeUndefined();
    });
    await fc.assert(property, { numRuns: runs, seed });
    expect(refused).toBeLessThan(runs / 3);
  });

  it.each([0, 1, 2])('run from the C of their pack (%i)', async (k) => {
    const model = fixedModel(k, 4 + 8 * k);
    const pack = await room.packBytes(writeOnnx(model.graph), `random${k}.onnx`, { target: 'wasm32' });
    const graph = importModel(writeOnnx(model.graph), 'random.onnx');
    const inputs = graph.inputs.map((id) => {
      const random = randomOf(id);
      return Float32Array.from({ length: graph.tensors[id].shape.reduce((a, b) => a * b, 1) }, () =>
        random.real(-1, 1),
      );
    });
    const host = await hostOf(pack);
    inputs.forEach((data, i) => void host.write(pack.manifest.inputs[i].offset, bytesOf(data)));
    expect([model.text, host.run()]).toEqual([model.text, 0]);
    const expected = evaluateGraph(graph, inputs, { rounding: 'single' });
    pack.manifest.outputs.forEach(({ offset, bytes }, i) => {
      expect([model.text, Array.from(host.read(offset, bytes))]).toEqual([
        model.text,
        Array.from(bytesOf(expected[i])),
      ]);
    });
  });
});

/** The error that packing ends with. */
function refusal(model: Uint8Array): unknown {
  try {
    const graph = importModel(model, 'random.onnx');
    requireSupported(graph);
    planGraph(graph, { rounding: 'single', target: loadTarget('cortex-m4') });
  } catch (error) {
    return error;
  }
  return undefined;
}

describe(`random invalid models (MOTE_SEED=${seed})`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'mote-graphs-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const names = Object.keys(damages);
  const each = Math.ceil(runs / 25);

  /** Models damaged so. */
  function damaged(name: string): Uint8Array[] {
    const found: Uint8Array[] = [];
    for (let k = 0; found.length < each && k < 2000; k++) {
      const model = fixedModel(k, 1 + (k % 20));
      const graph = damages[name](model.graph, randomOf(seed + k));
      if (graph) found.push(writeOnnx(graph));
    }
    return found;
  }

  it.each(names)('%s', (name) => {
    const models = damaged(name);
    expect(models.length).toBeGreaterThan(0);
    for (const model of models) {
      const error = refusal(model);
      expect(error).toBeInstanceOf(MoteError);
      const { exit, message } = error as MoteError;
      expect([exit, message]).toEqual([3, expect.stringMatching(/^[^\n]{10,}$/)]);
    }
  });

  it('end so from the command line, with nothing written', () => {
    const cli = join(packageRoot, 'dist', 'cli', 'main.js');
    for (const name of names.filter((_, i) => i % 8 === seed % 8)) {
      const file = join(folder, 'model.onnx');
      writeFileSync(file, damaged(name)[0]);
      const args = [cli, 'pack', file, '--target', 'wasm32', '-o', join(folder, 'out')];
      const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 120_000 });
      expect([name, status, stdout]).toEqual([name, 3, '']);
      expect(stderr).toMatch(/^error (model|file)\.\w+ {2}[^\n]+\n(help {2}[^\n]+\n)?$/);
    }
  });
});
