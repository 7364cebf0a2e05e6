// SPDX-License-Identifier: Apache-2.0
// Twin of runtime-c/include/mote/trigonometry.h: the same float32 operations in the same order.
import { expf, expm1f, log1pf, logf, polynomial, sqrtf } from './floatMath.js';

const f = Math.fround;

/** To the nearest integer, ties away from zero. */
const roundAway = (x: number): number => (x < 0 ? -Math.floor(-x + 0.5) : Math.floor(x + 0.5));

const sineSeries = [-1.95878909e-4, 8.33274827e-3, -0.166666647].map(f);
const cosineSeries = [2.45479421e-5, -1.3888303e-3, 0.0416666647].map(f);

function sine(x: number, quarters: number): number {
  if (!(Math.abs(x) <= 1048576)) return Number.NaN;
  const n = roundAway(f(x * f(0.636619747))) + 0;
  const r = f(f(f(x - f(n * 1.5703125)) - f(n * f(4.83751297e-4))) - f(n * f(7.54978995e-8)));
  const z = f(r * r);
  const quadrant = (n + quarters) & 3;
  const y =
    quadrant & 1
      ? f(f(polynomial(z, cosineSeries) * f(z * z)) + f(1 - f(0.5 * z)))
      : f(f(polynomial(z, sineSeries) * f(z * r)) + r);
  return quadrant & 2 ? -y : y;
}

export const sinf = (x: number): number => sine(x, 0);
export const cosf = (x: number): number => sine(x, 1);
export const tanf = (x: number): number => f(sine(x, 0) / sine(x, 1));

const atanSeries = [-0.0645192821, 0.107437315, -0.142639556, 0.199995405, -0.333333318].map(f);

export function atanf(x: number): number {
  if (Number.isNaN(x)) return x;
  const a = Math.abs(x);
  const b = a > 1 ? f(1 / a) : a;
  const turned = b > f(0.414213562);
  const t = turned ? f(f(b - 1) / f(b + 1)) : b;
  const z = f(t * t);
  let y = f(f(polynomial(z, atanSeries) * f(z * t)) + t);
  if (turned) y = f(f(0.785398163) + y);
  if (a > 1) y = f(f(1.57079633) - y);
  return x < 0 ? -y : y;
}

export const asinf = (x: number): number => atanf(f(x / sqrtf(f(f(1 - x) * f(1 + x)))));
export const acosf = (x: number): number => f(2 * atanf(sqrtf(f(f(1 - x) / f(1 + x)))));

export function sinhf(x: number): number {
  const a = Math.abs(x);
  let y: number;
  if (a < 9) {
    const u = expm1f(a);
    y = f(0.5 * f(u + f(u / f(u + 1))));
  } else {
    const root = expf(f(0.5 * a));
    y = f(f(0.5 * root) * root);
  }
  return x < 0 ? -y : y;
}

export function coshf(x: number): number {
  const root = expf(f(0.5 * Math.abs(x)));
  return f(f(f(0.5 * root) * root) + f(0.5 / f(root * root)));
}

export function asinhf(x: number): number {
  const a = Math.abs(x);
  const y = a > 4096 ? f(logf(a) + f(Math.LN2)) : log1pf(f(a + f(f(a * a) / f(1 + sqrtf(f(f(a * a) + 1))))));
  return x < 0 ? -y : y;
}

export function acoshf(x: number): number {
  const t = f(x - 1);
  return x > 4096 ? f(logf(x) + f(Math.LN2)) : log1pf(f(t + sqrtf(f(t * f(t + 2)))));
}

export function atanhf(x: number): number {
  const a = Math.abs(x);
  const y = f(0.5 * log1pf(f(f(2 * a) / f(1 - a))));
  return x < 0 ? -y : y;
}
