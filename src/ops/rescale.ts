// SPDX-License-Identifier: Apache-2.0
// Integer to integer of another scale, with bounds: what clamp, quantize and concat do to an element.
import type { Context } from './elementwise.js';
import type { CStruct } from './op.js';
import { type Limits, type Scale, scaleOf } from './quantized.js';
import { clampTo, type Multiplier, quantizeMultiplier, requantize, roundingCode } from './requantize.js';

export interface Rescale {
  input: Scale;
  output: Scale;
  factor: Multiplier;
}

/** TensorFlow Lite divides the scales in float32 for activations and in double for conversions. */
export function rescaleOf({ node, x, y }: Pick<Context, 'node' | 'x' | 'y'>, round: (x: number) => number): Rescale {
  const [input, output] = [scaleOf(node, x), scaleOf(node, y)];
  return { input, output, factor: quantizeMultiplier(round(input.scale / output.scale)) };
}

export function rescaleFields(r: Rescale, ctx: Context): CStruct['fields'] {
  return [
    ['input_zero_point', r.input.zeroPoint],
    ['multiplier', r.factor.multiplier],
    ['shift', r.factor.shift],
    ['output_zero_point', r.output.zeroPoint],
    ['rounding', roundingCode(ctx.rounding)],
  ];
}

export const rescaled =
  (r: Rescale, rounding: Context['rounding'], { min, max }: Limits) =>
  (x: number): number =>
    clampTo((requantize(x - r.input.zeroPoint, r.factor, rounding) + r.output.zeroPoint) | 0, min, max);
