// SPDX-License-Identifier: Apache-2.0
// The LPM01A driver against an emulated LPM01A that was written from the description of its commands.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { memoryLink } from '../link/memoryLink.js';
import { fallingEdges, type Segment, segmentScene, trueCharge } from './emulated/scene.js';
import { windowEnergy } from './energy.js';
import { openLpm01a } from './lpm01a.js';
import { eventInput, LpmText } from './lpm01aText.js';
import { Lpm01aEmulator, type Lpm01aOptions } from './testing/lpm01aEmulator.js';
import type { Trace } from './trace.js';
import { markerWindows } from './windows.js';

const rateHz = 5000;
const volt = 3.3;
const pulse: Segment = { samples: 2, amps: 2e-3, low: true };
const idle: Segment = { samples: 2400, amps: 1.37e-6 };
const work: Segment[] = [
  { samples: 1500, amps: 8.31e-3 },
  { samples: 1, amps: 49e-3 },
  { samples: 700, amps: 120e-6 },
  { samples: 900, amps: 23.4e-3 },
];
const segments = [idle, pulse, idle, pulse, ...work, pulse, idle, pulse, ...work, ...work, pulse, idle];

function connect(options: Partial<Lpm01aOptions>) {
  const { near, far } = memoryLink('emulated LPM01A');
  const emulator = new Lpm01aEmulator(far, { scene: segmentScene(segments), ...options });
  return { emulator, open: () => openLpm01a(near, { millivolt: 3300, rateHz, source: 'emulated' }) };
}

async function record(options: Partial<Lpm01aOptions> = {}): Promise<{ trace: Trace; emulator: Lpm01aEmulator }> {
  const { emulator, open } = connect(options);
  const meter = await open();
  await meter.start();
  await emulator.finished;
  const trace = await meter.stop();
  await meter.close();
  return { trace, emulator };
}

describe('LPM01A by its commands', () => {
  it.each([
    ['lines of whole tokens', {}],
    ['tokens cut by line ends', { lineCharacters: 61 }],
    ['text in single bytes', { pieces: [1], lineCharacters: 17 }],
  ])('%s: windows to the sample, energy within 1 %%', async (_, options) => {
    const { trace, emulator } = await record(options);
    expect(emulator.refused).toEqual([]);
    expect(emulator.volts).toBeCloseTo(volt, 9);
    expect([emulator.rateHz, emulator.powered]).toEqual([rateHz, true]);
    expect(emulator.commands.slice(-3)).toEqual(['start', 'stop', 'hrc']);
    const scene = segmentScene(segments);
    expect([trace.currentA.length, trace.lostSamples, trace.notes]).toEqual([scene.count(), 0, []]);
    const found = markerWindows(trace, eventInput, 2);
    expect(found.windows.flatMap((w) => [w.from, w.to])).toEqual(fallingEdges(scene).slice(-4));
    for (const { from, to } of found.windows) {
      const truth = trueCharge(scene, from, to, rateHz) * volt;
      expect(Math.abs(windowEnergy(trace, { from, to }).joules / truth - 1)).toBeLessThan(0.01);
    }
  });

  it('counts lost samples by the time stamps, from the first second on', async () => {
    for (const lose of [
      [{ at: 10, count: 5 }],
      [
        { at: 500, count: 137 },
        { at: 3100, count: 2700 },
      ],
    ]) {
      const { trace } = await record({ lose });
      expect(trace.lostSamples).toBe(lose.reduce((sum, gap) => sum + gap.count, 0));
      expect(trace.currentA.length).toBe(segmentScene(segments).count());
    }
  });

  it('passes over lines that are no samples, and counts them', async () => {
    const hostile = [
      { at: 500, text: 'garbage \u0000\u0001' },
      { at: 700, text: 'TimeStamp: 9s' },
      { at: 1500, text: '+++---' },
    ];
    const { trace } = await record({ noise: hostile });
    expect(trace.notes.join()).toMatch(/lines were not understood/);
    const found = markerWindows(trace, eventInput, 2);
    const [first] = found.windows;
    const [, from, to] = fallingEdges(segmentScene(segments));
    const truth = trueCharge(segmentScene(segments), from, to, rateHz) * volt;
    expect(Math.abs(windowEnergy(trace, first).joules / truth - 1)).toBeLessThan(0.01);
  });

  it('an absurd token is lost, not a current', () => {
    const text = new LpmText(rateHz);
    text.take(Buffer.from('1000-069999+991000-06\r\n'));
    const trace = text.trace.build({ meter: '', source: 'emulated', rateHz, voltageV: 3, notes: [] }, true);
    expect([...trace.currentA].map((a) => Math.round(a * 1e3))).toEqual([1, Number.NaN, 1]);
    expect(trace.lostSamples).toBe(1);
  });

  it('survives any text', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.string(), fc.stringMatching(/^[-+0-9]{0,30}\r?\n?$/))), (parts) => {
        const text = new LpmText(rateHz);
        for (const part of parts) text.take(Buffer.from(part, 'latin1'));
        const trace = text.trace.build({ meter: '', source: 'emulated', rateHz, voltageV: 3, notes: [] }, true);
        expect(trace.currentA.every((a) => Number.isNaN(a) || (a >= 0 && a <= 1))).toBe(true);
      }),
    );
  });

  it('a refused command, silence and a pulled plug are named', async () => {
    await expect(connect({ refuse: /^volt/ }).open()).rejects.toMatchObject({ code: 'meter.broken' });
    await expect(connect({ silent: true }).open()).rejects.toMatchObject({ code: 'meter.silent' });
    const { open } = connect({ refuse: /^start/ });
    const meter = await open();
    await meter.start();
    await expect(meter.stop()).rejects.toMatchObject({ code: 'meter.broken' });
    const { trace } = await record({ unplugAfter: 4567 });
    expect(trace.brokenOff).toBe('unplugged');
    expect(trace.currentA.length).toBeGreaterThan(4500);
  });
});
