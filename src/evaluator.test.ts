// SPDX-License-Identifier: Apache-2.0
// What eval runs: SIMD where there is some and enough to do, with the same outputs as plain C.
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeFolder } from './cli/files.js';
import { firstLayerThatDiffers, type LayeredModel, openEvaluator } from './evaluator.js';
import type { TensorData } from './model/graph.js';
import { readNpy } from './model/npy.js';
import { packageRoot } from './packageRoot.js';
import { openPack, type PackFolder } from './packFolder.js';
import { packModel } from './packModel.js';
import { xorshift32 } from './xorshift.js';

const load = (file: string): Uint8Array => readFileSync(join(packageRoot, 'models', 'digits', file));

let room: string;
beforeAll(async () => {
  room = await mkdtemp(join(tmpdir(), 'mote-evaluator-'));
});
afterAll(() => rm(room, { recursive: true, force: true }));

async function digits(target: string): Promise<PackFolder> {
  const calibration = { array: readNpy(load('calib_x.npy'), 'calib_x.npy'), path: 'calib_x.npy' };
  const { files } = await packModel({
    bytes: load('digits.onnx'),
    fileName: 'digits.onnx',
    target,
    calibration,
    inputScale: { scale: 1 / 255, zero: 0 },
  });
  const dir = join(room, target);
  await writeFolder(dir, files);
  return openPack(dir);
}

function randomSamples({ manifest }: PackFolder, count: number): TensorData[][] {
  const next = xorshift32(5);
  return Array.from({ length: count }, () => [
    Int8Array.from({ length: manifest.inputs[0].bytes }, () => next() >>> 24),
  ]);
}

describe('openEvaluator', () => {
  it('runs a wasm32 pack on SIMD, with the bits of plain C', async () => {
    const folder = await digits('wasm32');
    const samples = randomSamples(folder, 120);
    const fast = await openEvaluator(folder, samples);
    const plain = await openEvaluator(folder, samples.slice(0, 20));
    expect([fast.kernels, plain.kernels]).toEqual(['SIMD', 'plain C']);
    for (const sample of samples) expect(fast.run(sample)).toEqual(plain.run(sample));
  });

  it('has only the plain C of a model that mote quantized for another target', async () => {
    const folder = await digits('cortex-m4');
    expect((await openEvaluator(folder, randomSamples(folder, 120))).kernels).toBe('plain C');
  });
});

describe('firstLayerThatDiffers', () => {
  const model = (...layers: number[]): LayeredModel => ({
    run: () => [],
    reset: () => undefined,
    layerOutputs: ([x]) =>
      layers.map((v) => [Uint8Array.of(Number(x[0])), Uint8Array.of(v, Number(x[0]) === 2 ? v : 0)]),
  });
  const samples = [1, 2].map((v) => [Int8Array.of(v)]);

  it('names it, in any of the samples', () => {
    expect(firstLayerThatDiffers(model(1, 2, 3), model(1, 2, 3), samples)).toBeUndefined();
    expect(firstLayerThatDiffers(model(1, 2, 3), model(1, 9, 8), samples)).toBe(1);
    expect(firstLayerThatDiffers(model(1, 2), model(1), samples)).toBe(1);
    const late: LayeredModel = {
      ...model(1, 2),
      layerOutputs: ([x]) => model(x[0] === 2 ? 7 : 1, 2).layerOutputs([x]),
    };
    expect(firstLayerThatDiffers(model(1, 2), late, samples.slice(0, 1))).toBeUndefined();
    expect(firstLayerThatDiffers(model(1, 2), late, samples)).toBe(0);
  });
});
