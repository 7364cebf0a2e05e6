// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Interval, lowerBound, place, type Share } from './place.js';

const interval = fc
  .record({
    bytes: fc.integer({ min: 1, max: 5000 }),
    first: fc.integer({ min: 0, max: 20 }),
    length: fc.integer({ min: 0, max: 8 }),
  })
  .map(({ bytes, first, length }): Interval => ({ bytes, first, last: first + length }));

describe('place', () => {
  it('never lets two live buffers overlap and reports the true total', () => {
    fc.assert(
      fc.property(fc.array(interval, { minLength: 1, maxLength: 25 }), (items) => {
        const { offsets, totalBytes, boundBytes } = place(items, 4);
        expect(boundBytes).toBe(lowerBound(items, 4));
        expect(totalBytes).toBeGreaterThanOrEqual(boundBytes);
        items.forEach((a, i) => {
          expect(offsets[i] % 4).toBe(0);
          expect(offsets[i] + a.bytes).toBeLessThanOrEqual(totalBytes);
          items.forEach((b, j) => {
            if (i < j && a.first <= b.last && b.first <= a.last) {
              expect(offsets[i] + a.bytes <= offsets[j] || offsets[j] + b.bytes <= offsets[i]).toBe(true);
            }
          });
        });
      }),
    );
  });

  it('reaches the bound on a chain with a long-lived side branch', () => {
    const items: Interval[] = [
      { bytes: 640, first: 0, last: 1 },
      { bytes: 6400, first: 1, last: 2 },
      { bytes: 1600, first: 1, last: 4 },
      { bytes: 3200, first: 2, last: 3 },
      { bytes: 3200, first: 3, last: 4 },
    ];
    const { totalBytes, boundBytes } = place(items, 4);
    expect(totalBytes).toBe(boundBytes);
  });

  it('gives the same plan twice', () => {
    const items = fc.sample(interval, { numRuns: 30, seed: 7 });
    expect(place(items, 4)).toEqual(place(items, 4));
  });

  it('lets an output run over its dying input, never nearer than the lag', () => {
    const chain = fc.array(
      fc.record({ bytes: fc.integer({ min: 1, max: 3000 }), lag: fc.integer({ min: 0, max: 800 }) }),
      { minLength: 2, maxLength: 12 },
    );
    fc.assert(
      fc.property(chain, (layers) => {
        const items = layers.map(({ bytes }, i): Interval => ({ bytes, first: i, last: i + 1 }));
        const shares = layers.slice(1).map(({ lag }, i): Share => ({ output: i + 1, input: i, lagBytes: lag }));
        const { offsets, totalBytes, boundBytes } = place(items, 4, shares);
        expect(totalBytes).toBeGreaterThanOrEqual(boundBytes);
        expect(totalBytes).toBeLessThanOrEqual(place(items, 4).totalBytes + 3);
        items.slice(1).forEach((output, i) => {
          const input = items[i];
          const apart = offsets[i + 1] + output.bytes <= offsets[i] || offsets[i] + input.bytes <= offsets[i + 1];
          expect(apart || offsets[i + 1] + shares[i].lagBytes <= offsets[i]).toBe(true);
          expect(offsets[i + 1] + output.bytes).toBeLessThanOrEqual(totalBytes);
        });
      }),
    );
  });

  it('puts a residual block into one tensor and a bit', () => {
    const items: Interval[] = [
      { bytes: 16384, first: 0, last: 3 },
      { bytes: 16384, first: 1, last: 2 },
      { bytes: 16384, first: 2, last: 3 },
    ];
    expect(place(items, 4, [{ output: 2, input: 1, lagBytes: 544 }]).totalBytes).toBe(2 * 16384 + 544);
  });
});
