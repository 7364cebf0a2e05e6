// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expf, logisticf, tanhf } from './floatMath.js';

/** Distance in float32 steps of the exact value. */
function ulps(got: number, exact: number): number {
  const f = Math.fround(exact);
  const exponent = Math.max(Math.floor(Math.log2(Math.abs(f))), -126);
  return Math.abs(got - exact) / 2 ** (exponent - 23);
}

const float = (min: number, max: number) => fc.float({ min, max, noNaN: true, noDefaultInfinity: true });

describe('float functions', () => {
  it.each([
    ['exp', expf, Math.exp, -87, 88, 2],
    ['logistic', logisticf, (x: number) => 1 / (1 + Math.exp(-x)), -80, 80, 4],
    ['tanh', tanhf, Math.tanh, -10, 10, 2],
  ] as const)('%s is within a few units in the last place', (_, ours, exact, min, max, limit) => {
    fc.assert(
      fc.property(float(min, max), (x) => {
        expect(x === 0 && exact(x) === 0 ? 0 : ulps(ours(x), exact(x))).toBeLessThan(limit);
      }),
      { numRuns: 5000 },
    );
  });

  it('reaches the ends', () => {
    expect([expf(200), expf(-200), expf(0), expf(Number.NEGATIVE_INFINITY)]).toEqual([
      Number.POSITIVE_INFINITY,
      0,
      1,
      0,
    ]);
    expect([tanhf(50), tanhf(-50), tanhf(0)]).toEqual([1, -1, 0]);
    expect([logisticf(200), logisticf(-200), logisticf(0)]).toEqual([1, 0, 0.5]);
    expect(expf(Number.NaN)).toBeNaN();
  });
});
