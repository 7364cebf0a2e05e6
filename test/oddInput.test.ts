// SPDX-License-Identifier: Apache-2.0
// Odd weights and calibration data through `pack --weights int4` and `tune`: a sentence, or a model that keeps its budget.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { MoteError } from '../src/cli/errors.js';
import { uniformRecipe } from '../src/compress/recipe.js';
import type { NpyArray } from '../src/model/npy.js';
import { readModel } from '../src/model/readModel.js';
import { packageRoot } from '../src/packageRoot.js';
import { type PackResult, packModel } from '../src/packModel.js';
import { tuneModel } from '../src/tuneModel.js';

const digits = readFileSync(join(packageRoot, 'models', 'digits', 'digits.onnx'));

/** The file with the first weights of its first convolution overwritten; one input channel, so the file has them in order. */
function spoilt(values: readonly number[]): Buffer {
  const graph = readModel(digits, 'digits.onnx');
  const conv = graph.nodes.find((n) => n.op === 'conv2d');
  const weights = graph.tensors[conv?.inputs[1] ?? -1].data as Float32Array;
  const at = digits.indexOf(Buffer.from(weights.slice(0, 4).buffer));
  expect(at).toBeGreaterThan(0);
  const bytes = Buffer.from(digits);
  for (const [i, v] of values.entries()) bytes.writeFloatLE(v, at + 4 * i);
  return bytes;
}

/** Grey ramps, or one grey. */
function calibration(samples: number, constant?: number): { array: NpyArray; path: string } {
  const data = Float32Array.from({ length: samples * 784 }, (_, i) => constant ?? (((i * 7919) % 251) / 251) ** 3);
  return { array: { dtype: 'float32', shape: [samples, 1, 28, 28], data } as NpyArray, path: 'x.npy' };
}

const requestOf = (bytes: Buffer, samples: number, constant?: number) => ({
  ...{ bytes, fileName: 'digits.onnx', target: 'cortex-m4', inputScale: { scale: 1, zero: 0 } },
  calibration: calibration(samples, constant),
});

type Way = (bytes: Buffer, samples: number, constant?: number) => Promise<PackResult>;

const ways: Record<string, Way> = {
  'pack --weights int4': (bytes, samples, constant) =>
    packModel({ ...requestOf(bytes, samples, constant), quantize: { recipeOf: uniformRecipe('int4') } }),
  tune: async (bytes, samples, constant) => {
    const tuned = await tuneModel({
      ...requestOf(bytes, samples, constant),
      ...{ budgets: { flash: { share: 0.62 } }, formats: ['int4'], quality: 'snr' as const },
      ...{ seed: 1, lossSamples: 4, evaluations: 1 },
    });
    expect(tuned.chosen.flash).toBeLessThanOrEqual(tuned.limits.flash ?? 0);
    expect(Number.isFinite(tuned.found.loss)).toBe(true);
    return tuned.pack;
  },
};

describe.each(Object.entries(ways))('%s', (_, run) => {
  it.each([Number.NaN, Number.POSITIVE_INFINITY])('refuses a weight that is %s', async (bad) => {
    const error = await run(spoilt([bad]), 4).then(
      () => undefined,
      (e: unknown) => e,
    );
    expect(error).toBeInstanceOf(MoteError);
    expect(['model.broken', 'quant.calibration']).toContain((error as MoteError).code);
    expect((error as MoteError).message).toMatch(/not all finite|infinite or not a number/);
  });

  it.each([
    ['a channel of zeros', spoilt(new Array(9).fill(0)), 4, undefined],
    ['one calibration sample', digits, 1, undefined],
    ['black calibration data', digits, 3, 0],
    ['grey calibration data', digits, 3, 0.5],
  ] as const)('makes a model from %s', async (_what, bytes, samples, constant) => {
    const { manifest, graph } = await run(bytes as Buffer, samples, constant);
    expect(manifest.layers.filter((l) => l.weights === 'int4').length).toBeGreaterThan(2);
    for (const t of graph.tensors)
      expect(t.quant?.scales.every((s) => Number.isFinite(s) && s > 0) ?? true, t.name).toBe(true);
  });
});
