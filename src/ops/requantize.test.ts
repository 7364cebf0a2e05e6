// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  highMul,
  quantizeMultiplier,
  quantizeMultiplier64,
  requantize,
  requantize64,
  roundAway,
  shiftRound,
} from './requantize.js';

const int32 = fc.oneof(
  fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
  fc.constantFrom(-(2 ** 31), 2 ** 31 - 1, -1, 0, 1, 2 ** 30, -(2 ** 30)),
);
const multiplier = fc.integer({ min: 2 ** 30, max: 2 ** 31 - 1 });

// gemmlowp's own formulation (fixedpoint.h): a nudge with the sign of the product, then a division that cuts.
function gemmlowpHighMul(a: number, b: number): number {
  if (a === b && a === -(2 ** 31)) return 2 ** 31 - 1;
  const product = BigInt(a) * BigInt(b);
  const nudge = product >= 0n ? 1n << 30n : 1n - (1n << 30n);
  return Number((product + nudge) / (1n << 31n));
}

function roundedDivision(x: number, exponent: number): number {
  return roundAway(x / 2 ** exponent);
}

describe('requantize', () => {
  it('is gemmlowp high multiply for all int32', () => {
    fc.assert(
      fc.property(int32, int32, (a, b) => highMul(a, b) === gemmlowpHighMul(a, b)),
      { numRuns: 2000 },
    );
  });

  it('divides by powers of two, ties away from zero', () => {
    fc.assert(
      fc.property(int32, fc.integer({ min: 0, max: 31 }), (x, e) =>
        Object.is(shiftRound(x, e) + 0, roundedDivision(x, e) + 0),
      ),
      { numRuns: 2000 },
    );
  });

  it('rounds twice under tflite: shift left, high multiply, divide', () => {
    fc.assert(
      fc.property(int32, multiplier, fc.integer({ min: -31, max: 30 }), (x, m, shift) => {
        const wide = Number(BigInt.asIntN(32, BigInt(x) << BigInt(Math.max(shift, 0))));
        return (
          requantize(x, { multiplier: m, shift }, 'tflite') ===
          shiftRound(gemmlowpHighMul(wide, m), Math.max(-shift, 0))
        );
      }),
      { numRuns: 2000 },
    );
  });

  it('rounds once under single: one product, one shift', () => {
    fc.assert(
      fc.property(int32, multiplier, fc.integer({ min: -31, max: 30 }), (x, m, shift) => {
        const total = BigInt(31 - shift);
        const exact = (BigInt(x) * BigInt(m) + (1n << (total - 1n))) >> total;
        return requantize(x, { multiplier: m, shift }, 'single') === Number(BigInt.asIntN(32, exact));
      }),
      { numRuns: 2000 },
    );
  });

  it('scales 64-bit accumulators by a 15-bit multiplier', () => {
    const acc = fc.bigInt({ min: -(1n << 46n), max: 1n << 46n });
    fc.assert(
      fc.property(acc, multiplier, fc.integer({ min: -31, max: 7 }), (x, m, shift) => {
        const reduced = m < 0x7fff0000 ? BigInt((m + 2 ** 15) >> 16) : 0x7fffn;
        const total = BigInt(15 - shift);
        const exact = BigInt.asIntN(32, (x * reduced + (1n << (total - 1n))) >> total);
        return requantize64(Number(x), { multiplier: m, shift }) === Number(exact);
      }),
      { numRuns: 2000 },
    );
  });

  it('the two contracts differ where the first rounding makes a tie', () => {
    // 3 * 0.5 / 4 = 0.375: nearest is 0. Twice rounded: 1.5 -> 2, 2 / 4 = 0.5 -> 1.
    const m = { multiplier: 2 ** 30, shift: -2 };
    expect([requantize(3, m, 'tflite'), requantize(3, m, 'single')]).toEqual([1, 0]);
  });
});

describe('quantizeMultiplier', () => {
  it.each([
    [0.5, 2 ** 30, 0],
    [1, 2 ** 30, 1],
    [0.75, 1610612736, 0],
    [2 ** -31, 2 ** 30, -30],
    [3.5, 1879048192, 2],
    [0, 0, 0],
    [1 - 2 ** -40, 2 ** 30, 1],
    [2 ** -33, 0, 0],
    [2 ** 40, 2 ** 31 - 1, 30],
    [-0.5, -(2 ** 30), 0],
    [Number.NaN, 0, 0],
  ])('%f is %d * 2^(%d - 31)', (real, expected, shift) => {
    expect(quantizeMultiplier(real)).toEqual({ multiplier: expected, shift });
  });

  it('keeps 30 bits of any factor, subnormal ones included', () => {
    fc.assert(
      fc.property(fc.double({ min: 2 ** -30, max: 2 ** 29, noNaN: true }), (real) => {
        const m = quantizeMultiplier(real);
        return Math.abs((m.multiplier * 2 ** (m.shift - 31)) / real - 1) <= 2 ** -31;
      }),
    );
    expect(quantizeMultiplier(5e-324)).toEqual({ multiplier: 0, shift: 0 });
  });

  it('saturates the 64-bit multiplier where its contract ends', () => {
    expect(quantizeMultiplier64(200)).toEqual({ multiplier: 2 ** 31 - 1, shift: 7 });
    expect(quantizeMultiplier64(100)).toEqual(quantizeMultiplier(100));
  });
});
