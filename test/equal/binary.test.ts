// SPDX-License-Identifier: Apache-2.0
// A binary network from an ONNX file: the packed model's answers are onnxruntime's to the last bit, on the host and on boards.
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadBoard } from '../../src/build/boards.js';
import { buildFirmware } from '../../src/build/firmware.js';
import { startDevice } from '../../src/device/startDevice.js';
import { HostModel } from '../../src/device/wasm.js';
import type { NpyArray } from '../../src/model/npy.js';
import { bytesOf } from '../../src/model/tensorData.js';
import { buildHost } from '../../src/packFolder.js';
import { importModel } from '../../src/packModel.js';
import { relayout } from '../../src/passes/testing/graphBuilder.js';
import { binaryInput, binaryModel, inputShape } from '../support/binaryModel.js';
import { isPresent } from '../support/equalOnBoard.js';
import { type OnnxModel, openOnnx } from '../support/onnxOracle.js';
import { PackRoom } from '../support/packs.js';

const room = new PackRoom();
afterAll(() => room.close());

const file = binaryModel();
const seeds = [1, 2, 3, 4, 5];

/** The input as the packed model takes it: channels last. */
function laidOut(seed: number): Uint8Array {
  const graph = importModel(file, 'binary.onnx');
  return bytesOf(relayout(graph, graph.inputs[0], binaryInput(seed), 'toGraph'));
}

const floats = (bytes: Uint8Array): number[] => [...new Float32Array(bytes.slice().buffer)];

describe('a binary network', () => {
  let onnx: OnnxModel;
  beforeAll(async () => {
    onnx = await openOnnx(file);
  });
  const expected = async (seed: number): Promise<number[]> => [...(await onnx.run(binaryInput(seed), inputShape))];

  it('runs on bits from its first sign to its last', () => {
    const kinds = importModel(file, 'binary.onnx').nodes.map((n) => n.op);
    expect(kinds.filter((op) => op !== 'reshape')).toEqual([
      'conv2d',
      'binarize',
      ...new Array(4).fill('binaryConv2d'),
    ]);
  });

  for (const id of ['virtual-m4', 'virtual-rv32', 'virtual-rv32zbb', 'pico']) {
    const board = loadBoard(id);
    it.skipIf(!(isPresent(board) || process.env.CI))(`gives onnxruntime's floats on ${id} (needs QEMU)`, async () => {
      const { dir, manifest } = await room.packBytes(file, 'binary.onnx', { target: board.target });
      const image = join(room.folder, `${id}.elf`);
      await buildFirmware(dir, board, image);
      const device = await startDevice(board, image, {});
      try {
        for (const seed of seeds.slice(0, 2)) {
          await device.write(manifest.inputs[0].offset, laidOut(seed));
          await device.run();
          const [output] = manifest.outputs;
          expect(floats(await device.read(output.offset, output.bytes))).toEqual(await expected(seed));
        }
        expect((await device.status()).guardIntact).toBe(true);
      } finally {
        await device.close();
      }
    });
  }

  it('keeps its bits when the rest becomes int8', async () => {
    const data = Float32Array.from([...seeds, 6, 7, 8].flatMap((seed) => [...binaryInput(seed)]));
    const array = { shape: [8, ...inputShape.slice(1)], dtype: 'float32', data } as unknown as NpyArray;
    const pack = await room.packBytes(file, 'binary.onnx', {
      target: 'cortex-m4',
      calibration: { array, path: 'calib.npy' },
    });
    expect(pack.manifest.arithmetic).toBe('int8');
    expect(pack.manifest.layers.filter((l) => l.op === 'binaryConv2d')).toHaveLength(4);
    const { wasm, manifest } = await buildHost(pack);
    const host = await HostModel.open(wasm, manifest);
    const [input, output] = [manifest.inputs[0], manifest.outputs[0]];
    const answers = seeds.map((seed) => {
      const real = new Float32Array(laidOut(seed).buffer);
      const quantized = Int8Array.from(real, (v) => Math.round(v / (input.scale ?? 1)) + (input.zeroPoint ?? 0));
      host.write(input.offset, bytesOf(quantized));
      host.run();
      return [...new Int8Array(host.read(output.offset, output.bytes).buffer)].map(
        (q) => (output.scale ?? 1) * (q - (output.zeroPoint ?? 0)),
      );
    });
    // Signs near zero flip with the rounding of the first layer, and a random network makes more of every flip.
    const wanted = await Promise.all(seeds.map(expected));
    const correlation = cosine(answers.flat(), wanted.flat());
    expect(correlation).toBeGreaterThan(0.5);
  });
});

function cosine(a: number[], b: number[]): number {
  const dot = (x: number[], y: number[]): number => x.reduce((sum, v, i) => sum + v * y[i], 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}
