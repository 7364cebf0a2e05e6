// SPDX-License-Identifier: Apache-2.0
// micro_speech's front end against TensorFlow's own C (the microfrontend library, as the Python package pymicro-features
// 2.0.2 compiles it, a frame every 10 ms), integer for integer; and the whole example from sound to word.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { loadBoard } from '../../src/build/boards.js';
import { parseFrontend } from '../../src/frontend/frontendSpec.js';
import type { TensorData } from '../../src/model/graph.js';
import { readNpy } from '../../src/model/npy.js';
import { bytesOf } from '../../src/model/tensorData.js';
import { readWav } from '../../src/model/wav.js';
import { evaluateGraph } from '../../src/ops/evaluateGraph.js';
import { packageRoot } from '../../src/packageRoot.js';
import { expectEqualOnBoard, isPresent } from '../support/equalOnBoard.js';
import { PackRoom } from '../support/packs.js';
import { describeShared, sharedFile } from '../support/shared.js';
import { featuresOf, microScale, scoresOf } from './features.js';
import { testSound } from './sound.js';

const room = new PackRoom();
afterAll(() => room.close());

const features = featuresOf('micro_speech:hop=10ms', [1, 98 * 40], { scale: microScale, zeroPoint: -128 });
const run = (sound: Int16Array): TensorData => evaluateGraph(features, [sound], { rounding: 'tflite' })[0];
const soundOf = (word: string): Int16Array =>
  readWav(sharedFile(`models/tflm/testdata/${word}_1000ms.wav`), `${word}.wav`).samples;

/** As the example quantizes them. */
const quantized = (feature: number): number => Math.min(127, Math.trunc((feature * 256 + 333) / 666) - 128);

describe('micro_speech front end', () => {
  it("gives the integers of TensorFlow's microfrontend", () => {
    const file = readFileSync(join(packageRoot, 'test', 'frontend', 'microFeatures.npy'));
    const { shape, data } = readNpy(file, 'microFeatures.npy');
    expect(shape).toEqual([98, 40]);
    const got = run(testSound()) as Int8Array;
    const steps = Array.from(data as Int16Array, (feature, i) => Math.abs(quantized(feature) - got[i]));
    // One weight of the filters differs by 1/4096: glibc's log1pf is no correctly rounded one.
    expect(Math.max(...steps)).toBeLessThanOrEqual(1);
    expect(steps.filter((s) => s > 0).length).toBeLessThanOrEqual(1);
  });
});

// Made with pymicro-features from the sounds of tflite-micro's example, and quantized as above.
const featureHashes: readonly [word: string, sha256: string][] = [
  ['yes', '48a6ad22ede2fd98f6631cde61c3cc59e68d572c854285704829f7389e85d8e3'],
  ['no', 'f09aa81a9b6beb4de7e94338f9002b93c28ae1c8b1182ec5b2871c332fb2c4d9'],
  ['noise', '32d6422d9eb111b0f0bf986b78948df8085c9eea0b6f19dbb7e7ec0e8bcd941b'],
  ['silence', 'd2dae3651cf4de8cc4ae1aa2fa6068625da7a86f3d5f89fc121b8e2486476652'],
];
const labels = ['silence', 'unknown', 'yes', 'no'];
const words: readonly [sound: string, word: string][] = [
  ['yes', 'yes'],
  ['no', 'no'],
  ['noise', 'silence'],
  ['silence', 'silence'],
];

describeShared('micro_speech from ../shared', () => {
  it.each(featureHashes)('%s: the features of every frame', (word, hash) => {
    expect(
      createHash('sha256')
        .update(bytesOf(run(soundOf(word))))
        .digest('hex'),
    ).toBe(hash);
  });

  const model = 'models/tflm/micro_speech_quantized.tflite';
  const frontend = parseFrontend('micro_speech');

  it('hears what was said, layer by layer or in bands of rows', async () => {
    const arenas: number[] = [];
    for (const prefer of ['balance', 'ram'] as const) {
      const pack = await room.pack(model, { target: 'cortex-m4', frontend, prefer });
      expect(pack.manifest.frontend?.rate).toBe(16_000);
      for (const [sound, word] of words) {
        const scores = await scoresOf(pack, soundOf(sound));
        expect(labels[scores.indexOf(Math.max(...scores))], sound).toBe(word);
      }
      arenas.push(pack.manifest.arenaBytes);
    }
    // The sound itself is 32,000 bytes.
    expect(arenas[1]).toBeLessThan(35_000);
    expect(arenas[0]).toBeLessThan(101_000);
  });

  const board = loadBoard('virtual-m4');
  it.skipIf(!isPresent(board) && !process.env.CI)('runs on virtual-m4 as on the host', async () => {
    const pack = await room.pack(model, { target: board.target, board: board.id, frontend });
    await expectEqualOnBoard(room, board, pack, ['yes', 'no'].map(soundOf));
  });
});
