// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Interval, lowerBound, place } from './place.js';

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
});
