// SPDX-License-Identifier: Apache-2.0
// Integer rescaling, exact: the twin of runtime-c/include/mote/requantize.h, and the multipliers it works with.
import type { Rounding } from './op.js';

/** A real factor as multiplier * 2^(shift - 31), multiplier in [2^30, 2^31) or 0. */
export interface Multiplier {
  multiplier: number;
  shift: number;
}

const two31 = 2 ** 31;

/** value = fraction * 2^exponent with fraction in [0.5, 1), as C's frexp. */
function frexp(value: number): { fraction: number; exponent: number } {
  const bits = new DataView(new ArrayBuffer(8));
  bits.setFloat64(0, value);
  const exponent = (bits.getUint16(0) >>> 4) & 0x7ff;
  if (exponent === 0) {
    const scaled = frexp(value * 2 ** 54);
    return { fraction: scaled.fraction, exponent: scaled.exponent - 54 };
  }
  bits.setUint16(0, (bits.getUint16(0) & 0x800f) | (1022 << 4));
  return { fraction: bits.getFloat64(0), exponent: exponent - 1022 };
}

/** Rounds to the nearest integer, ties away from zero: TensorFlow Lite's TfLiteRound. */
export const roundAway = (value: number): number => Math.sign(value) * Math.floor(Math.abs(value) + 0.5);

/**
 * TensorFlow Lite's QuantizeMultiplier. Factors below 2^-32 are 0. Factors of 2^30 and more, which no result survives
 * unsaturated, are the largest there is: what TFLITE_SINGLE_ROUNDING does, here for both contracts.
 */
export function quantizeMultiplier(real: number): Multiplier {
  if (!Number.isFinite(real) || real === 0) return { multiplier: 0, shift: 0 };
  const { fraction, exponent } = frexp(real);
  let multiplier = roundAway(fraction * two31);
  let shift = exponent;
  if (Math.abs(multiplier) === two31) {
    multiplier /= 2;
    shift++;
  }
  if (shift < -31) return { multiplier: 0, shift: 0 };
  if (shift > 30) return { multiplier: Math.sign(multiplier) * (two31 - 1), shift: 30 };
  return { multiplier, shift };
}

/** 2^0 … 2^63 and their inverses: `**` is too slow for the innermost function of every evaluation. */
const powers = Float64Array.from({ length: 64 }, (_, i) => 2 ** i);
const inverses = Float64Array.from({ length: 64 }, (_, i) => 2 ** -i);

/** floor((a * b + 2^(shift - 1)) / 2^shift) as int32, for whatever fits BigInt: exact and slow. */
const slowMultiplyShift = (a: number, b: number, shift: number): number =>
  Number(BigInt.asIntN(32, (BigInt(a) * BigInt(b) + (1n << BigInt(shift - 1))) >> BigInt(shift)));

/** The same for |a| < 2^47, 0 <= b < 2^31 and |a * b| < 2^63. The result may be wider than int32. */
function multiplyShift(a: number, b: number, shift: number): number {
  if (shift < 17) return slowMultiplyShift(a, b, shift);
  // a * b = t * 2^16 + r with 0 <= r < 2^16; the halves' products are below 2^53, and r is too small to change a floor.
  const high = Math.floor(a * inverses[16]);
  const t = high * b + Math.floor((a - high * 65_536) * b * inverses[16]);
  return Math.floor((t + powers[shift - 17]) * inverses[shift - 16]);
}

/** Saturating rounding doubling high multiply of two int32. */
export function highMul(a: number, b: number): number {
  if (b >= 0) return multiplyShift(a, b, 31);
  if (a >= 0) return multiplyShift(b, a, 31);
  return Math.min(two31 - 1, multiplyShift(-a, -b, 31));
}

/** x / 2^exponent, rounded to nearest, ties away from zero. */
export function shiftRound(x: number, exponent: number): number {
  const mask = exponent === 31 ? 0x7fffffff : (1 << exponent) - 1;
  const remainder = x & mask;
  const threshold = (mask >> 1) + (x < 0 ? 1 : 0);
  return (x >> exponent) + (remainder > threshold ? 1 : 0);
}

/** int32 accumulator -> int32, by either contract. */
export function requantize(x: number, { multiplier, shift }: Multiplier, rounding: Rounding): number {
  if (rounding === 'single') {
    return multiplier < 0
      ? slowMultiplyShift(x, multiplier, 31 - shift)
      : wrap32(multiplyShift(x, multiplier, 31 - shift));
  }
  if (shift > 0) return highMul(x << shift, multiplier);
  return shiftRound(highMul(x, multiplier), -shift);
}

/** C's conversion of an integer to int32, for |x| < 2^53. */
const wrap32 = (x: number): number => x | 0;

/** Largest shift of requantize64, where TensorFlow Lite's contract ends. */
const maxShift64 = 7;

/** The multiplier for 64-bit accumulators: as quantizeMultiplier, saturated at 2^7. */
export function quantizeMultiplier64(real: number): Multiplier {
  const m = quantizeMultiplier(real);
  return m.shift > maxShift64 ? { multiplier: two31 - 1, shift: maxShift64 } : m;
}

/** Accumulator below 2^47 -> int32 with a multiplier of 15 bits; the same for both contracts. */
export function requantize64(x: number, { multiplier, shift }: Multiplier): number {
  const reduced = multiplier < 0x7fff0000 ? (multiplier + (1 << 15)) >> 16 : 0x7fff;
  return wrap32(multiplyShift(x, reduced, 15 - shift));
}

export const clampTo = (value: number, min: number, max: number): number =>
  // biome-ignore lint/complexity/useMathMinMax: NaN and -0 come out as in C
  value < min ? min : value > max ? max : value;

/** The value of `rounding` in a C parameter struct (requantize.h). */
export const roundingCode = (rounding: Rounding): number => (rounding === 'single' ? 1 : 0);
