// SPDX-License-Identifier: Apache-2.0
// The PPK2 driver against an emulated PPK2 that was written from the protocol's description.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { memoryLink } from '../link/memoryLink.js';
import { emulatedCal, Ppk2Emulator, type Ppk2Options, ppk2RateHz, rangeFor } from './emulated/ppk2Emulator.js';
import { fallingEdges, type Segment, segmentScene, trueCharge } from './emulated/scene.js';
import { energyReport, windowEnergy } from './energy.js';
import type { Meter } from './meter.js';
import { openPpk2 } from './ppk2.js';
import { CalibrationError, parseCalibration } from './ppk2Calibration.js';
import { Ppk2Stream } from './ppk2Stream.js';
import type { Trace } from './trace.js';
import { markerWindows } from './windows.js';

const volt = 3.3;
const idle: Segment = { samples: 3000, amps: 21e-6 };
const pulse = (amps: number): Segment => ({ samples: 12, amps, low: true });

/** A window through all five ranges, with spikes of one and of twenty samples. */
const work: Segment[] = [
  { samples: 4000, amps: 310e-6 },
  { samples: 6000, amps: 2.7e-3 },
  { samples: 1, amps: 0.4 },
  { samples: 8000, amps: 11.3e-3 },
  { samples: 20, amps: 0.31 },
  { samples: 3000, amps: 38e-6 },
  { samples: 5000, amps: 24e-3 },
  { samples: 2500, amps: 0.12 },
];
const windowOf = (...inside: Segment[]): Segment[] => [pulse(1e-3), ...inside, pulse(1e-3), idle];
const segments = [idle, pulse(1e-3), idle, ...windowOf(...work), ...windowOf(...work, ...work)];

function connect(options: Partial<Ppk2Options> = {}): { open: () => Promise<Meter>; emulator: Ppk2Emulator } {
  const { near, far } = memoryLink('emulated PPK2');
  const emulator = new Ppk2Emulator(far, { scene: segmentScene(segments), ...options });
  return { emulator, open: () => openPpk2(near, { mode: 'source', millivolt: 3300, source: 'emulated' }) };
}

async function record(options: Partial<Ppk2Options> = {}): Promise<{ trace: Trace; emulator: Ppk2Emulator }> {
  const { emulator, open } = connect(options);
  const meter = await open();
  await meter.start();
  await emulator.finished;
  const trace = await meter.stop();
  await meter.close();
  return { trace, emulator };
}

function trueJoules(from: number, to: number): number {
  return trueCharge(segmentScene(segments), from, to, ppk2RateHz) * volt;
}

describe('PPK2 by its protocol', () => {
  it('finds both windows to the sample and their energy within 1 %, over all five ranges', async () => {
    expect(new Set(work.map((s) => rangeFor(s.amps)))).toEqual(new Set([0, 1, 2, 3, 4]));
    const { trace, emulator } = await record();
    expect([emulator.supplyMillivolts, emulator.mode, emulator.powered]).toEqual([3300, 'source', true]);
    expect(emulator.unknown).toEqual([]);
    expect(emulator.commands.at(-1)).toEqual([0x07]);
    const scene = segmentScene(segments);
    expect(trace.currentA.length).toBe(scene.count());
    expect([trace.lostSamples, trace.brokenOff]).toEqual([0, undefined]);
    const found = markerWindows(trace, 0, 2);
    const edges = fallingEdges(scene).slice(-4);
    expect(found.windows.flatMap((w) => [w.from, w.to])).toEqual(edges);
    for (const { from, to } of found.windows)
      expect(Math.abs(windowEnergy(trace, { from, to }).joules / trueJoules(from, to) - 1)).toBeLessThan(0.01);
  });

  it('holds each range by itself within 1 %', async () => {
    for (const amps of [38e-6, 310e-6, 2.7e-3, 24e-3, 0.12]) {
      const { trace } = await record({ scene: segmentScene([{ samples: 5000, amps }]) });
      const mean = trace.currentA.reduce((sum, v) => sum + v, 0) / trace.currentA.length;
      expect(Math.abs(mean / amps - 1), `${amps} A`).toBeLessThan(0.01);
    }
  });

  it('reports lost samples as exactly as many, in their place', async () => {
    const lose = [
      { at: 700, count: 1 },
      { at: 9000, count: 63 },
      { at: 30_000, count: 17 },
    ];
    const { trace } = await record({ lose, pieces: [4093] });
    const scene = segmentScene(segments);
    expect(trace.lostSamples).toBe(81);
    expect(trace.currentA.length).toBe(scene.count());
    for (let i = 0; i < scene.count(); i++) {
      const lost = lose.some((gap) => i >= gap.at && i < gap.at + gap.count);
      if (Number.isNaN(trace.currentA[i]) !== lost) expect.fail(`sample ${i}: lost is ${!lost}`);
    }
    const found = markerWindows(trace, 0, 2);
    expect(windowEnergy(trace, found.windows[0]).lostSamples).toBe(80);
    const report = energyReport(trace, found, { inferencesPerWindow: 10 });
    expect(report.lostSamples).toBe(81);
    const { from, to } = found.windows[0];
    expect(Math.abs(report.windows[0].joules / trueJoules(from, to) - 1)).toBeLessThan(0.01);
  });

  it('is the same trace however the stream is cut', async () => {
    const short = [{ samples: 500, amps: 1e-5 }, ...windowOf({ samples: 700, amps: 0.02 })];
    const whole = await record({ scene: segmentScene(short), pieces: [65_536] });
    for (const pieces of [[1], [3], [4097], [5, 64, 1, 511]]) {
      const { trace } = await record({ scene: segmentScene(short), pieces });
      expect(trace).toEqual(whole.trace);
    }
  });

  it('is not led astray by samples of an earlier recording', async () => {
    for (const staleBytes of [1, 6, 4099, 100_000]) {
      const { trace } = await record({ staleBytes, scene: segmentScene([idle]) });
      expect([trace.currentA.length, trace.lostSamples]).toEqual([idle.samples, 0]);
    }
  });

  it('keeps what came before the plug was pulled', async () => {
    const { trace } = await record({ unplugAfter: 20_001 });
    expect(trace.currentA.length).toBe(20_001);
    expect(trace.brokenOff).toBe('unplugged');
  });

  it('says that a meter is silent', async () => {
    await expect(connect({ silent: 'metadata' }).open()).rejects.toMatchObject({ code: 'meter.silent' });
  });

  it('a stream that never starts is an empty trace', async () => {
    const { open } = connect({ silent: 'stream' });
    const meter = await open();
    await meter.start();
    const trace = await meter.stop();
    expect([trace.currentA.length, trace.lostSamples]).toEqual([0, 0]);
    expect(() => markerWindows(trace, 0, 1)).toThrow();
  });

  it('refuses a damaged calibration', async () => {
    const damages: ((text: string) => string)[] = [
      (text) => text.replace(/^R2: .*$/m, 'R2: 1.0E7'),
      (text) => text.replace(/^R0: .*$/m, 'R0: -1003.3'),
      (text) => text.replace(/^GI3: .*$/m, 'GI3: 1.0$87'),
      (text) => text.replace(/^O1: .*$/m, 'O1: inf'),
      (text) => text.replace(/: /g, '= '),
      (text) => text.replace(/^UG4: .*$/m, 'UG4: 3e30'),
      (text) => text.replace(/^GI2: .*$/m, 'GI2: 250'),
      (text) => text.replace(/^UG1: .*$/m, 'UG1: -1'),
      (text) => text.replace(/^I3: .*$/m, 'I3: 40'),
    ];
    for (const metadata of damages)
      await expect(connect({ metadata }).open(), metadata('')).rejects.toMatchObject({ code: 'meter.broken' });
  });

  it('takes -nan for absent and R = 0 for the nominal shunt', () => {
    const calibration = parseCalibration('Calibrated: 1\nR0: 0.0000\nR1: 100\nGS1: -nan\nS2: nan\nHW: 9173\n');
    expect([calibration.r[0], calibration.r[1]]).toEqual([1031.64, 100]);
    expect([calibration.gs[1], calibration.s[2], calibration.gi[4]]).toEqual([1, 0, 1]);
  });

  it('survives any metadata text', () => {
    const line = fc.oneof(
      fc.string(),
      fc.tuple(fc.constantFrom('R0', 'GS1', 'UG4', 'VDD', 'HW', '__proto__'), fc.string()).map((p) => p.join(': ')),
    );
    fc.assert(
      fc.property(fc.array(line), (lines) => {
        try {
          const c = parseCalibration(lines.join('\n'));
          for (const list of [c.r, c.gs, c.gi, c.ug, c.o, c.s, c.i]) expect(list.every(Number.isFinite)).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(CalibrationError);
        }
      }),
    );
  });

  it('a counter that stands still is said, and does not fill the memory', () => {
    const stream = new Ppk2Stream(parseCalibration('Calibrated: 1\n'), volt);
    const bytes = new Uint8Array(4 * 10_000).fill(0x21);
    stream.take(bytes);
    expect(stream.stuckSamples).toBeGreaterThan(9000);
    expect(stream.trace.count).toBeLessThan(11_000);
  });

  it("a calibration that is another meter's gives other figures: each coefficient counts", async () => {
    const cal = { ...emulatedCal, UG: emulatedCal.UG.map((g) => g * 1.1) };
    const scene = segmentScene([{ samples: 3000, amps: 0.02 }]);
    const metadata = (text: string) => text.replace(/^UG3: .*$/m, 'UG3: 1.0');
    const { trace } = await record({ cal, scene, metadata });
    const mean = trace.currentA.reduce((sum, v) => sum + v, 0) / trace.currentA.length;
    expect(Math.abs(mean / 0.02 - 1)).toBeGreaterThan(0.05);
  });
});
