// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { geluf, geluTanhf, mishf, siluf, softplusf } from './activations.js';
import { erfcf, erff, expf, expm1f, fmodf, log1pf, logf, logisticf, powf, roundf, sqrtf, tanhf } from './floatMath.js';
import { acosf, acoshf, asinf, asinhf, atanf, atanhf, cosf, coshf, sinf, sinhf, tanf } from './trigonometry.js';

/** Distance in float32 steps of the exact value. */
function ulps(got: number, exact: number): number {
  const f = Math.fround(exact);
  const exponent = Math.max(Math.floor(Math.log2(Math.abs(f))), -126);
  return Math.abs(got - exact) / 2 ** (exponent - 23);
}

const float = (min: number, max: number) =>
  fc.float({ min: Math.fround(min), max: Math.fround(max), noNaN: true, noDefaultInfinity: true });

/** The error function by its Taylor series in double. */
function erfOf(x: number): number {
  let [term, sum] = [x, x];
  for (let n = 1; n < 200; n++) {
    term *= -(x * x) / n;
    sum += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}

describe('float functions', () => {
  it.each([
    ['sin', sinf, Math.sin, -8000, 8000, 2e-7],
    ['cos', cosf, Math.cos, -8000, 8000, 2e-7],
    ['erfc', erfcf, (x: number) => 1 - erfOf(x), -3, 3, 4e-7],
    ['acos', acosf, Math.acos, -1, 1, 1e-6],
    ['gelu', geluf, (x: number) => (x * (1 + erfOf(x / Math.SQRT2))) / 2, -5, 5, 1e-6],
    [
      'gelu by tanh',
      geluTanhf,
      (x: number) => 0.5 * x * (1 + Math.tanh(0.7978845608 * (x + 0.044715 * x ** 3))),
      -5,
      5,
      1e-6,
    ],
  ] as const)('%s is within %f', (_, ours, exact, min, max, limit) => {
    fc.assert(
      fc.property(float(min, max), (x) => {
        expect(Math.abs(ours(x) - exact(x))).toBeLessThan(limit);
      }),
      { numRuns: 5000 },
    );
  });

  it('tan, powers, remainders and rounding', () => {
    expect(tanf(0.7853982)).toBeCloseTo(1, 6);
    expect([powf(2, 10), powf(2, -1), powf(-2, 3), powf(0, 0), powf(0, -1.5), powf(-1, 0.5)]).toEqual([
      1024,
      0.5,
      -8,
      1,
      Number.POSITIVE_INFINITY,
      Number.NaN,
    ]);
    fc.assert(
      fc.property(float(Math.fround(0.01), 100), float(-8, 8), (x, y) => {
        expect(Math.abs(powf(x, y) / x ** y - 1)).toBeLessThan(2e-5);
      }),
    );
    expect([fmodf(7, 3), fmodf(-7, 3), fmodf(7, -3), fmodf(1, 0)]).toEqual([1, -1, 1, Number.NaN]);
    expect([roundf(0.5), roundf(1.5), roundf(2.5), roundf(-1.5), roundf(-0.4)]).toEqual([0, 2, 2, -2, 0]);
  });

  it.each([
    ['exp', expf, Math.exp, -87, 88, 2],
    ['logistic', logisticf, (x: number) => 1 / (1 + Math.exp(-x)), -80, 80, 4],
    ['tanh', tanhf, Math.tanh, -10, 10, 2],
    ['log', logf, Math.log, 1e-30, 1e30, 3],
    ['log1p', log1pf, Math.log1p, -0.99, 100, 5],
    ['expm1', expm1f, Math.expm1, -20, 80, 8],
    ['sqrt', sqrtf, Math.sqrt, 0, 1e30, 0.51],
    ['erf', erff, erfOf, -3, 3, 4],
    ['atan', atanf, Math.atan, -1e6, 1e6, 4],
    ['asin', asinf, Math.asin, -1, 1, 8],
    ['sinh', sinhf, Math.sinh, -80, 80, 60],
    ['cosh', coshf, Math.cosh, -80, 80, 60],
    ['asinh', asinhf, Math.asinh, -1e9, 1e9, 8],
    ['acosh', acoshf, Math.acosh, 1, 1e9, 8],
    ['atanh', atanhf, Math.atanh, -0.99, 0.99, 8],
    ['silu', siluf, (x: number) => x / (1 + Math.exp(-x)), -20, 80, 6],
    ['softplus', softplusf, (x: number) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))), -20, 80, 12],
    ['mish', mishf, (x: number) => x * Math.tanh(Math.log1p(Math.exp(x))), -15, 19, 8],
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
