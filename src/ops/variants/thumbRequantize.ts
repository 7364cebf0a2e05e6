// SPDX-License-Identifier: Apache-2.0
// Constants of runtime-c/include/mote/thumb_requantize.h.
import type { ConstArray } from '../op.js';
import type { Multiplier } from '../requantize.js';
import { constant } from '../weighted.js';
import type { IntegerLayer } from './integerLayer.js';

/** Accumulators must stay below this. */
const accumulatorLimit = 2 ** 28;

/** Larger shifts, of outputs that are all but constant, are left to the reference, as are multipliers of 1 and more. */
const maxShift = 20;

export const fitsThumbRequantize = (multipliers: readonly Multiplier[]): boolean =>
  multipliers.every((m) => m.multiplier === 0 || (m.multiplier > 0 && m.shift <= -1 && m.shift >= -maxShift));

/** Whether no accumulator leaves the range; `sums` are those of each channel's |weights|, `bias` what is added to them. */
export const fitsAccumulator = (sums: ArrayLike<number>, bias: Int32Array): boolean =>
  bias.every((b, c) => Math.abs(b) + 256 * sums[c] < accumulatorLimit);

/** mote_thumb_scale of each channel. */
export function thumbScales({ multipliers, outputZeroPoint }: IntegerLayer): { const: ConstArray } {
  const rows = multipliers.flatMap(({ multiplier, shift }) => {
    const right = multiplier === 0 ? 1 : -shift;
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
