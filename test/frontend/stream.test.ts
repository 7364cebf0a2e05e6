// SPDX-License-Identifier: Apache-2.0
// `pack --frontend … --stream`: what a hop of sound at a time gives is what the whole sound gives, bit by bit.
import { afterAll, describe, expect, it } from 'vitest';
import { loadBoard } from '../../src/build/boards.js';
import { parseFrontend } from '../../src/frontend/frontendSpec.js';
import type { Graph, TensorData } from '../../src/model/graph.js';
import { resetStates } from '../../src/model/state.js';
import { readWav } from '../../src/model/wav.js';
import { evaluateGraph } from '../../src/ops/evaluateGraph.js';
import { byFrames } from '../../src/passes/byFrames.js';
import { expectEqualOnBoard, isPresent } from '../support/equalOnBoard.js';
import { PackRoom } from '../support/packs.js';
import { describeShared, sharedFile } from '../support/shared.js';
import { featuresOf, kwsScale, microScale, runnerOf } from './features.js';
import { testSound } from './sound.js';

const room = new PackRoom();
afterAll(() => room.close());

const [window, hop] = [480, 320];
const rounding = 'tflite';
/** Two seconds. */
const sound = Int16Array.of(...testSound(), ...testSound());
const hops = sound.length / hop;
const part = (from: number, to: number): Int16Array => sound.slice(from * hop, to * hop);

/** Outputs of a graph that keeps state, hop by hop. */
function stream({ graph }: { graph: Graph }): TensorData[] {
  const state = resetStates(graph);
  return Array.from({ length: hops }, (_, k) => evaluateGraph(graph, [part(k, k + 1)], { rounding, state })[0]);
}

/** Sound whose last frame ends with hop `end`. */
const before = (end: number, frames: number): Int16Array =>
  sound.slice(end * hop - window - (frames - 1) * hop, end * hop);

describe('a front end hop by hop', () => {
  it('mfcc: every window of features, once there is a whole one', () => {
    const frames = 20;
    const whole = featuresOf(`mfcc:clip=410ms`, [1, frames, 10, 1], kwsScale);
    const made = byFrames(whole);
    expect([made.windowFrames, made.newFrames]).toEqual([window + (frames - 1) * hop, hop]);
    const outputs = stream(made);
    for (const end of [21, 22, 40, 77, hops])
      expect(outputs[end - 1]).toEqual(evaluateGraph(whole, [before(end, frames)], { rounding })[0]);
  });

  it('leaves out what no frame of a clip hears', () => {
    expect(byFrames(featuresOf('mfcc', [1, 490], kwsScale)).windowFrames).toBe(15_840);
  });

  it('micro_speech: its noise is that of all the sound before, until a reset', () => {
    const quant = { scale: microScale, zeroPoint: -128 };
    const made = byFrames(featuresOf('micro_speech', [1, 49 * 40], quant));
    const outputs = stream(made);
    // All frames at once, beginning with the half frame of silence that a reset leaves.
    const padded = Int16Array.of(...new Int16Array(window - hop), ...sound);
    const clip = `micro_speech:clip=${padded.length / 16}ms`;
    const [all] = evaluateGraph(featuresOf(clip, [1, hops * 40], quant), [padded], { rounding });
    for (const end of [49, 50, 80, hops]) expect(outputs[end - 1]).toEqual(all.slice((end - 49) * 40, end * 40));
    expect(stream(made)).toEqual(outputs);
  });
});

describeShared('models from ../shared hop by hop', () => {
  const wake = 'models/mlperf-tiny/str_ww_ref_model.tflite';

  it('a model that goes by frames does so behind a front end', async () => {
    const frontend = parseFrontend('mfcc:coefficients=40,high=7600');
    const whole = await room.pack(wake, { target: 'wasm32', name: 'wake', frontend });
    const made = await room.pack(wake, { target: 'wasm32', name: 'wake_hops', frontend, stream: true });
    expect(made.manifest.macs).toBeLessThan(whole.manifest.macs / 10);
    const [host, judge] = [await runnerOf(made), await runnerOf(whole)];
    const { shape } = whole.manifest.inputs[0];
    let compared = 0;
    for (let k = 0; k < hops; k++) {
      const got = host(part(k, k + 1));
      const end = (k + 1) * hop;
      if (k % 10 !== 9 || end < shape[1]) continue;
      // A clip of which the last frame ends with it.
      expect(got).toEqual(judge(sound.slice(end - shape[1], end)));
      compared++;
    }
    expect(compared).toBeGreaterThan(5);
  });

  const board = loadBoard('virtual-m4');
  it.skipIf(!isPresent(board) && !process.env.CI)('micro_speech hears yes on virtual-m4, in 8 KB', async () => {
    const frontend = parseFrontend('micro_speech');
    const model = 'models/tflm/micro_speech_quantized.tflite';
    const pack = await room.pack(model, { target: board.target, board: board.id, frontend, stream: true });
    expect(pack.manifest.arenaBytes).toBeLessThan(8000);
    const { samples } = readWav(sharedFile('models/tflm/testdata/yes_1000ms.wav'), 'yes.wav');
    const inputs = Array.from({ length: samples.length / hop }, (_, k) => samples.slice(k * hop, (k + 1) * hop));
    const scores = inputs.map(await runnerOf(pack));
    // silence, unknown, yes, no
    expect(scores[49]).toEqual(Int8Array.of(-128, -128, 127, -128));
    await expectEqualOnBoard(room, board, pack, inputs.slice(20));
  });
});
