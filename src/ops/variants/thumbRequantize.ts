// SPDX-License-Identifier: Apache-2.0
// Constants of runtime-c/include/mote/thumb_requantize.h.
import type { ConstArray } from '../op.js';
import type { Multiplier } from '../requantize.js';
import { constant } from '../weighted.js';
import type { IntegerLayer } from './integerLayer.js';

/** Accumulators must stay below this. */
const accumulatorLimit = 2 ** 28;

/** `round` of a larger shift does not fit its word. */
const maxShift = 20;
const zero: Multiplier = { multiplier: 0, shift: -1 };

/**
 * The multipliers in the kernels' range (below 1), or undefined where one is not or an accumulator may leave the range.
 * `sums` are those of each channel's |weights|, `bias` is what is added to the products. Channels whose every accumulator
 * comes out as 0 (dead ones have multipliers near 2^-31) get the multiplier 0.
 */
export function thumbMultipliers(multipliers: readonly Multiplier[], sums: ArrayLike<number>, bias: Int32Array): Multiplier[] | undefined {
  const found = multipliers.map((m, c) => {
    const bound = Math.abs(bias[c]) + 256 * sums[c];
    if (bound >= accumulatorLimit || m.multiplier < 0) return undefined;
    // The high multiply's result is below bound * multiplier / 2^31 + 1: less than half of what rounds to 1.
    const isZero = (bound * m.multiplier) / 2 ** 31 + 2 < 2 ** (-m.shift - 1);
    if (m.multiplier === 0 || isZero) return zero;
    return m.shift <= -1 && m.shift >= -maxShift ? m : undefined;
  });
  return found.every((m) => m !== undefined) ? found : undefined;
}

/** mote_thumb_scale of each channel. */
export function thumbScales(multipliers: readonly Multiplier[], outputZeroPoint: number): { const: ConstArray } {
  const rows = multipliers.flatMap(({ multiplier, shift }) => {
    const right = -shift;
    return [multiplier & 0xffff, multiplier >> 16, (1 << (right - 1)) + outputZeroPoint * 2 ** right, right];
  });
  return constant('scale', 'int32', Int32Array.from(rows), [multipliers.length, 4]);
}

/** The struct's last fields. The sign in front of the rounding shift changes only outputs below zero. */
export function thumbFinishFields(layer: IntegerLayer): [string, number][] {
  const tflite = layer.rounding === 'tflite';
  return [
    ['output_min', layer.outputMin],
    ['output_max', layer.outputMax],
    ['half', tflite ? 1 << 14 : 0],
    ['signs', tflite && layer.outputMin < layer.outputZeroPoint ? 1 : 0],
  ];
}
