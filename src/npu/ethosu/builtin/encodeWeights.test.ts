// SPDX-License-Identifier: Apache-2.0
// Streams of weights: our decoder gives back what was encoded, whatever the weights are. (Arm's decoder: test/npu.)
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeWeights } from '../weightStream.js';
import { encodeWeights } from './encodeWeights.js';
import { histogramOf, joined } from './sliceCoding.js';

const broken = (reason: string): never => {
  throw new Error(reason);
};

/** Weights of very different statistics: few values, many zeros, long runs, all of nine bits. */
const weights = fc
  .record({
    count: fc.integer({ min: 1, max: 5000 }),
    spread: fc.constantFrom(0, 1, 3, 20, 127, 255),
    zeros: fc.constantFrom(0, 0.1, 0.9, 0.999),
    seed: fc.integer({ min: 1, max: 2 ** 30 }),
  })
  .map(({ count, spread, zeros, seed }) => {
    let state = seed;
    const next = (): number => {
      state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
      return (state >> 8) / 2 ** 23;
    };
    return Int16Array.from({ length: count }, () =>
      next() < zeros ? 0 : Math.round((2 * next() - 1) * spread * next()),
    );
  });

describe('encoded weights', () => {
  it('decode to what they were', () => {
    fc.assert(
      fc.property(weights, (w) => {
        const bytes = encodeWeights(w);
        expect(bytes.length % 16).toBe(0);
        expect(decodeWeights(bytes, broken)).toEqual(w);
      }),
      { numRuns: 150 },
    );
  });

  it('may be more than a slice holds', () => {
    const w = Int16Array.from({ length: 70_000 }, (_, i) => (i < 40_000 ? (i % 3) - 1 : ((i * 7919) % 255) - 127));
    expect(decodeWeights(encodeWeights(w), broken)).toEqual(w);
  });

  it('take fewer bytes where they have structure', () => {
    const ofPadding = Int16Array.from({ length: 8192 }, (_, i) => (i % 8 === 0 ? ((i * 31) % 17) - 8 : 0));
    const threeValues = Int16Array.from({ length: 8192 }, (_, i) => ((i * 7919) % 3) * 50 - 50);
    const halves = Int16Array.from({ length: 8192 }, (_, i) => (i < 4096 ? i % 2 : ((i * 7919) % 255) - 127));
    expect(encodeWeights(ofPadding).length).toBeLessThan(1400);
    expect(encodeWeights(threeValues).length).toBeLessThan(1900);
    // The half of ones and zeros is not written as bytes with the other.
    expect(encodeWeights(halves).length).toBeLessThan(5200);
  });

  it('are counted alike, whole or in parts', () => {
    const w = Int16Array.from({ length: 2000 }, (_, i) => ((i * 31) % 7) - 3);
    const whole = histogramOf(w);
    const parts = joined(histogramOf(w.subarray(0, 900)), histogramOf(w.subarray(900)));
    expect(parts.values).toEqual(whole.values);
    expect(parts.count).toBe(whole.count);
  });
});
