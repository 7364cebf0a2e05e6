// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Interval, type Placement, place, type Share } from './place.js';

const interval = fc
  .record({
    bytes: fc.integer({ min: 1, max: 5000 }),
    first: fc.integer({ min: 0, max: 20 }),
    length: fc.integer({ min: 0, max: 8 }),
  })
  .map(({ bytes, first, length }): Interval => ({ bytes, first, last: first + length }));

/** Most bytes alive at one step. */
const mostAlive = (items: readonly Interval[]): number =>
  Math.max(
    ...items.map(({ first: at }) => items.reduce((n, i) => n + (i.first <= at && i.last >= at ? i.bytes : 0), 0)),
  );

/** As the planner promises it, said anew: whether two items may lie like this. */
function mayLie(
  items: readonly Interval[],
  shares: readonly Share[],
  offsets: readonly number[],
  i: number,
  j: number,
) {
  const [a, b] = [items[i], items[j]];
  if (a.first > b.last || b.first > a.last) return true;
  if (offsets[i] + a.bytes <= offsets[j] || offsets[j] + b.bytes <= offsets[i]) return true;
  return shares.some(({ output, input, lagBytes, stepBytes = 1 }) => {
    if (!(output === i && input === j) && !(output === j && input === i)) return false;
    const beyond = offsets[input] - offsets[output] - lagBytes;
    return beyond >= 0 && beyond % stepBytes === 0;
  });
}

const collisions = (items: readonly Interval[], shares: readonly Share[], { offsets }: Placement): number =>
  items.reduce((n, _, i) => n + items.filter((_, j) => i < j && !mayLie(items, shares, offsets, i, j)).length, 0);

/** The least total, by trying all offsets of all items. */
function bruteForce(items: readonly Interval[], shares: readonly Share[], limit: number): number {
  const offsets = new Array<number>(items.length).fill(0);
  let best = limit;
  const tryFrom = (i: number): void => {
    if (i === items.length) {
      best = Math.max(...items.map((item, k) => offsets[k] + item.bytes));
      return;
    }
    for (offsets[i] = 0; offsets[i] + items[i].bytes < best; offsets[i]++)
      if (items.slice(0, i).every((_, k) => mayLie(items, shares, offsets, i, k))) tryFrom(i + 1);
  };
  tryFrom(0);
  return best;
}

/** Up to six small items and shares between some that follow each other. */
const smallProblem = fc
  .array(
    fc.record({
      bytes: fc.integer({ min: 1, max: 7 }),
      first: fc.integer({ min: 0, max: 4 }),
      length: fc.integer({ min: 0, max: 2 }),
      lagBytes: fc.integer({ min: -5, max: 5 }),
      stepBytes: fc.integer({ min: 1, max: 4 }),
      shared: fc.boolean(),
    }),
    { minLength: 1, maxLength: 6 },
  )
  .map((rows) => {
    const items = rows.map(({ bytes, first, length }): Interval => ({ bytes, first, last: first + length }));
    const shares = rows.flatMap(({ shared, lagBytes, stepBytes }, output): Share[] => {
      const input = items.findIndex((i, k) => k !== output && i.last === items[output].first);
      return shared && input >= 0 ? [{ output, input, lagBytes, stepBytes }] : [];
    });
    // One share of a pair.
    return {
      items,
      shares: shares.filter((s, i) => !shares.slice(0, i).some((t) => t.input === s.output && t.output === s.input)),
    };
  });

describe('place', () => {
  it('never lets two live buffers overlap and reports the true total', () => {
    fc.assert(
      fc.property(fc.array(interval, { minLength: 1, maxLength: 25 }), (items) => {
        const { offsets, totalBytes, boundBytes } = place(items, 4);
        expect(totalBytes).toBeGreaterThanOrEqual(boundBytes);
        expect(boundBytes).toBeGreaterThanOrEqual(mostAlive(items));
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

  it('is as small as can be, and says so', () => {
    fc.assert(
      fc.property(smallProblem, ({ items, shares }) => {
        const placement = place(items, 1, shares);
        const sum = items.reduce((n, i) => n + i.bytes, 0);
        expect(collisions(items, shares, placement)).toBe(0);
        expect(placement.totalBytes).toBe(bruteForce(items, shares, sum + 1));
        expect(placement.boundBytes).toBe(placement.totalBytes);
      }),
      { numRuns: 400 },
    );
  });

  it('keeps to the alignment where shares have steps', () => {
    fc.assert(
      fc.property(smallProblem, ({ items, shares }) => {
        const placement = place(items, 4, shares);
        expect(placement.offsets.every((o) => o % 4 === 0)).toBe(true);
        expect(collisions(items, shares, placement)).toBe(0);
        expect(placement.totalBytes).toBeGreaterThanOrEqual(place(items, 1, shares).boundBytes);
      }),
    );
  });

  it('ends on a large problem, and does not claim what it has not proved', () => {
    const items = fc.sample(interval, { numRuns: 120, seed: 3 });
    const { totalBytes, boundBytes } = place(items, 4);
    expect(boundBytes).toBeGreaterThanOrEqual(mostAlive(items));
    expect(totalBytes).toBeGreaterThanOrEqual(boundBytes);
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
