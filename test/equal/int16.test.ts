// SPDX-License-Identifier: Apache-2.0
// int16 activations with int8 weights: the packed C equals what TensorFlow Lite Micro gave, tensor by tensor.
import { readFileSync } from 'node:fs';
import { afterAll, expect, it } from 'vitest';
import { runHost } from '../../src/device/hostSamples.js';
import { int16Inputs, int16Model, int16Outputs } from '../support/int16Model.js';
import { hostOf, ownOf, PackRoom, type TestPack } from '../support/packs.js';

const room = new PackRoom();
afterAll(() => room.close());

interface Golden {
  outputs: Record<string, number[][]>;
}

const golden = JSON.parse(readFileSync(new URL('../oracle/goldens/int16.json', import.meta.url), 'utf8')) as Golden;

it.each(int16Outputs)('tensor %i equals TensorFlow Lite Micro', async (output) => {
  const pack = await room.packBytes(int16Model(output), `int16_${output}.tflite`, {
    target: 'wasm32',
    rounding: 'tflite',
  });
  expect(pack.manifest.arithmetic).toBe('int16x8');
  const host = await hostOf(pack);
  const got = int16Inputs().map((x) => [...(runHost(host, pack.manifest, [x])[0] as Int16Array)]);
  expect(got).toEqual(golden.outputs[output]);
  const simd = pack.simd as TestPack;
  const own = await ownOf(simd);
  expect(int16Inputs().map((x) => [...(runHost(own, simd.manifest, [x])[0] as Int16Array)])).toEqual(got);
  expect(new Set(got.map(String)).size).toBeGreaterThan(1);
});
