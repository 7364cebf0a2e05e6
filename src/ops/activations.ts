// SPDX-License-Identifier: Apache-2.0
// Twin of runtime-c/include/mote/activations.h: the same float32 operations in the same order.
import { erfcf, erff, expf, log1pf, logisticf } from './floatMath.js';

const f = Math.fround;

export function softplusf(x: number): number {
  if (Number.isNaN(x)) return x;
  return f(Math.max(x, 0) + log1pf(expf(-Math.abs(x))));
}

const rootHalf = f(Math.SQRT1_2);

export function geluf(x: number): number {
  return f(f(0.5 * x) * (x < 0 ? erfcf(f(-x * rootHalf)) : f(1 + erff(f(x * rootHalf)))));
}

export function geluTanhf(x: number): number {
  const cubed = f(f(x * x) * x);
  return f(x * logisticf(f(f(1.59576912) * f(x + f(f(0.044715) * cubed)))));
}

export const siluf = (x: number): number => f(x * logisticf(x));

export function mishf(x: number): number {
  if (x > 20) return x;
  const e = expf(x);
  const n = f(e * f(e + 2));
  return f(x * f(n / f(n + 2)));
}
