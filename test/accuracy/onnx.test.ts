// SPDX-License-Identifier: Apache-2.0
// ONNX models against onnxruntime: float ones to 1e-4, QDQ ones integer-only with the same top-1 on 99 % of labelled inputs.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { argmax } from '../../src/cli/commands/eval.js';
import { runHost } from '../../src/device/hostSamples.js';
import { readNpy } from '../../src/model/npy.js';
import { samplesFor } from '../../src/model/samples.js';
import { packageRoot } from '../../src/packageRoot.js';
import { openOnnx, toChannelsFirst } from '../support/onnxOracle.js';
import { hostOf, PackRoom } from '../support/packs.js';
import { relativeError } from '../support/quality.js';
import { describeShared, sharedFile } from '../support/shared.js';

const room = new PackRoom();
afterAll(() => room.close());

const npy = (path: string) => readNpy(sharedFile(path), path);
const tolerance = 1e-4;

describe('the bundled digits model', () => {
  it('agrees with onnxruntime in float to 1e-4', async () => {
    const folder = join(packageRoot, 'models', 'digits');
    const bytes = readFileSync(join(folder, 'digits.onnx'));
    const pack = await room.packBytes(bytes, 'digits.onnx', { target: 'wasm32' });
    expect(pack.manifest.arithmetic).toBe('float32');
    const host = await hostOf(pack);
    const oracle = await openOnnx(bytes);
    const array = readNpy(readFileSync(join(folder, 'eval_x.npy')), 'eval_x.npy');
    const { data } = samplesFor(array, pack.manifest.inputs[0], { scale: 1 / 255, zero: 0 }, 'eval_x.npy');
    for (const x of data.slice(0, 100)) {
      const expected = await oracle.run(toChannelsFirst(x as Float32Array, 28, 28, 1), [1, 1, 28, 28]);
      expect(relativeError(expected, runHost(host, pack.manifest, [x])[0] as Float32Array)).toBeLessThan(tolerance);
    }
  });
});

describeShared('ONNX models of ../shared', () => {
  it('ic_float agrees with onnxruntime to 1e-4', async () => {
    const bytes = sharedFile('models/mlperf-tiny/ic_float.onnx');
    const pack = await room.packBytes(bytes, 'ic_float.onnx', { target: 'wasm32' });
    const host = await hostOf(pack);
    const oracle = await openOnnx(bytes);
    const { data } = samplesFor(
      npy('data/cifar10/test_x.npy'),
      pack.manifest.inputs[0],
      { scale: 1, zero: 0 },
      'test_x.npy',
    );
    for (const x of data.slice(0, 50)) {
      const expected = await oracle.run(toChannelsFirst(x as Float32Array, 32, 32, 3), [1, 3, 32, 32]);
      expect(relativeError(expected, runHost(host, pack.manifest, [x])[0] as Float32Array)).toBeLessThan(tolerance);
    }
  });

  it('ic_quantized runs integer-only and agrees on top-1 for 99 % of 400 images', async () => {
    const bytes = sharedFile('models/mlperf-tiny/ic_quantized.onnx');
    const pack = await room.packBytes(bytes, 'ic_quantized.onnx', { target: 'wasm32' });
    expect(pack.manifest.arithmetic).toBe('int8');
    const oracle = await openOnnx(bytes);
    const host = await hostOf(pack);
    const images = npy('data/cifar10/test_x.npy');
    const { data } = samplesFor(images, pack.manifest.inputs[0], { scale: 1, zero: 0 }, 'test_x.npy');
    const elements = 32 * 32 * 3;
    let same = 0;
    for (let k = 0; k < data.length; k++) {
      const pixels = Float32Array.from(images.data.slice(k * elements, (k + 1) * elements) as Uint8Array);
      const expected = await oracle.run(pixels, [1, 32, 32, 3]);
      same += argmax(expected) === argmax(runHost(host, pack.manifest, [data[k]])[0]) ? 1 : 0;
    }
    expect(data.length).toBe(400);
    expect(same).toBeGreaterThanOrEqual(396);
  });

  it('kws_quantized runs integer-only and agrees on top-1 for 99 % of 500 keywords', async () => {
    const bytes = sharedFile('models/mlperf-tiny/kws_quantized.onnx');
    const pack = await room.packBytes(bytes, 'kws_quantized.onnx', { target: 'wasm32' });
    expect(pack.manifest.arithmetic).toBe('int8');
    const oracle = await openOnnx(bytes);
    const host = await hostOf(pack);
    // The keywords are int8 inputs of the TFLite model; its input scale and zero point give their real values.
    const kws = await room.pack('models/mlperf-tiny/kws_ref_model.tflite', { target: 'wasm32', name: 'kws' });
    const { scale = 1, zeroPoint = 0 } = kws.manifest.inputs[0];
    const keywords = npy('data/kws/test_x.npy');
    const { data } = samplesFor(keywords, pack.manifest.inputs[0], { scale, zero: zeroPoint }, 'test_x.npy');
    const elements = 49 * 10;
    let same = 0;
    for (let k = 0; k < data.length; k++) {
      const real = Float32Array.from(
        keywords.data.slice(k * elements, (k + 1) * elements) as Int8Array,
        (q) => scale * (q - zeroPoint),
      );
      const expected = await oracle.run(real, [1, 490]);
      same += argmax(expected) === argmax(runHost(host, pack.manifest, [data[k]])[0]) ? 1 : 0;
    }
    expect(data.length).toBe(500);
    expect(same).toBeGreaterThanOrEqual(495);
  });
});
