// SPDX-License-Identifier: Apache-2.0
// Twin of runtime-c/include/mote/float.h: the same float32 operations in the same order, so that results are bit-equal.
const f = Math.fround;

const log2e = f(Math.LOG2E);
const ln2High = f(0.693359375);
const ln2Low = f(-2.1219444e-4);
const taylor = [1.98412698e-4, 1.38888889e-3, 8.33333333e-3, 4.16666667e-2, 1.66666667e-1, 0.5].map(f);

export function expf(x: number): number {
  if (Number.isNaN(x)) return x;
  if (x > f(88.72283)) return Number.POSITIVE_INFINITY;
  if (x < f(-103.97208)) return 0;
  const n = Math.trunc(f(f(x * log2e) + (x < 0 ? -0.5 : 0.5)));
  const r = f(f(x - f(n * ln2High)) - f(n * ln2Low));
  let y = taylor[0];
  for (let i = 1; i < taylor.length; i++) y = f(f(y * r) + taylor[i]);
  y = f(f(y * f(r * r)) + r);
  y = f(y + 1);
  const half = Math.trunc(n / 2);
  return f(f(y * 2 ** half) * 2 ** (n - half));
}

export function logisticf(x: number): number {
  if (x < 0) {
    const e = expf(x);
    return f(e / f(1 + e));
  }
  return f(1 / f(1 + expf(-x)));
}

export function tanhf(x: number): number {
  const magnitude = x < 0 ? -x : x;
  if (magnitude < 0.625) {
    const s = f(x * x);
    const numerator = f(s * f(315 + f(14 * s)));
    const denominator = f(945 + f(s * f(420 + f(15 * s))));
    return f(x - f(x * f(numerator / denominator)));
  }
  if (magnitude > f(9.02)) return x < 0 ? -1 : 1;
  const t = f(1 - f(2 / f(expf(f(2 * magnitude)) + 1)));
  return x < 0 ? -t : t;
}
