// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expNegativeQ5, reciprocalOnePlus } from './fixedPoint.js';
import { int16Table, lookUp } from './int16Table.js';

describe('fixed point functions', () => {
  it('exp of Q5.26 is right to 2^-22', () => {
    fc.assert(
      fc.property(fc.integer({ min: -(2 ** 31) + 1, max: 0 }), (x) => {
        expect(Math.abs(expNegativeQ5(x) / 2 ** 31 - Math.exp(x / 2 ** 26))).toBeLessThan(2 ** -22);
      }),
      { numRuns: 2000 },
    );
  });

  it('1 / (1 + x) of Q0.31 is right to 2^-26', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 31 - 1 }), (x) => {
        expect(Math.abs(reciprocalOnePlus(x) / 2 ** 31 - 1 / (1 + x / 2 ** 31))).toBeLessThan(2 ** -26);
      }),
      { numRuns: 2000 },
    );
  });

  it('the int16 exponential table is right to 4 steps of 2^-15', () => {
    const table = int16Table(Math.exp, -10, 0);
    for (let q = -32768; q <= 32767; q += 13) {
      const real = -10 + ((q + 32768) * 10) / 65536;
      expect(Math.abs(lookUp(table, q) - Math.exp(real) * 32768)).toBeLessThan(4);
    }
    expect([table.length, table[512]]).toEqual([513, 32767]);
  });
});
