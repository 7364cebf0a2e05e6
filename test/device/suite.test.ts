// SPDX-License-Identifier: Apache-2.0
// One suite, every kind of device: the host module, the emulators, and a real board when MOTE_TEST_PORT names its port
// and MOTE_TEST_BOARD its id (npm run test:device): it is flashed once, and then tested.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { loadBoard } from '../../src/build/boards.js';
import { findProgram } from '../../src/build/exec.js';
import { buildFirmware } from '../../src/build/firmware.js';
import { buildWasm } from '../../src/build/wasm.js';
import type { Device } from '../../src/device/device.js';
import { startDevice } from '../../src/device/startDevice.js';
import { startHost } from '../../src/device/wasm.js';
import { listDrives } from '../../src/discover/drives.js';
import { systemRoots } from '../../src/discover/roots.js';
import { listPorts } from '../../src/discover/serialPorts.js';
import { listUsb } from '../../src/discover/usbDevices.js';
import { chooseWay } from '../../src/flash/chooseWay.js';
import { externalTools } from '../../src/flash/externalTools.js';
import { flashBoard } from '../../src/flash/flashBoard.js';
import { flashMethods } from '../../src/flash/methods.js';
import { readFirmware } from '../../src/flash/readFirmware.js';
import type { Board } from '../../src/generated/board.js';
import { readNpy } from '../../src/model/npy.js';
import { bytesOf } from '../../src/model/tensorData.js';
import { packageRoot } from '../../src/packageRoot.js';
import { loadVectors } from '../../src/packFolder.js';
import { PackRoom, type TestPack } from '../support/packs.js';

const room = new PackRoom();
afterAll(() => room.close());

const load = (file: string): Uint8Array => readFileSync(join(packageRoot, 'models', 'digits', file));

async function digitsFor(target: string): Promise<TestPack> {
  const calibration = { array: readNpy(load('calib_x.npy'), 'calib_x.npy'), path: 'calib_x.npy' };
  return room.packBytes(load('digits.onnx'), 'digits.onnx', {
    target,
    calibration,
    inputScale: { scale: 1 / 255, zero: 0 },
  });
}

async function onBoard(id: string): Promise<{ pack: TestPack; device: Device }> {
  const board = loadBoard(id);
  const pack = await digitsFor(board.target);
  const image = join(room.folder, `${id}.elf`);
  await buildFirmware(pack.dir, board, image);
  return { pack, device: await startDevice(board, image) };
}

/** Builds, flashes by the first method that finds the board, and sees that its firmware answers on the port. */
async function flashDigits(board: Board, port: string): Promise<TestPack> {
  const pack = await digitsFor(board.target);
  const { elfPath, hash } = await buildFirmware(pack.dir, board, join(room.folder, 'real.elf'));
  const file = readFirmware(readFileSync(elfPath), elfPath);
  const roots = systemRoots();
  const [ports, drives, usb] = await Promise.all([listPorts(roots), listDrives(roots), listUsb(roots)]);
  const overLink = board.flash?.[0] !== undefined && flashMethods[board.flash[0].method]?.kind === 'link';
  const findTool = (tool: string) =>
    externalTools[tool]?.programs.map((p) => findProgram(p)).find((p) => p !== undefined);
  const way = chooseWay(board, overLink ? { port } : {}, { ports, drives, usb, findTool });
  const silent = { onStep: () => undefined, onProgress: () => undefined };
  const consolePort = overLink ? {} : { consolePort: port };
  const { confirmed } = await flashBoard({ board, way, file, run: true, packHash: hash, ...consolePort, ...silent });
  expect(confirmed).toMatchObject({ model: 'digits', proof: 'pack' });
  return pack;
}

const flashed = new Map<string, Promise<TestPack>>();

async function onRealBoard(id: string, port: string): Promise<{ pack: TestPack; device: Device }> {
  const board = loadBoard(id);
  const once = flashed.get(port) ?? flashDigits(board, port);
  flashed.set(port, once);
  return { pack: await once, device: await startDevice(board, '', { port }) };
}

const port = process.env.MOTE_TEST_PORT;
const hasQemu = findProgram('qemu-system-arm') !== undefined && findProgram('qemu-system-riscv32') !== undefined;
const kinds: { name: string; open: () => Promise<{ pack: TestPack; device: Device }>; skip?: boolean }[] = [
  {
    name: 'host',
    open: async () => {
      const pack = await digitsFor('wasm32');
      return { pack, device: await startHost(await buildWasm(pack.dir, pack.manifest), pack.manifest) };
    },
  },
  { name: 'emulated pico', open: () => onBoard('pico') },
  { name: 'QEMU virtual-m4', open: () => onBoard('virtual-m4'), skip: !hasQemu && !process.env.CI },
  { name: 'QEMU virtual-rv32', open: () => onBoard('virtual-rv32'), skip: !hasQemu && !process.env.CI },
  ...(port ? [{ name: `board at ${port}`, open: () => onRealBoard(process.env.MOTE_TEST_BOARD ?? 'pico', port) }] : []),
];

for (const { name, open, skip } of kinds) {
  describe.skipIf(skip)(name, () => {
    it('runs, steps, repeats and reports like every other device', async () => {
      const { pack, device } = await open();
      const { manifest } = pack;
      try {
        expect(manifest.hash.startsWith(device.info.hash)).toBe(true);
        expect(device.info).toMatchObject({
          model: 'digits',
          layers: manifest.layers.length,
          arenaBytes: manifest.arenaBytes,
        });
        const { inputs, outputs } = await loadVectors({ dir: pack.dir, manifest });
        const [input] = manifest.inputs;
        const [output] = manifest.outputs;
        const counts: number[] = [];
        for (const [k, sample] of inputs.entries()) {
          await device.write(input.offset, bytesOf(sample[0]));
          const window = await device.run();
          expect(window).toMatchObject({ result: 0, guardIntact: true });
          counts.push(window.count);
          expect([...(await device.read(output.offset, output.bytes))]).toEqual([...bytesOf(outputs[k][0])]);
        }
        await device.write(input.offset, bytesOf(inputs[0][0]));
        let stepped = 0;
        for (let i = 0; i < manifest.layers.length; i++) {
          const window = await device.step(i);
          expect(window).toMatchObject({ result: 0, guardIntact: true });
          stepped += window.count;
        }
        expect([...(await device.read(output.offset, output.bytes))]).toEqual([...bytesOf(outputs[0][0])]);
        if (device.info.counter.unit !== 'none') {
          expect(Math.min(...counts)).toBeGreaterThan(manifest.macs);
          // The layers one by one cost a switch and a call each more than the whole, never less.
          expect(stepped / counts[0]).toBeGreaterThan(0.99);
          expect(stepped / counts[0]).toBeLessThan(1.05);
        }
        expect((await device.status()).guardIntact).toBe(true);
      } finally {
        await device.close();
      }
    });

    it('refuses what lies outside the arena and lives on', async () => {
      const { pack, device } = await open();
      try {
        const { arenaBytes } = pack.manifest;
        await expect(device.write(arenaBytes - 1, new Uint8Array(2))).rejects.toThrow();
        await expect(device.read(arenaBytes, 1)).rejects.toThrow();
        await device.write(arenaBytes - 1, Uint8Array.of(7));
        expect([...(await device.read(arenaBytes - 1, 1))]).toEqual([7]);
      } finally {
        await device.close();
      }
    });
  });
}
