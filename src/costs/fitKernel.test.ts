// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Cost, predictInstructions } from '../ops/variants/choose.js';
import { byShape, type Counted, fitKernel, ratioTo, rootMeanSquare, scaledCost } from './fitKernel.js';

const known: Cost = { perCall: 500, perPixel: 30, perOutput: 40, perMac: 3 };

const works = fc.array(
  fc.record({
    pixels: fc.integer({ min: 1, max: 500 }),
    channels: fc.integer({ min: 1, max: 64 }),
    taps: fc.integer({ min: 1, max: 600 }),
  }),
  { minLength: 2, maxLength: 12 },
);

const countedBy = (cost: Cost, list: { pixels: number; channels: number; taps: number }[]): Counted[] =>
  list.map(({ pixels, channels, taps }) => {
    const work = { pixels, outputs: pixels * channels, macs: pixels * channels * taps };
    return { work, count: predictInstructions(cost, work) };
  });

const cost = fc.record({
  perCall: fc.integer({ min: 100, max: 2000 }),
  perPixel: fc.integer({ min: 10, max: 100 }),
  perOutput: fc.integer({ min: 10, max: 100 }),
  perMac: fc.integer({ min: 1, max: 10 }),
});

describe('fitKernel', () => {
  it('finds the ratio of counts that are a multiple of what is known, and errs nowhere', () => {
    fc.assert(
      fc.property(works, fc.double({ min: 0.2, max: 9, noNaN: true }), (list, ratio) => {
        const samples = countedBy(scaledCost(known, ratio), list);
        const fitted = fitKernel(samples, known);
        expect(fitted?.how).toBe('ratio');
        expect(fitted?.cost.perMac).toBeCloseTo(known.perMac * ratio, 6);
        expect(rootMeanSquare(fitted?.errors ?? [])).toBeLessThan(1e-9);
        expect(ratioTo(known, samples)).toBeCloseTo(ratio, 6);
      }),
      { numRuns: 50 },
    );
  });

  it('gives rows without a negative term, and says its errors as they are on shapes left out', () => {
    fc.assert(
      fc.property(works, cost, (list, truth) => {
        const samples = countedBy(truth, list);
        const fitted = fitKernel(samples, known);
        if (!fitted) throw new Error('no row');
        for (const term of Object.values(fitted.cost)) expect(term).toBeGreaterThanOrEqual(0);
        const several = byShape(samples).length > 1;
        expect(fitted.errors).toHaveLength(several ? samples.length : 0);
        for (const { error } of fitted.errors) expect(error).toBeGreaterThanOrEqual(-1);
      }),
      { numRuns: 50 },
    );
  });

  it('bends the row where that predicts what was left out, and then beats the ratio', () => {
    // Twice the MACs' share, half of the outputs': no one ratio says both.
    const truth: Cost = { perCall: 500, perPixel: 30, perOutput: 20, perMac: 6 };
    const list = [1, 2, 4, 8, 16, 32, 64, 128].map((taps, i) => ({ pixels: 100 + 7 * i, channels: 16, taps }));
    const samples = countedBy(truth, list);
    const fitted = fitKernel(samples, known);
    expect(fitted?.how).toBe('fit');
    const ratio = ratioTo(known, samples) as number;
    const errorOf = (row: Cost): number =>
      rootMeanSquare(samples.map(({ work, count }) => ({ error: predictInstructions(row, work) / count - 1, count })));
    expect(errorOf(fitted?.cost as Cost)).toBeLessThan(0.5 * errorOf(scaledCost(known, ratio)));
  });

  it('leaves out whole shapes: ten samples of one shape say nothing about another', () => {
    const [one] = countedBy(known, [{ pixels: 5, channels: 8, taps: 9 }]);
    const fitted = fitKernel(
      Array.from({ length: 10 }, () => one),
      known,
    );
    expect(fitted?.errors).toEqual([]);
  });
});
