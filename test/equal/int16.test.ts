// SPDX-License-Identifier: Apache-2.0
// int16 activations with int8 weights: the packed C equals what TensorFlow Lite Micro gave, tensor by tensor, on the host
// with the reference kernels and on an emulated Cortex-M4 with DSP instructions.
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

const kernelsOfTheNetwork = [
  'mote_conv2d_s16s8_dsp__dsp_2x4',
  'mote_depthwiseconv2d_s16s8_3x3__dsp',
  'mote_add_s16_hoisted__c99',
  'mote_averagepool2d_s16__dsp',
  'mote_fullyconnected_s16s8_dsp__dsp_1x4',
  'mote_softmax_s16__ref',
];

it.skipIf(!findProgram('qemu-system-arm') && !process.env.CI).each(int16Outputs)(
  'tensor %i on virtual-m4 equals TensorFlow Lite Micro',
  async (output) => {
    const board = loadBoard('virtual-m4');
    const pack = await room.packBytes(int16Model(output), `int16_m4_${output}.tflite`, {
      target: board.target,
      rounding: 'tflite',
    });
    const kernels = pack.manifest.layers.map((layer) => layer.kernel);
    expect(kernels).toEqual(kernelsOfTheNetwork.slice(0, kernels.length));
    const image = join(pack.dir, 'int16.elf');
    await buildFirmware(pack.dir, board, image);
    const device = await startDevice(board, image, {});
    try {
      const { inputs, outputs } = pack.manifest;
      const got: number[][] = [];
      for (const x of int16Inputs()) {
        await device.write(inputs[0].offset, bytesOf(x));
        expect(await device.run()).toMatchObject({ result: 0, guardIntact: true });
        const bytes = await device.read(outputs[0].offset, outputs[0].bytes);
        got.push([...new Int16Array(bytes.slice().buffer)]);
      }
      expect(got).toEqual(golden.outputs[output]);
    } finally {
      await device.close();
    }
  },
);
