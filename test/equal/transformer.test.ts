// SPDX-License-Identifier: Apache-2.0
// A keyword transformer as both of PyTorch's exporters write it: in float the packed C equals ONNX Runtime, as int8 it comes
// close to that, and emulated boards equal the host bit by bit.
import { afterAll, describe, expect, it } from 'vitest';
import { loadBoard } from '../../src/build/boards.js';
import { runHost } from '../../src/device/hostSamples.js';
import { quantOf } from '../../src/model/graph.js';
import { quantizeValue } from '../../src/passes/integerOperands.js';
import { expectEqualOnBoard, isPresent } from '../support/equalOnBoard.js';
import {
  type Exporter,
  exporters,
  keywordTransformer,
  spectrograms,
  transformerSizes,
} from '../support/keywordTransformer.js';
import { openOnnx } from '../support/onnxOracle.js';
import { hostOf, PackRoom, type TestPack } from '../support/packs.js';

const room = new PackRoom();
afterAll(() => room.close());

const { mels, frames } = transformerSizes;
const size = mels * frames;
const [calibrated, judged] = [24, 16];
const data = spectrograms(calibrated + judged);
const samples = Array.from({ length: judged }, (_, s) =>
  data.slice((calibrated + s) * size, (calibrated + s + 1) * size),
);

async function wanted(exporter: Exporter): Promise<Float32Array[]> {
  const judge = await openOnnx(keywordTransformer(exporter));
  return Promise.all(samples.map((x) => judge.run(x, [1, 1, mels, frames])));
}

const quantized = (exporter: Exporter, target: string): Promise<TestPack> =>
  room.packBytes(keywordTransformer(exporter), `${exporter}.onnx`, {
    target,
    calibration: {
      array: { dtype: 'float32', shape: [calibrated, 1, mels, frames], data: data.slice(0, calibrated * size) },
      path: 'spectrograms.npy',
    },
  });

describe.each(exporters)('a keyword transformer from %s', (exporter) => {
  it('is products, sums, norms and tables: nothing of how it was written is left', async () => {
    const { manifest } = await room.packBytes(keywordTransformer(exporter), `${exporter}_ops.onnx`, {
      target: 'wasm32',
    });
    const ops = new Set(manifest.layers.map((l) => l.op));
    for (const op of ['erf', 'pow', 'sqrt', 'mean', 'gather', 'expand']) expect(ops).not.toContain(op);
    const count = (op: string): number => manifest.layers.filter((l) => l.op === op).length;
    expect([count('layerNorm'), count('gelu'), count('softmax'), count('matmul')]).toEqual([5, 2, 2, 4]);
    // Query, key, value and what comes out of each attention.
    expect(count('transpose')).toBe(8);
  });

  it('equals ONNX Runtime in float', async () => {
    const pack = await room.packBytes(keywordTransformer(exporter), `${exporter}_float.onnx`, { target: 'wasm32' });
    const host = await hostOf(pack);
    const answers = await wanted(exporter);
    const worst = samples.map((x, s) => {
      const [y] = runHost(host, pack.manifest, [x]);
      return Math.max(...answers[s].map((w, i) => Math.abs(w - Number(y[i]))));
    });
    expect(Math.max(...worst)).toBeLessThan(5e-6);
  });

  it('has at least 24 dB as int8', async () => {
    const pack = await quantized(exporter, 'wasm32');
    expect(pack.manifest.arithmetic).toBe('int8');
    const host = await hostOf(pack);
    const answers = await wanted(exporter);
    const [input, output] = [pack.manifest.inputs[0], pack.manifest.outputs[0]];
    const quant = quantOf(input.scale ?? 1, input.zeroPoint ?? 0);
    let [signal, noise] = [0, 0];
    for (const [s, x] of samples.entries()) {
      const [y] = runHost(host, pack.manifest, [Int8Array.from(x, (v) => quantizeValue(v, quant))]);
      for (const [i, w] of answers[s].entries()) {
        signal += w * w;
        noise += (w - (output.scale ?? 1) * (Number(y[i]) - (output.zeroPoint ?? 0))) ** 2;
      }
    }
    expect(10 * Math.log10(signal / noise)).toBeGreaterThan(24);
  });
});

for (const [id, exporter] of [
  ['virtual-m4', 'torchscript'],
  ['virtual-m55', 'dynamo'],
] as const) {
  const board = loadBoard(id);
  it.skipIf(!isPresent(board) && !process.env.CI)(`${id} equals the host (${exporter}, needs QEMU)`, async () => {
    await expectEqualOnBoard(room, board, await quantized(exporter, board.target));
  });
}
