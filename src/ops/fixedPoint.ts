// SPDX-License-Identifier: Apache-2.0
// Twin of runtime-c/include/mote/fixedpoint.h: the gemmlowp functions that int8 softmax is made of.
import { highMul, shiftRound } from './requantize.js';

const int32Max = 2 ** 31 - 1;

/** x * 2^exponent, saturated. */
function shiftLeftSaturate(x: number, exponent: number): number {
  const threshold = 2 ** (31 - exponent) - 1;
  if (x > threshold) return int32Max;
  return x < -threshold ? -int32Max - 1 : x << exponent;
}

/** exp(-2^k) as Q0.31 for k = -2 … 4. */
const powers = [1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242];

/** exp(x) as Q0.31 for x in Q5.26, x <= 0. */
export function expNegativeQ5(x: number): number {
  const quarter = 1 << 24;
  if (x === 0) return int32Max;
  const r = (x & (quarter - 1)) - quarter;
  const t = shiftLeftSaturate(r, 5) + (1 << 28);
  const t2 = highMul(t, t);
  const t3 = highMul(t2, t);
  const t4 = highMul(t2, t2);
  const oneThird = 715827883;
  const expMinusOneEighth = 1895147668;
  const cubic = highMul(shiftRound(t4, 2) + t3, oneThird);
  let result = expMinusOneEighth + highMul(expMinusOneEighth, t + shiftRound(cubic + t2, 1));
  const remainder = (r - x) | 0;
  for (let k = 0; k < powers.length; k++) if (remainder & (1 << (24 + k))) result = highMul(result, powers[k]);
  return result;
}

/** 1 / (1 + x) as Q0.31 for x in Q0.31, 0 <= x < 1. */
export function reciprocalOnePlus(x: number): number {
  const halfDenominator = Math.floor((x + int32Max + 1) / 2);
  let y = 1515870810 + highMul(halfDenominator, -1010580540);
  for (let i = 0; i < 3; i++) {
    const error = (1 << 29) - highMul(halfDenominator, y);
    y = (y + shiftLeftSaturate(highMul(y, error), 2)) | 0;
  }
  return shiftLeftSaturate(y, 1);
}
