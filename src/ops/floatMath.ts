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

// floatmath.h

const bits = new Uint32Array(1);
const value = new Float32Array(bits.buffer);

function bitsOf(x: number): number {
  value[0] = x;
  return bits[0];
}

function fromBits(b: number): number {
  bits[0] = b;
  return value[0];
}

const infinity = Number.POSITIVE_INFINITY;
const integersFrom = 2 ** 23;
const smallestNormal = f(1.17549435e-38);

/** c[0] x^(n-1) + … + c[n-1] */
export function polynomial(x: number, c: readonly number[]): number {
  let y = c[0];
  for (let i = 1; i < c.length; i++) y = f(f(y * x) + c[i]);
  return y;
}

// "| 0": C's way through int32 makes -0 into 0.
export const truncf = (x: number): number => (Math.abs(x) < integersFrom ? x | 0 : x);

export function floorf(x: number): number {
  const t = truncf(x);
  return t > x ? t - 1 : t;
}

export function ceilf(x: number): number {
  const t = truncf(x);
  return t < x ? t + 1 : t;
}

/** Ties to even. */
export function roundf(x: number): number {
  if (!(Math.abs(x) < integersFrom)) return x;
  const low = floorf(x);
  const rest = f(x - low);
  return rest > 0.5 || (rest === 0.5 && (low & 1) !== 0) ? low + 1 : low;
}

/** A double's root rounded again is the float's: 53 bits are more than twice 24 and two. */
export const sqrtf = (x: number): number => f(Math.sqrt(x));

const logSeries = [0.222222222, 0.285714286, 0.4, 0.666666667].map(f);

export function logf(x: number): number {
  if (!(x > 0)) return x === 0 ? -infinity : Number.NaN;
  if (!(x < infinity)) return x;
  let e = -127;
  if (x < smallestNormal) {
    x = f(x * 2 ** 24);
    e = -151;
  }
  const b = bitsOf(x);
  e += b >>> 23;
  let m = fromBits(((b & 0x7fffff) | 0x3f800000) >>> 0);
  if (m > f(Math.SQRT2)) {
    m *= 0.5;
    e++;
  }
  const s = f(f(m - 1) / f(m + 1));
  const z = f(s * s);
  const y = f(f(f(s * z) * polynomial(z, logSeries)) + f(2 * s));
  return f(f(f(e * ln2Low) + y) + f(e * ln2High));
}

export function log1pf(x: number): number {
  const u = f(1 + x);
  if (u === 1 || !(u < infinity)) return x;
  return f(logf(u) * f(x / f(u - 1)));
}

export function expm1f(x: number): number {
  if (!(Math.abs(x) < f(0.34))) return f(expf(x) - 1);
  return f(f(polynomial(x, taylor) * f(x * x)) + x);
}

const erfcTail = [
  0.0934273107, -0.226053446, 0.0821762159, 0.0612105563, 0.178692794, 0.246985315, 0.282036747, 0.282098563,
].map(f);
const erfSeries = [
  7.87587506e-5, -8.01686429e-4, 5.18908742e-3, -0.026854212, 0.112835947, -0.376126267, 1.12837917,
].map(f);

function tailOf(x: number): number {
  const t = f(1 / f(1 + f(0.5 * x)));
  return f(f(t * polynomial(t, erfcTail)) * expf(-f(x * x)));
}

export function erff(x: number): number {
  const a = Math.abs(x);
  if (a < 1) return f(x * polynomial(f(x * x), erfSeries));
  if (Number.isNaN(x)) return x;
  const tail = a > 10 ? 0 : tailOf(a);
  return x < 0 ? f(tail - 1) : f(1 - tail);
}

export function erfcf(x: number): number {
  if (!(x > 1)) return f(1 - erff(x));
  return x > 10 ? 0 : tailOf(x);
}

function wholePower(x: number, exponent: number): number {
  let power = 1;
  for (let n = exponent; n > 0; n >>= 1) {
    if (n & 1) power = f(power * x);
    x = f(x * x);
  }
  return power;
}

export function powf(x: number, y: number): number {
  if (y === 0 || x === 1) return 1;
  if (Number.isNaN(x) || Number.isNaN(y)) return Number.NaN;
  const magnitude = Math.abs(y);
  const whole = Math.trunc(y) === y;
  if (whole && magnitude <= 64) {
    const power = wholePower(x, magnitude);
    return y < 0 ? f(1 / power) : power;
  }
  if (x === 0) return y < 0 ? infinity : 0;
  if (x < 0 && !whole) return Number.NaN;
  const power = expf(f(y * logf(Math.abs(x))));
  return x < 0 && whole && magnitude < 2 ** 24 && magnitude % 2 === 1 ? -power : power;
}

/** Exact, like JavaScript's %; the sign of a zero is that of C's subtraction. */
export function fmodf(x: number, y: number): number {
  const rest = Math.abs(x) % Math.abs(y);
  return x < 0 ? -rest : rest;
}
