// SPDX-License-Identifier: Apache-2.0
// Entropy-coded constants on every emulated board: the firmware decodes them, the host has them plain, and all bits are
// equal, decoded as layers run and once at start. And on this machine: plain C with coded constants equals the TypeScript
// twins, whose outputs are the pack's vectors.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { loadBoard } from '../../src/build/boards.js';
import { findProgram } from '../../src/build/exec.js';
import { buildFirmware } from '../../src/build/firmware.js';
import { decodeConstants } from '../../src/compress/code/constantsCode.js';
import { piecesOf, readPieces } from '../../src/compress/code/pieces.js';
import { trellisWay } from '../../src/compress/code/trellisCode.js';
import { uniformRecipe } from '../../src/compress/recipe.js';
import { runInputs } from '../../src/device/runInputs.js';
import { startDevice } from '../../src/device/startDevice.js';
import { startHost } from '../../src/device/wasm.js';
import { readNpy } from '../../src/model/npy.js';
import { bytesOf } from '../../src/model/tensorData.js';
import { packageRoot } from '../../src/packageRoot.js';
import { buildHost } from '../../src/packFolder.js';
import { packModel } from '../../src/packModel.js';
import type { PackRequest } from '../../src/packRequest.js';
import { goldenInputs } from '../support/generator.js';
import { hostOf, PackRoom } from '../support/packs.js';

const room = new PackRoom();
afterAll(() => room.close());

const digits = (file: string): string => join(packageRoot, 'models', 'digits', file);
const bytes = readFileSync(digits('digits.onnx'));

const request = (
  target: string,
  coded: PackRequest['coded'],
  weights = 'coded2.5',
): Omit<PackRequest, 'bytes' | 'fileName'> => ({
  target,
  name: `digits_${coded ?? 'plain'}`,
  calibration: { array: readNpy(readFileSync(digits('calib_x.npy')), 'calib_x.npy'), path: 'calib_x.npy' },
  inputScale: { scale: 1 / 255, zero: 0 },
  quantize: {
    equalize: 'none',
    recipeOf: uniformRecipe(weights),
    ...(weights.startsWith('trellis') ? { method: 'mse' } : {}),
  },
  ...(coded ? { coded } : {}),
});

const boards = ['pico', 'virtual-m4', 'virtual-m55', 'virtual-rv32', 'virtual-rv32v'];
const cases = [
  ['coded2.5', 'stream'],
  ['coded2.5', 'start'],
  ['trellis2.5', 'stream'],
] as const;

describe.each(boards)('%s with coded constants', (id) => {
  const board = loadBoard(id);
  const present = board.emulator?.kind !== 'qemu' || findProgram(board.emulator.binary ?? 'qemu-system-arm');
  it.skipIf(!(present || process.env.CI)).each(cases)('equals the host: %s, %s', async (weights, mode) => {
    const { dir, manifest } = await room.packBytes(bytes, 'digits.onnx', request(board.target, mode, weights));
    expect(manifest.layers.some((l) => l.coded === mode)).toBe(true);
    const source = readFileSync(join(dir, `${manifest.name}.c`), 'utf8');
    expect(source.includes('#define MOTE_CODED_WALKS')).toBe(weights.startsWith('trellis'));
    const image = join(room.folder, `${id}-${weights}-${mode}.elf`);
    const built = await buildFirmware(dir, board, image);
    const { wasm, manifest: hostManifest } = await buildHost({ dir, manifest });
    const device = await startDevice(board, image, {});
    try {
      const inputs = goldenInputs(manifest.inputs[0].bytes).slice(0, 3);
      const host = await startHost(wasm, hostManifest);
      const report = await runInputs(
        device,
        host,
        manifest,
        inputs.map((x) => [bytesOf(x)]),
        { hostManifest },
      );
      const status = await device.status();
      expect(report.firstDifference).toBeUndefined();
      expect([report.compared, report.equal]).toEqual([3, 3]);
      expect(status.guardIntact).toBe(true);
      expect(status.stackUsedBytes).toBeLessThanOrEqual(built.stackBytes as number);
      expect(built.floatUses).toEqual([]);
    } finally {
      await device.close();
    }
  });
});

describe('plain C with coded constants', () => {
  it.each(cases)('gives the expected outputs, run after run: %s, %s', async (weights, mode) => {
    const pack = await room.packBytes(bytes, 'digits.onnx', request('wasm32', mode, weights));
    const host = await hostOf(pack);
    const { vectors, inputs, outputs } = pack.manifest;
    const read = (file: string) => readNpy(readFileSync(join(pack.dir, file)), file).data as Int8Array;
    const [x, y] = [read(vectors.inputs[0]), read(vectors.outputs[0])];
    for (let k = 0; k < 2 * vectors.count; k++) {
      const s = k % vectors.count;
      host.write(inputs[0].offset, bytesOf(x.subarray(s * inputs[0].bytes, (s + 1) * inputs[0].bytes)));
      host.run();
      const expected = y.slice(s * outputs[0].bytes, (s + 1) * outputs[0].bytes);
      expect(Int8Array.from(host.read(outputs[0].offset, outputs[0].bytes), (b) => (b << 24) >> 24)).toEqual(expected);
    }
  });
});

/** Sequences of so many numbers at least hold weights. */
const fewest = 64;

describe('weights along a trellis', () => {
  it('run along it as the kernels store them', async () => {
    const { plan } = await packModel({
      ...{ bytes, fileName: 'digits.onnx' },
      ...request('cortex-m4', 'stream', 'trellis2.5'),
    });
    const along = plan.steps.flatMap(({ coded }) =>
      (coded?.arrays ?? []).flatMap(({ array }) => {
        const pieces = piecesOf(array);
        return readPieces(array.data, pieces).flatMap((values, i) =>
          values.length < fewest ? [] : [trellisWay(values, pieces[i].inner) !== undefined],
        );
      }),
    );
    expect(along.filter((onTrellis) => onTrellis).length).toBeGreaterThanOrEqual(3);
  });
});

describe('what coded constants take', () => {
  it('less flash and more arena, and the stream is the arrays', async () => {
    const pack = (coded: PackRequest['coded']) =>
      packModel({ bytes, fileName: 'digits.onnx', ...request('cortex-m4', coded) });
    const [plain, stream, start] = await Promise.all([pack(undefined), pack('stream'), pack('start')]);
    expect(stream.manifest.weightBytes).toBeLessThan(plain.manifest.weightBytes);
    expect(start.manifest.weightBytes).toBe(stream.manifest.weightBytes);
    expect(start.manifest.arenaBytes).toBeGreaterThan(stream.manifest.arenaBytes);
    for (const { coded } of stream.plan.steps) {
      if (!coded) continue;
      const back = coded.arrays.map(({ array }) => ({ ...array, data: array.data.slice() }));
      for (const { data } of back) data.fill(0 as never);
      decodeConstants(
        coded.bytes,
        back,
        coded.arrays.map(({ array }) => array),
      );
      back.forEach(({ data }, i) => void expect(data).toEqual(coded.arrays[i].array.data));
    }
  });
});
