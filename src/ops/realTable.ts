// SPDX-License-Identifier: Apache-2.0
// int8 tables of a real function: dequantize, apply, quantize, in float32 (TensorFlow Lite's LUTPopulate, which its
// optimized int8 LOGISTIC and TANH use; TensorFlow Lite Micro's reference computes these two in fixed point and may differ
// by one).
import type { Context } from './elementwise.js';
import { limitsOf, scaleOf } from './quantized.js';
import { clampTo, roundAway } from './requantize.js';

const f = Math.fround;

/** `transform` is applied in double and rounded to float32, as a correctly rounded C function would be. */
export function realTable(transform: (x: number) => number): (ctx: Context) => (x: number) => number {
  return ({ node, x, y }) => {
    const input = scaleOf(node, x);
    const output = scaleOf(node, y);
    const inverse = f(1 / output.scale);
    const { min, max } = limitsOf(y);
    const at = (q: number): number => f(transform(f(input.scale * (q - input.zeroPoint))));
    return (q) => {
      const real = nearestNumber(at, q);
      return clampTo(roundAway(f(real * inverse)) + output.zeroPoint, min, max);
    };
  };
}

/** Outside of what the function is defined for (a root below zero) an input is the nearest that it is defined for: what
 *  rounding took across the border. */
function nearestNumber(at: (q: number) => number, q: number): number {
  for (let distance = 0; distance < 256; distance++) {
    for (const near of [q - distance, q + distance]) {
      const real = near < -128 || near > 127 ? Number.NaN : at(near);
      if (!Number.isNaN(real)) return real;
    }
  }
  return 0;
}
