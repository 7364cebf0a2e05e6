// SPDX-License-Identifier: Apache-2.0
// Energy of the emulated Pico by an emulated PPK2 that looks at its marker pin and lives in its time.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { loadBoard } from '../../src/build/boards.js';
import { buildFirmware } from '../../src/build/firmware.js';
import { openLinkDevice } from '../../src/device/linkDevice.js';
import { openRp2040 } from '../../src/device/rp2040.js';
import { memoryLink } from '../../src/link/memoryLink.js';
import { openEmulatedPpk2 } from '../../src/measure/emulated/emulatedPpk2.js';
import { Ppk2Emulator, ppk2RateHz } from '../../src/measure/emulated/ppk2Emulator.js';
import type { Scene } from '../../src/measure/emulated/scene.js';
import { measureEnergy } from '../../src/measure/energyRun.js';
import { openPpk2 } from '../../src/measure/ppk2.js';
import { fallingEdges, markerWindows } from '../../src/measure/windows.js';
import { readNpy } from '../../src/model/npy.js';
import { packageRoot } from '../../src/packageRoot.js';
import { PackRoom } from '../support/packs.js';

const room = new PackRoom();
afterAll(() => room.close());

const markerPin = 2;
const sampleNanos = 1e9 / ppk2RateHz;
const amps = { waiting: 3.1e-3, computing: 24.7e-3 };

interface Edge {
  nanos: number;
  high: boolean;
}

/** The chip's supply: more current from each odd fall of the marker to the next even one. */
class ChipScene implements Scene {
  readonly edges: Edge[] = [];
  startNanos = 0;
  now: () => number = () => 0;

  begin(): void {
    this.startNanos = this.now();
    this.edges.splice(0, this.edges.length, { nanos: this.startNanos, high: this.edges.at(-1)?.high ?? true });
  }

  /** Falls of the pin since the recording began, in the chip's time. */
  falls(): number[] {
    return this.edges.filter((e, i) => i > 0 && !e.high && this.edges[i - 1].high).map((e) => e.nanos);
  }

  count(): number {
    return Math.floor((this.now() - this.startNanos) / sampleNanos) + 1;
  }

  at(sample: number) {
    const nanos = this.startNanos + sample * sampleNanos;
    const high = this.edges.findLast((e) => e.nanos <= nanos)?.high ?? true;
    const computing = this.falls().filter((fall) => fall <= nanos).length % 2 === 1;
    return { amps: computing ? amps.computing : amps.waiting, high };
  }
}

describe('energy of the emulated Pico', () => {
  it('finds the windows that the chip really had, within a sample, and their energy within 1 %', async () => {
    const board = loadBoard('pico');
    const load = (file: string) => readFileSync(join(packageRoot, 'models', 'digits', file));
    const calibration = { array: readNpy(load('calib_x.npy'), 'calib_x.npy'), path: 'calib_x.npy' };
    const options = { target: board.target, calibration, inputScale: { scale: 1 / 255, zero: 0 } };
    const pack = await room.packBytes(load('digits.onnx'), 'digits.onnx', options);
    const image = join(room.folder, 'energy.elf');
    await buildFirmware(pack.dir, board, image, { agent: { mode: 'performance' } });

    const scene = new ChipScene();
    const pico = await openRp2040(board, image, {
      onPin: (pin, high, nanos) => pin === markerPin && scene.edges.push({ nanos, high }),
    });
    scene.now = pico.nanos;
    const device = await openLinkDevice(pico.link, board, 'emulated', { timeoutMs: 10_000, helloTimeoutMs: 30_000 });
    await device.write(pack.manifest.inputs[0].offset, new Uint8Array(pack.manifest.inputs[0].bytes));
    const { near, far } = memoryLink('emulated PPK2');
    new Ppk2Emulator(far, { scene, pull: true });
    const meter = await openPpk2(near, { mode: 'source', millivolt: 3300, source: 'emulated' });
    const run = { windows: 3, inferencesPerWindow: 4, marker: 0, idle: false, gapMs: 5 };
    const { report, trace, broken } = await measureEnergy(device, meter, run);
    if (!report || !trace) throw broken;

    expect([report.source, report.windowsBy, report.lostSamples]).toEqual(['emulated', 'marker', 0]);
    const truth = scene.falls();
    expect(truth).toHaveLength(2 * run.windows);
    const found = fallingEdges(trace.digital ?? new Uint8Array(), 0);
    expect(found).toHaveLength(truth.length);
    expect(markerWindows(trace, 0, run.windows).windows.flatMap((w) => [w.from, w.to])).toEqual(found);
    found.forEach((at, i) => {
      expect(Math.abs(at - (truth[i] - scene.startNanos) / sampleNanos), `edge ${i}`).toBeLessThanOrEqual(1);
    });
    const seconds = report.windows.map((_, i) => (truth[2 * i + 1] - truth[2 * i]) / 1e9);
    report.windows.forEach((window, i) => {
      expect(window.seconds).toBeGreaterThan(1e-3);
      expect(Math.abs(window.seconds - seconds[i])).toBeLessThanOrEqual(1 / ppk2RateHz);
      expect(Math.abs(window.joules / (amps.computing * 3.3 * seconds[i]) - 1)).toBeLessThan(0.01);
    });
    const perInference = (amps.computing * 3.3 * seconds[0]) / run.inferencesPerWindow;
    expect(Math.abs(report.perInference.median / perInference - 1)).toBeLessThan(0.01);
    await meter.close();
    await device.close();
  });
});

describe('emulated PPK2', () => {
  it('is refused where there is no emulated Pico', async () => {
    await expect(openEmulatedPpk2(loadBoard('virtual-m4'), 'none.elf', 3300)).rejects.toMatchObject({
      code: 'meter.emulated',
    });
  });
});
