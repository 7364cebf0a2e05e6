// SPDX-License-Identifier: Apache-2.0
// mote's own int8: the digits model, IC on its data, VWW and AD by signal-to-noise at the output against float.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { argmax } from '../../src/cli/commands/eval.js';
import { runHost } from '../../src/device/hostSamples.js';
import { type NpyArray, readNpy } from '../../src/model/npy.js';
import { samplesFor } from '../../src/model/samples.js';
import { packageRoot } from '../../src/packageRoot.js';
import { hostOf, PackRoom, type TestPack } from '../support/packs.js';
import { smoothImages, spectrograms } from '../support/plausible.js';
import { snrDb } from '../support/quality.js';
import { describeShared, sharedFile } from '../support/shared.js';

const room = new PackRoom();
afterAll(() => room.close());

/** Real-valued outputs of every sample of a data array that holds real numbers times `scale`. */
async function outputsOf(pack: TestPack, array: NpyArray, scale = 1): Promise<Float64Array[]> {
  const host = await hostOf(pack);
  const { data } = samplesFor(array, pack.manifest.inputs[0], { scale, zero: 0 }, 'test data');
  const port = pack.manifest.outputs[0];
  return data.map((x) =>
    Float64Array.from(
      runHost(host, pack.manifest, [x])[0] as Int8Array,
      (q) => (port.scale ?? 1) * (q - (port.zeroPoint ?? 0)),
    ),
  );
}

const accuracyOf = (outputs: readonly Float64Array[], labels: ArrayLike<number>): number =>
  outputs.reduce((n, o, k) => n + (argmax(o) === labels[k] ? 1 : 0), 0) / outputs.length;

describe('digits', () => {
  it('is at 98 % or better after int8 packing', async () => {
    const load = (file: string): NpyArray => readNpy(readFileSync(join(packageRoot, 'models', 'digits', file)), file);
    const bytes = readFileSync(join(packageRoot, 'models', 'digits', 'digits.onnx'));
    const pack = await room.packBytes(bytes, 'digits.onnx', {
      target: 'wasm32',
      calibration: { array: load('calib_x.npy'), path: 'calib_x.npy' },
      inputScale: { scale: 1 / 255, zero: 0 },
    });
    expect(pack.manifest).toMatchObject({ arithmetic: 'int8', rounding: 'single' });
    const outputs = await outputsOf(pack, load('eval_x.npy'), 1 / 255);
    expect(outputs).toHaveLength(500);
    expect(accuracyOf(outputs, load('eval_y.npy').data as Uint8Array)).toBeGreaterThanOrEqual(0.98);
  });
});

describeShared('float models of ../shared become int8', () => {
  const npy = (path: string): NpyArray => readNpy(sharedFile(path), path);

  it('IC is within 0.5 point of its float accuracy on 400 images', async () => {
    const file = 'models/mlperf-tiny/pretrainedResnet.tflite';
    const float = await room.pack(file, { target: 'wasm32', name: 'ic' });
    const int8 = await room.pack(file, {
      target: 'wasm32',
      name: 'ic',
      calibration: { array: npy('data/cifar10/calib_x.npy'), path: 'calib_x.npy' },
    });
    expect([float.manifest.arithmetic, int8.manifest.arithmetic]).toEqual(['float32', 'int8']);
    const images = npy('data/cifar10/test_x.npy');
    const labels = npy('data/cifar10/test_y.npy').data as Uint8Array;
    const floatAccuracy = accuracyOf(await outputsOf(float, images), labels);
    const int8Accuracy = accuracyOf(await outputsOf(int8, images), labels);
    expect(floatAccuracy).toBeGreaterThan(0.8);
    expect(int8Accuracy).toBeGreaterThanOrEqual(floatAccuracy - 0.005);
  });

  it.each([
    {
      name: 'vww',
      file: 'models/mlperf-tiny/vww_96_float.tflite',
      make: (seed: number, count: number) => smoothImages(seed, count, 96, 96, 3),
    },
    {
      name: 'ad',
      file: 'models/mlperf-tiny/ad01_fp32.tflite',
      make: (seed: number, count: number) => spectrograms(seed, count),
    },
  ])('$name reaches 30 dB at the output', async ({ name, file, make }) => {
    const float = await room.pack(file, { target: 'wasm32', name });
    const int8 = await room.pack(file, { target: 'wasm32', name, calibration: { array: make(1, 48), path: 'random' } });
    expect([float.manifest.arithmetic, int8.manifest.arithmetic]).toEqual(['float32', 'int8']);
    const test = make(2, 32);
    expect(snrDb(await outputsOf(float, test), await outputsOf(int8, test))).toBeGreaterThanOrEqual(30);
  });
});
