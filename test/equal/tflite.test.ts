// SPDX-License-Identifier: Apache-2.0
// Bit-equal to TensorFlow Lite, judged by strangers: `tflite` rounding by outputs that TensorFlow Lite Micro's interpreter
// gave (test/oracle/record_goldens.py), `single` rounding live by TensorFlow Lite with XNNPACK from npm.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterAll, expect, it } from 'vitest';
import { runHost } from '../../src/device/hostSamples.js';
import { bytesOf } from '../../src/model/tensorData.js';
import { openTflite } from '../oracle/tfjsTflite.js';
import { goldenInputs } from '../support/generator.js';
import { hostOf, ownOf, PackRoom, type TestPack } from '../support/packs.js';
import { describeShared, int8Models, sharedFile } from '../support/shared.js';

const room = new PackRoom();
afterAll(() => room.close());

const golden = (name: string): Int8Array =>
  new Int8Array(readFileSync(new URL(`../oracle/goldens/${name}.bin`, import.meta.url)));

interface GoldenIndex {
  models: Record<string, { modelSha256: string }>;
}

const index = JSON.parse(readFileSync(new URL('../oracle/goldens/index.json', import.meta.url), 'utf8')) as GoldenIndex;

async function outputsOf(pack: TestPack): Promise<Int8Array[]> {
  const host = await hostOf(pack);
  const inputs = goldenInputs(pack.manifest.inputs[0].bytes);
  const outputs = inputs.map((input) => runHost(host, pack.manifest, [input])[0] as Int8Array);
  expect(host.guardIntact()).toBe(true);
  if (pack.simd) expect(await simdOutputs(pack.simd, inputs)).toEqual(outputs);
  return outputs;
}

/** The same from the SIMD kernels, and not by way of some plain ones. */
async function simdOutputs(pack: TestPack, inputs: Int8Array[]): Promise<Int8Array[]> {
  const plain = pack.manifest.layers.filter((l) => /conv|fully/i.test(l.op) && !l.kernel.endsWith('__simd128'));
  expect(plain.map((l) => l.name)).toEqual([]);
  const own = await ownOf(pack);
  const outputs = inputs.map((input) => runHost(own, pack.manifest, [input])[0] as Int8Array);
  expect(own.guardIntact()).toBe(true);
  return outputs;
}

describeShared('wasm32 equals TensorFlow Lite on 50 inputs', () => {
  it.each(int8Models)('$name, tflite rounding, against TensorFlow Lite Micro', async ({ name, file }) => {
    expect(createHash('sha256').update(sharedFile(file)).digest('hex')).toBe(index.models[name].modelSha256);
    const outputs = await outputsOf(await room.pack(file, { target: 'wasm32', rounding: 'tflite', name }));
    const expected = golden(name);
    expect(expected.length).toBe(50 * outputs[0].length);
    outputs.forEach((output, k) => {
      expect([k, ...output]).toEqual([k, ...expected.subarray(k * output.length, (k + 1) * output.length)]);
    });
  });

  // person_detect: TensorFlow Lite refuses the file (a 1-D bias with quantized_dimension 3), so it has no live judge.
  it.each(int8Models.filter((m) => m.name !== 'person_detect'))(
    '$name, single rounding, against XNNPACK',
    async ({ name, file }) => {
      const pack = await room.pack(file, { target: 'wasm32', rounding: 'single', name });
      const outputs = await outputsOf(pack);
      const tflite = await openTflite(sharedFile(file));
      const inputs = goldenInputs(pack.manifest.inputs[0].bytes);
      const different = inputs.filter(
        (input, k) => Buffer.compare(Buffer.from(tflite.run(bytesOf(input))), Buffer.from(bytesOf(outputs[k]))) !== 0,
      );
      tflite.close();
      // XNNPACK multiplies in float32 and rounds ties to even, we round ties up in integers: ResNet meets such ties.
      expect(different.length).toBeLessThanOrEqual(name === 'ic' ? 2 : 0);
    },
  );
});
