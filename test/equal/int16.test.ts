// SPDX-License-Identifier: Apache-2.0
// int16 activations with int8 weights: the packed C equals what TensorFlow Lite Micro gave, tensor by tensor, and the
// kernels of the boards that have some for it equal the host.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { loadBoard } from '../../src/build/boards.js';
import { findProgram } from '../../src/build/exec.js';
import { buildFirmware } from '../../src/build/firmware.js';
import { runHost } from '../../src/device/hostSamples.js';
import { startDevice } from '../../src/device/startDevice.js';
import { bytesOf } from '../../src/model/tensorData.js';
import { int16Inputs, int16Model, int16Outputs } from '../support/int16Model.js';
import { hostOf, PackRoom } from '../support/packs.js';

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
  expect(new Set(got.map(String)).size).toBeGreaterThan(1);
});

const boards = ['pico', 'virtual-rv32'] as const;

it.skipIf(!findProgram('qemu-system-riscv32') && !process.env.CI).each(boards)('%s gives the same', async (boardId) => {
  const board = loadBoard(boardId);
  // The tensor before the softmax: every layer with weights lies before it.
  const output = 11;
  const { dir, manifest } = await room.packBytes(int16Model(output), `int16_${boardId}.tflite`, {
    target: board.target,
    rounding: 'tflite',
  });
  const weighted = manifest.layers.filter((l) => /conv|depthwise|fullyConnected/i.test(l.op));
  expect(weighted).toHaveLength(3);
  expect(weighted.filter((l) => l.kernel.endsWith('__ref'))).toEqual([]);
  const image = join(room.folder, `int16-${boardId}.elf`);
  await buildFirmware(dir, board, image);
  const device = await startDevice(board, image, {});
  try {
    const got: number[][] = [];
    for (const x of int16Inputs()) {
      await device.write(manifest.inputs[0].offset, bytesOf(x));
      await device.run();
      const bytes = await device.read(manifest.outputs[0].offset, manifest.outputs[0].bytes);
      got.push([...new Int16Array(Uint8Array.from(bytes).buffer)]);
    }
    expect(got).toEqual(golden.outputs[output]);
    expect((await device.status()).guardIntact).toBe(true);
  } finally {
    await device.close();
  }
});
