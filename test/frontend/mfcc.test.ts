// SPDX-License-Identifier: Apache-2.0
// The front end mfcc in integers against MFCC by their definition in double, which TensorFlow's own (2.21: tf.signal.stft,
// linear_to_mel_weight_matrix, mfccs_from_log_mel_spectrograms) confirm on the same sound.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parseFrontend } from '../../src/frontend/frontendSpec.js';
import type { TensorData } from '../../src/model/graph.js';
import { readNpy } from '../../src/model/npy.js';
import { readWav } from '../../src/model/wav.js';
import { evaluateGraph } from '../../src/ops/evaluateGraph.js';
import { packageRoot } from '../../src/packageRoot.js';
import { xorshift32 } from '../../src/xorshift.js';
import { PackRoom } from '../support/packs.js';
import { describeShared, sharedFile } from '../support/shared.js';
import { featuresOf, kwsScale, scoresOf } from './features.js';
import { floatMfcc, kwsMfcc, type MfccDefinition } from './floatMfcc.js';
import { testSound } from './sound.js';

const room = new PackRoom();
afterAll(() => room.close());

const snrDb = (wanted: readonly number[], got: ArrayLike<number>): number => {
  const power = wanted.reduce((sum, x) => sum + x * x, 0);
  const error = wanted.reduce((sum, x, i) => sum + (x - got[i]) ** 2, 0);
  return 10 * Math.log10(power / error);
};

/** Logarithms (Q16) of the channels, and the features. */
function run(text: string, sound: Int16Array, shape = [1, 49, 10, 1]): { logs: Int32Array; features: TensorData } {
  const graph = featuresOf(text, shape, kwsScale);
  let logs = new Int32Array();
  const visit = (id: number, data: TensorData): void => {
    if (graph.tensors[id].name === 'frontend/log') logs = data as Int32Array<ArrayBuffer>;
  };
  return { features: evaluateGraph(graph, [sound], { rounding: 'single', visit })[0], logs };
}

/** Coefficients of what the integers have before they are quantized. */
function coefficients({ mels, coefficients: count }: MfccDefinition, logs: Int32Array): number[] {
  return Array.from({ length: (logs.length / mels) * count }, (_, i) => {
    const [frame, row] = [Math.floor(i / count), i % count];
    let sum = 0;
    for (let c = 0; c < mels; c++)
      sum += (logs[frame * mels + c] / 65_536) * Math.cos((Math.PI / mels) * row * (c + 0.5));
    return sum * Math.sqrt(2 / mels);
  });
}

const quantized = (x: number): number =>
  Math.max(-128, Math.min(127, Math.round(x / kwsScale.scale) + kwsScale.zeroPoint));

/** Features that are another integer than the quantized float; never more than by one. */
function differing(float: readonly number[], features: TensorData): number {
  const steps = float.map((x, i) => Math.abs(quantized(x) - Number(features[i])));
  expect(Math.max(...steps)).toBeLessThanOrEqual(1);
  return steps.filter((s) => s > 0).length;
}

describe('mfcc', () => {
  const sound = testSound();

  it("has a definition that TensorFlow's numbers confirm", () => {
    const file = readFileSync(join(packageRoot, 'test', 'frontend', 'tensorflowMfcc.npy'));
    const { shape, data } = readNpy(file, 'tensorflowMfcc.npy');
    expect(shape).toEqual([49, 10]);
    expect(snrDb(floatMfcc(kwsMfcc, sound), data as Float32Array)).toBeGreaterThan(120);
  });

  // 61, 60 and 62 dB; most of it is in the five frames without any sound, where the least that counts is 1e-6.
  it.each([
    ['mfcc', kwsMfcc],
    ['mfcc:peak=9000', { ...kwsMfcc, peak: 9000 }],
    [
      'mfcc:window=50ms,hop=25ms,high=7600,mels=64',
      { ...kwsMfcc, window: 800, hop: 400, size: 1024, highHz: 7600, mels: 64 },
    ],
  ])('%s is 50 dB from its definition', (text, definition) => {
    const wanted = floatMfcc(definition, sound);
    const { logs, features } = run(text, sound, [1, wanted.length / 10, 10, 1]);
    expect(snrDb(wanted, coefficients(definition, logs))).toBeGreaterThan(50);
    expect(differing(wanted, features)).toBeLessThan(wanted.length / 50);
  });
});

const best = (scores: readonly number[]): number => scores.indexOf(Math.max(...scores));

describeShared('mfcc from ../shared', () => {
  const soundOf = (word: string): Int16Array =>
    readWav(sharedFile(`models/tflm/testdata/${word}_1000ms.wav`), `${word}.wav`).samples;
  const kws = 'models/mlperf-tiny/kws_ref_model.tflite';

  it('stands before a model that mote quantized from features, which has no float twin then', async () => {
    const next = xorshift32(3);
    const data = Float32Array.from({ length: 8 * 490 }, () => (next() >>> 24) / 4 - 32);
    const array = { dtype: 'float32' as const, shape: [8, 49, 10, 1], data };
    const float = 'models/mlperf-tiny/kws_float.tflite';
    const pack = await room.pack(float, {
      target: 'wasm32',
      calibration: { array, path: 'x.npy' },
      frontend: parseFrontend('mfcc'),
    });
    expect(pack.manifest.inputs[0]).toMatchObject({ dtype: 'int16', shape: [1, 16_000, 1, 1] });
    expect([pack.manifest.arithmetic, pack.manifest.model.float]).toEqual(['int8', undefined]);
  });

  it.each([
    ['mfcc:coefficients=11', 'gives frames of 11'],
    ['mfcc:low=100,high=101', 'no filter from 100 to 101 Hz holds one of the 31.25 Hz steps'],
    ['mfcc:clip=2s', 'are 99 frames, and the model takes 49'],
    ['micro_speech:mels=10,high=8000', 'ends beyond the last bin'],
  ])('%s is refused for a model of 49 times 10', async (text, reason) => {
    await expect(room.pack(kws, { target: 'wasm32', frontend: parseFrontend(text) })).rejects.toThrow(reason);
  });

  // MLPerf Tiny's training divides a sound by its largest sample.
  it.each(['yes', 'no'])('%s: keywords from sound as from features in float', async (word) => {
    const sound = soundOf(word);
    const peak = Math.max(...sound);
    const definition = { ...kwsMfcc, peak };
    const wanted = floatMfcc(definition, sound);
    const { logs, features } = run(`mfcc:peak=${peak}`, sound);
    expect(snrDb(wanted, coefficients(definition, logs))).toBeGreaterThan(60);
    expect(differing(wanted, features)).toBeLessThan(5);

    const heard = await room.pack(kws, { target: 'wasm32', frontend: parseFrontend(`mfcc:peak=${peak}`) });
    const fromSound = await scoresOf(heard, sound);
    const plain = await room.pack(kws, { target: 'wasm32', name: 'plain' });
    const fromFeatures = await scoresOf(plain, Int8Array.from(wanted, quantized));
    expect(best(fromSound)).toBe(best(fromFeatures));
  });
});
