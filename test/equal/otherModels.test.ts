// SPDX-License-Identifier: Apache-2.0
// The models of ../shared that the other board tests leave out: float32, hybrid and QDQ ones. Each on the Cortex-M4, and
// on boards of the other instruction sets those that their emulator runs in reasonable time without a float unit.
import { afterAll, describe, it } from 'vitest';
import { loadBoard } from '../../src/build/boards.js';
import { elementCount, type TensorData } from '../../src/model/graph.js';
import { randomOf } from '../kernels/random.js';
import { expectEqualOnBoard, isPresent } from '../support/equalOnBoard.js';
import { PackRoom, type TestPack } from '../support/packs.js';
import { hasShared } from '../support/shared.js';

const room = new PackRoom();
afterAll(() => room.close());

const models: readonly { name: string; file: string; boards: readonly string[] }[] = [
  { name: 'hello_float', file: 'tflm/hello_world_float.tflite', boards: ['virtual-m55', 'virtual-rv32', 'pico'] },
  { name: 'kws_float', file: 'mlperf-tiny/kws_float.tflite', boards: ['virtual-m55'] },
  { name: 'kws_hybrid', file: 'mlperf-tiny/kws_ref_model_float32.tflite', boards: ['virtual-m55'] },
  { name: 'vww_float', file: 'mlperf-tiny/vww_96_float.tflite', boards: [] },
  { name: 'ic_float', file: 'mlperf-tiny/pretrainedResnet.tflite', boards: [] },
  { name: 'ad_float', file: 'mlperf-tiny/ad01_fp32.tflite', boards: ['virtual-rv32'] },
  { name: 'ic_onnx', file: 'mlperf-tiny/ic_float.onnx', boards: [] },
  { name: 'ic_qdq', file: 'mlperf-tiny/ic_quantized.onnx', boards: ['virtual-rv32'] },
  { name: 'kws_qdq', file: 'mlperf-tiny/kws_quantized.onnx', boards: ['virtual-m55', 'virtual-rv32', 'pico'] },
];

/** Five inputs, always the same. */
function inputsOf({ manifest }: TestPack): TensorData[] {
  const random = randomOf(11);
  const { shape, dtype } = manifest.inputs[0];
  return Array.from({ length: 5 }, () => {
    const numbers = Array.from({ length: elementCount(shape) }, () => random.real(-1, 1));
    return dtype === 'float32' ? Float32Array.from(numbers) : Int8Array.from(numbers, (v) => Math.round(v * 127));
  });
}

describe('other models on boards equal the host', () => {
  for (const { name, file, boards } of models) {
    for (const id of ['virtual-m4', ...boards]) {
      const board = loadBoard(id);
      it.skipIf(!hasShared || !(isPresent(board) || process.env.CI))(`${name} on ${id}`, async () => {
        const pack = await room.pack(`models/${file}`, { target: board.target, name });
        await expectEqualOnBoard(room, board, pack, inputsOf(pack));
      });
    }
  }
});
