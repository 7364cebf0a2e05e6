// SPDX-License-Identifier: Apache-2.0
// hardSwish: x * min(6, max(0, x + 3)) / 6. int8 is a table of TensorFlow Lite's reference, which
// works in int16; int16 a curve.
import { curveRule } from './curve16.js';
import { type Context, elementwiseOp, sameType, tableRule } from './elementwise.js';
import type { OpSpec } from './op.js';
import { limitsOf, scaleOf } from './quantized.js';
import { clampTo, quantizeMultiplier, shiftRound } from './requantize.js';
import type { Reason } from './weighted.js';

const f = Math.fround;
const saturate = (x: number): number => clampTo(x, -32768, 32767);

/** Saturating rounding doubling high multiply of two int16. */
const highMul16 = (a: number, b: number): number => (a === -32768 && b === -32768 ? 32767 : (a * b + (1 << 14)) >> 15);

interface Factor {
  multiplier: number;
  exponent: number;
}

/** A real factor with a 16-bit multiplier. */
function factorOf(real: number): Factor {
  const { multiplier, shift } = quantizeMultiplier(real);
  return { multiplier: multiplier >= 2 ** 31 - 1 - 2 ** 15 ? 32767 : (multiplier + 2 ** 15) >> 16, exponent: shift };
}

/** Input in 1/128 steps, to the output's scale and to steps of 3/32768. */
function factors({ node, x, y }: Context): { output: Factor; reluish: Factor } {
  const fine = f(scaleOf(node, x).scale / 128);
  return { output: factorOf(f(fine / scaleOf(node, y).scale)), reluish: factorOf(f(fine / f(3 / 32768))) };
}

/** min(1, max(0, (x + 3) / 6)) in Q0.15, for x in fine input steps. */
function relu01(fine: number, { multiplier, exponent }: Factor): number {
  let value = fine;
  if (exponent > 0) value = saturate(value * 2 ** (exponent - 1));
  value = highMul16(value, multiplier);
  if (exponent > 0) value = saturate(value * 2);
  if (exponent < 0) value = shiftRound(value, -exponent);
  return (value + 32768) >> 1;
}

function integer(ctx: Context): (x: number) => number {
  const { output, reluish } = factors(ctx);
  const [inputZero, outputZero] = [scaleOf(ctx.node, ctx.x).zeroPoint, scaleOf(ctx.node, ctx.y).zeroPoint];
  const { min, max } = limitsOf(ctx.y);
  return (q) => {
    const fine = (q - inputZero) * 128;
    const scaled = highMul16(fine, output.multiplier);
    const product = Math.trunc((relu01(fine, reluish) * scaled) / 32768);
    return clampTo(shiftRound(product, -output.exponent) + outputZero, min, max);
  };
}

function obstacle(ctx: Context): Reason | undefined {
  if (factors(ctx).output.exponent <= 0) return undefined;
  return { reason: 'its output scale is less than 1/128 of its input scale', change: 'quantize the model again' };
}

function float(x: number): number {
  const t = f(x + 3);
  return f(f(x * clampTo(t, 0, 6)) / 6);
}

export const hardSwish: OpSpec = elementwiseOp({
  op: 'hardSwish',
  infer: sameType,
  rules: {
    f32: { fields: () => [], compute: () => float },
    s8: tableRule(integer, obstacle),
    s16: curveRule(() => float),
  },
});
