// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GraphBuilder } from '../passes/testing/graphBuilder.js';
import { collectRanges, collectStatistics } from './calibrate.js';
import { clipForError, clipForPercentile, type Histogram, histogramBins, quantizationError } from './histogram.js';
import type { Range } from './range.js';
import { evaluateRunner } from './runner.js';

function histogramOf(values: number[]): Histogram {
  const [min, max] = [Math.min(...values), Math.max(...values)];
  const counts = new Float64Array(histogramBins);
  for (const v of values) counts[Math.min(histogramBins - 1, Math.floor(((v - min) / (max - min)) * histogramBins))]++;
  return { min, max, counts };
}

/** Bin by bin, in the order of bins. */
function slowError(h: Histogram, range: Range): number {
  const [low, high] = [Math.min(0, range.min), Math.max(0, range.max)];
  const scale = (high - low) / 255;
  if (!(scale > 0)) return Number.POSITIVE_INFINITY;
  const zero = Math.round(-low / scale);
  const width = (h.max - h.min) / h.counts.length;
  return h.counts.reduce((error, count, bin) => {
    const v = h.min + ((bin + 0.5) * (h.max - h.min)) / h.counts.length;
    if (count === 0 || Math.abs(v) <= width / 2) return error;
    const step = Math.round(v / scale) + zero;
    const held = Math.min(255, Math.max(0, step));
    return error + count * (held === step ? (scale * scale) / 12 : (v - scale * (held - zero)) ** 2);
  }, 0);
}

/** Every end that clipForError may try. */
function slowClip(h: Histogram): Range {
  let best: Range = { min: h.min, max: h.max };
  const tryAll = (rangeOf: (share: number) => Range): void => {
    for (let i = 0; i <= 90; i++) {
      const range = rangeOf(1 - i / 100);
      if (slowError(h, range) < slowError(h, best)) best = range;
    }
  };
  tryAll((s) => ({ min: h.min * s, max: h.max * s }));
  const { min } = best;
  tryAll((s) => ({ min: min * s, max: best.max }));
  const low = best.min;
  tryAll((s) => ({ min: low, max: h.max * s }));
  return best;
}

const uniform = (low: number, high: number, n = 20000): number[] =>
  Array.from({ length: n }, (_, i) => low + ((high - low) * i) / (n - 1));

describe('histogram', () => {
  it('clips one outlier in twenty thousand by percentile, at the side where it is', () => {
    const clipped = clipForPercentile(histogramOf([...uniform(0, 1), 10]), 99.99);
    expect(clipped.min).toBe(0);
    expect(clipped.max).toBeGreaterThan(0.99);
    expect(clipped.max).toBeLessThan(1.02);
    const below = clipForPercentile(histogramOf([...uniform(-1, 1), -30]), 99.98);
    expect(below.min).toBeGreaterThan(-1.05);
    expect(below.max).toBeGreaterThan(0.97);
  });

  it('keeps a uniform range, and clips a long tail on its own side only, for the least error', () => {
    const even = clipForError(histogramOf(uniform(-1, 2)));
    expect(even.min).toBeCloseTo(-1, 1);
    expect(even.max).toBeCloseTo(2, 1);
    const long = { min: -1, max: 20, counts: new Float64Array(histogramBins) };
    long.counts.forEach((_, bin) => {
      const v = -1 + (bin * 21) / histogramBins;
      long.counts[bin] = v < 0 ? 1e5 : 1e5 * Math.exp(-2 * v);
    });
    const tail = clipForError(long);
    expect(tail.min).toBeLessThan(-0.9);
    expect(tail.max).toBeLessThan(8);
  });

  it('never errs more than the full range, for any counts', () => {
    const counts = fc.array(fc.nat(50), { minLength: 16, maxLength: 64 });
    fc.assert(
      fc.property(
        counts,
        fc.double({ min: -5, max: 0, noNaN: true }),
        fc.double({ min: 0.1, max: 5, noNaN: true }),
        (c, min, max) => {
          const h = { min, max, counts: Float64Array.from(c) };
          const clipped = clipForError(h);
          expect(clipped.min).toBeGreaterThanOrEqual(min);
          expect(clipped.max).toBeLessThanOrEqual(max);
          expect(quantizationError(h, clipped)).toBeLessThanOrEqual(quantizationError(h, h));
        },
      ),
      { verbose: true },
    );
  });
});

describe('clipping for the least error', () => {
  const ends = fc.tuple(fc.double({ min: -5, max: 5, noNaN: true }), fc.double({ min: -5, max: 5, noNaN: true }));
  const counts = fc.array(fc.oneof(fc.constant(0), fc.nat(500)), { minLength: 16, maxLength: 128 });

  it('is to the bit what trying all ends, bin by bin, finds: on both sides of zero or one', () => {
    fc.assert(
      fc.property(ends, fc.constantFrom('any', 'relu', 'negative'), counts, ([a, b], side, list) => {
        const [low, high] = [Math.min(a, b), Math.max(a, b)];
        const min = side === 'relu' ? 0 : low;
        const max = side === 'negative' ? 0 : Math.max(high, min);
        const h = { min: Math.min(min, max), max, counts: Float64Array.from(list) };
        const clipped = clipForError(h);
        expect([clipped.min, clipped.max]).toEqual([slowClip(h).min, slowClip(h).max]);
        expect(quantizationError(h, clipped)).toBe(slowError(h, clipped));
      }),
      { numRuns: 60 },
    );
  });
});

function doubling() {
  const b = new GraphBuilder();
  const x = b.input([1, 2]);
  const y = b.op('add', [x, x]);
  return { graph: b.build(y), x, y };
}

describe('collectRanges', () => {
  it('sees inputs and every activation', async () => {
    const { graph, x, y } = doubling();
    const samples = [[Float32Array.of(1, -2)], [Float32Array.of(3, 0)]];
    const ranges = await collectRanges(graph, samples, evaluateRunner(graph), 'minmax');
    expect(ranges.get(x)).toEqual({ min: -2, max: 3 });
    expect(ranges.get(y)).toEqual({ min: -4, max: 6 });
    const { means } = await collectStatistics(graph, samples, evaluateRunner(graph));
    expect(means.get(x)).toEqual(Float64Array.of(2, -1));
  });

  it('takes constant data, and refuses none, wrong sizes and what is no number', async () => {
    const { graph, y } = doubling();
    const runner = evaluateRunner(graph);
    for (const method of ['minmax', 'percentile', 'mse'] as const) {
      const ranges = await collectRanges(graph, [[Float32Array.of(0, 0)]], runner, method);
      expect(ranges.get(y)).toEqual({ min: 0, max: 0 });
      const seven = await collectRanges(graph, [[Float32Array.of(7, 7)]], runner, method);
      expect(seven.get(y)?.max).toBe(14);
      await expect(collectRanges(graph, [], runner, method)).rejects.toThrow('holds no sample');
      await expect(collectRanges(graph, [[Float32Array.of(1)]], runner, method)).rejects.toThrow('takes 2');
      await expect(collectRanges(graph, [[Float32Array.of(1, Number.NaN)]], runner, method)).rejects.toThrow(
        'not a number',
      );
    }
  });
});
