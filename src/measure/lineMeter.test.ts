// SPDX-License-Identifier: Apache-2.0
// The line meter's driver against an emulated microcontroller that prints lines, written from the format's description.
import { describe, expect, it } from 'vitest';
import { memoryLink } from '../link/memoryLink.js';
import { fallingEdges, noise, type Segment, segmentScene, trueCharge } from './emulated/scene.js';
import { windowEnergy } from './energy.js';
import { usualColumns } from './lineMeter.js';
import { openLineMeter } from './lineMeterLink.js';
import { type LineMeterEmulatorOptions, playLines } from './testing/lineMeterEmulator.js';
import type { Trace } from './trace.js';
import { markerWindows } from './windows.js';

const rateHz = 1000;
const pulse: Segment = { samples: 1, amps: 2e-3, low: true };
const idle: Segment = { samples: 300, amps: 0.9e-3 };
const work: Segment[] = [
  { samples: 800, amps: 8.31e-3 },
  { samples: 1, amps: 0.15 },
  { samples: 1200, amps: 23.4e-3 },
];
const segments = [idle, pulse, idle, pulse, ...work, pulse, idle, pulse, ...work, pulse, idle];

async function record(options: Partial<LineMeterEmulatorOptions> = {}): Promise<Trace> {
  const { near, far } = memoryLink('lines');
  const play = (scene: Segment[], more: Partial<LineMeterEmulatorOptions>, firstSample: number) =>
    playLines(far, {
      scene: segmentScene(scene),
      firstSample,
      rateHz,
      volts: 3.21,
      format: 'csv',
      ...(options.format && { format: options.format }),
      ...more,
    });
  const { columns } = options;
  play([{ samples: 50, amps: 1e-3 }], columns ? { columns } : {}, 0);
  const map = columns
    ? { timeUs: columns.time, currentA: columns.current, voltageV: columns.voltage, marker: columns.marker }
    : usualColumns;
  const meter = await openLineMeter(near, { columns: map, source: 'emulated' });
  await meter.start();
  play(segments, options, 50);
  const trace = await meter.stop();
  await meter.close();
  return trace;
}

function holds(trace: Trace, tolerance = 0.01): void {
  const scene = segmentScene(segments);
  const { windows } = markerWindows(trace, 0, 2);
  expect(windows.flatMap((w) => [w.from, w.to])).toEqual(fallingEdges(scene).slice(-4));
  for (const window of windows) {
    const truth = trueCharge(scene, window.from, window.to, rateHz) * 3.21;
    expect(Math.abs(windowEnergy(trace, window).joules / truth - 1)).toBeLessThan(tolerance);
  }
}

const columns = { time: 'micros', current: 'amp', voltage: 'volt', marker: 'pin' };

describe('line meter by its format', () => {
  it.each<[string, Partial<LineMeterEmulatorOptions>]>([
    ['CSV', { format: 'csv' }],
    ['JSON lines', { format: 'json' }],
    ['columns of other names', { format: 'csv', columns }],
    ['JSON of other names, in single bytes', { format: 'json', columns, pieces: [1] }],
  ])('%s: windows to the sample, energy within 1 %%', async (_, options) => {
    const trace = await record(options);
    expect([trace.currentA.length, trace.lostSamples]).toEqual([segmentScene(segments).count(), 0]);
    expect(trace.rateHz).toBeCloseTo(rateHz, 3);
    holds(trace);
  });

  it('takes times that jitter by a fifth of the interval', async () => {
    const random = noise(5);
    const trace = await record({ jitter: () => (random() - 0.5) * 0.4 });
    expect(trace.lostSamples).toBe(0);
    holds(trace);
  });

  it('reports gaps in their place and length', async () => {
    const lose = [
      { at: 100, count: 1 },
      { at: 900, count: 37 },
      { at: 3200, count: 2 },
    ];
    const trace = await record({ lose });
    expect(trace.lostSamples).toBe(40);
    expect(trace.currentA.length).toBe(segmentScene(segments).count());
    for (const { at, count } of lose)
      expect([at - 1, at, at + count - 1, at + count].map((i) => Number.isNaN(trace.currentA[i]))).toEqual([
        false,
        true,
        true,
        false,
      ]);
    holds(trace);
  });

  it('survives hostile lines and counts them', async () => {
    const hostile = [
      { at: 10, text: 'nonsense\n' },
      { at: 20, text: '{"t_us":1e999,"current_A":null}\n' },
      { at: 30, text: `${'9'.repeat(100_000)}\n` },
      { at: 40, text: '{"__proto__":{"t_us":1}}\n[]\n{\n' },
      { at: 50, text: '\u0000,\u0001,,,\n' },
      { at: 60, text: '# a comment\n\n' },
    ];
    const trace = await record({ hostile });
    expect(trace.notes).toEqual(['7 lines were not understood']);
    holds(trace);
  });

  it('keeps what came before the plug was pulled; silence and times that run back are named', async () => {
    const trace = await record({ unplugAfter: 777 });
    expect([trace.currentA.length, trace.brokenOff]).toEqual([777, 'unplugged']);
    const { near } = memoryLink('lines');
    const opening = openLineMeter(near, { columns: usualColumns, source: 'emulated' });
    await expect(opening).rejects.toMatchObject({ code: 'meter.silent' });
    const back = record({ hostile: [{ at: 500, text: '17,0.001,3.2,1\n' }] });
    await expect(back).rejects.toMatchObject({ code: 'meter.broken' });
  });
});
