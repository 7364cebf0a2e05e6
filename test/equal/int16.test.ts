// SPDX-License-Identifier: Apache-2.0
// int16 activations with int8 weights: the packed C equals what TensorFlow Lite Micro gave, tensor by tensor, on the host
// with the reference kernels and on emulated boards with their own.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { loadBoard } from '../../src/build/boards.js';
import { findProgram } from '../../src/build/exec.js';
import { buildFirmware } from '../../src/build/firmware.js';
import { runHost } from '../../src/device/hostSamples.js';
import { startDevice } from '../../src/device/startDevice.js';
import { bytesOf } from '../../src/model/tensorData.js';
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

const boards = ['pico', 'virtual-m4', 'virtual-m55', 'virtual-rv32', 'virtual-rv32v'];

for (const id of boards) {
  const board = loadBoard(id);
  const binary = board.emulator?.kind === 'qemu' ? (board.emulator.binary ?? '') : '';
  describe.skipIf(!findProgram(binary) && !process.env.CI)(`${id} equals TensorFlow Lite Micro`, () => {
    it.each(int16Outputs)('tensor %i', async (output) => {
      const request = { target: board.target, rounding: 'tflite' } as const;
      const { dir, manifest } = await room.packBytes(int16Model(output), `${id}_${output}.tflite`, request);
      // Convolution and depthwise convolution run on the board's own instructions.
      for (const layer of manifest.layers.slice(0, 2)) expect(layer.kernel).not.toContain('__ref');
      const image = join(room.folder, `${id}-${output}.elf`);
      await buildFirmware(dir, board, image);
      const device = await startDevice(board, image, {});
      try {
        const got: number[][] = [];
        for (const x of int16Inputs()) {
          await device.write(manifest.inputs[0].offset, bytesOf(x));
          await device.run();
          const bytes = await device.read(manifest.outputs[0].offset, manifest.outputs[0].bytes);
          got.push([...new Int16Array(bytes.slice().buffer)]);
        }
        expect(got).toEqual(golden.outputs[output]);
        expect((await device.status()).guardIntact).toBe(true);
      } finally {
        await device.close();
      }
    });
  });
}
