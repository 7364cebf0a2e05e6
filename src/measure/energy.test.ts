// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { energyReport, windowEnergy } from './energy.js';
import type { Trace } from './trace.js';
import { fallingEdges, markerWindows, patternWindows } from './windows.js';

const idleA = 0.008;
const volt = 3.3;

interface Scene {
  rateHz: number;
  /** Samples of each window and between them. */
  windowSamples: number;
  gapSamples: number;
  windows: number;
  activeA: number;
  noiseA: number;
  seed: number;
}

function noise(seed: number): () => number {
  let state = seed >>> 0 || 1;
  const uniform = () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
  return () => uniform() + uniform() + uniform() + uniform() - 2; // variance 1/3
}

/** Runs between waits; the marker falls at each end of a run for two samples. */
function sceneTrace(s: Scene): Trace {
  const period = s.windowSamples + s.gapSamples;
  const count = s.gapSamples + s.windows * period;
  const random = noise(s.seed);
  const currentA = new Float32Array(count);
  const digital = new Uint8Array(count).fill(0xff);
  for (let i = 0; i < count; i++) {
    const at = (i - s.gapSamples) % period;
    const inside = i >= s.gapSamples && at < s.windowSamples;
    currentA[i] = (inside ? s.activeA : idleA) + s.noiseA * random();
  }
  for (let w = 0; w < s.windows; w++) {
    const from = s.gapSamples + w * period;
    for (const edge of [from, from + s.windowSamples]) digital.fill(0xfb, edge, edge + 2);
  }
  return {
    meter: 'test',
    source: 'emulated',
    rateHz: s.rateHz,
    currentA,
    voltageV: volt,
    digital,
    lostSamples: 0,
    notes: [],
  };
}

const scene = fc.record({
  rateHz: fc.constantFrom(1000, 10_000, 100_000),
  windowSamples: fc.integer({ min: 50, max: 900 }),
  gapSamples: fc.integer({ min: 30, max: 400 }),
  windows: fc.integer({ min: 1, max: 6 }),
  activeA: fc.double({ min: 0.012, max: 0.3, noNaN: true }),
  noiseA: fc.constantFrom(0, 0.0005, 0.002),
  seed: fc.integer({ min: 1, max: 2 ** 31 }),
});

const truthJ = (s: Scene) => (s.activeA * volt * s.windowSamples) / s.rateHz;
const relative = (got: number, truth: number) => Math.abs(got / truth - 1);

describe('windows and energy', () => {
  it('finds windows by the marker to the sample', () => {
    fc.assert(
      fc.property(scene, (s) => {
        const trace = sceneTrace(s);
        const found = markerWindows(trace, 2, s.windows);
        found.windows.forEach((w, i) => {
          const from = s.gapSamples + i * (s.windowSamples + s.gapSamples);
          expect(w).toEqual({ from, to: from + s.windowSamples });
        });
        const report = energyReport(trace, found, { inferencesPerWindow: 4 });
        const noiseShare = (s.noiseA / s.activeA / Math.sqrt(s.windowSamples)) * 4;
        expect(relative(report.perInference.median * 4, truthJ(s))).toBeLessThan(1e-5 + noiseShare);
      }),
      { verbose: true },
    );
  });

  it('finds windows without a marker, within the uncertainty that it states', () => {
    fc.assert(
      fc.property(scene, fc.double({ min: 0.99, max: 1.01, noNaN: true }), (s, clock) => {
        const trace = sceneTrace(s);
        const period = s.windowSamples + s.gapSamples;
        // What the board's own clock, off by up to a percent, says.
        const pattern = Array.from({ length: s.windows }, (_, i) => ({
          startS: 5 + (clock * i * period) / s.rateHz,
          endS: 5 + (clock * (i * period + s.windowSamples)) / s.rateHz,
        }));
        const found = patternWindows({ ...trace, digital: undefined }, pattern);
        found.windows.forEach((w, i) => {
          const from = s.gapSamples + i * period;
          expect(Math.abs(w.from - from)).toBeLessThanOrEqual(3 * found.edgeSamples + 1);
          expect(Math.abs(w.to - from - s.windowSamples)).toBeLessThanOrEqual(3 * found.edgeSamples + 1);
        });
      }),
      { numRuns: 40, verbose: true },
    );
  });

  it('takes an initialising pulse, refuses other numbers of edges and a meter without inputs', () => {
    const trace = sceneTrace({
      rateHz: 1000,
      windowSamples: 50,
      gapSamples: 30,
      windows: 2,
      activeA: 0.1,
      noiseA: 0,
      seed: 1,
    });
    trace.digital?.fill(0, 3, 5);
    expect(fallingEdges(trace.digital ?? new Uint8Array(), 2)).toHaveLength(5);
    expect(markerWindows(trace, 2, 2).windows[0].from).toBe(30);
    expect(() => markerWindows(trace, 2, 1)).toThrow(/fell 5 times, 2 were expected/);
    expect(() => markerWindows(trace, 1, 2)).toThrow(/fell 1 times/);
    expect(() => markerWindows({ ...trace, digital: undefined }, 2, 2)).toThrow(/no digital input/);
  });

  it('refuses a trace in which nothing rises', () => {
    const trace = sceneTrace({
      rateHz: 1000,
      windowSamples: 50,
      gapSamples: 30,
      windows: 2,
      activeA: 0.1,
      noiseA: 0,
      seed: 1,
    });
    trace.currentA.fill(0.01);
    const pattern = [
      { startS: 0, endS: 0.05 },
      { startS: 0.08, endS: 0.13 },
    ];
    expect(() => patternWindows(trace, pattern)).toThrow(/does not rise/);
    expect(() => patternWindows({ ...trace, currentA: trace.currentA.slice(0, 60) }, pattern)).toThrow(
      /shorter than the runs/,
    );
  });

  it('takes idle power off only when asked, and lost samples at the mean of the others', () => {
    const s: Scene = { rateHz: 1000, windowSamples: 100, gapSamples: 50, windows: 3, activeA: 0.1, noiseA: 0, seed: 1 };
    const trace = sceneTrace(s);
    const found = markerWindows(trace, 2, 3);
    expect(energyReport(trace, found, { inferencesPerWindow: 1 }).netJ).toBeNull();
    const net = energyReport(trace, found, { inferencesPerWindow: 1, idle: { from: 0, to: 50 } });
    expect(net.idleW).toBeCloseTo(idleA * volt, 8);
    expect(net.netJ).toBeCloseTo((0.1 - idleA) * volt * 0.1, 8);
    trace.currentA.fill(Number.NaN, 60, 80);
    const lost = windowEnergy(trace, found.windows[0]);
    expect(lost.lostSamples).toBe(20);
    expect(lost.joules).toBeCloseTo(truthJ(s), 8);
    const holed = energyReport(trace, found, { inferencesPerWindow: 1 });
    expect(holed.uncertaintyJ).toBeGreaterThan(net.uncertaintyJ);
  });
});
