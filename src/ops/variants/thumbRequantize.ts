// SPDX-License-Identifier: Apache-2.0
// Constants of runtime-c/include/mote/thumb_requantize.h.
import type { Rounding } from '../op.js';
import type { Multiplier } from '../requantize.js';
import type { IntegerLayer } from './integerLayer.js';

/** Accumulators must stay below this. */
const accumulatorLimit = 2 ** 28;

/** Multipliers of 1 and more are left to the reference. */
export const fitsThumbRequantize = (multipliers: readonly Multiplier[]): boolean =>
  multipliers.every((m) => m.multiplier >= 0 && (m.multiplier === 0 || (m.shift <= -1 && m.shift >= -31)));

/** Whether no accumulator leaves the range; `sums` are those of each channel's |weights|, `bias` the folded one. */
export const fitsAccumulator = (sums: ArrayLike<number>, bias: Int32Array): boolean =>
  bias.every((b, c) => Math.abs(b) + 128 * sums[c] < accumulatorLimit);

/** mote_thumb_scale of one channel. */
export function thumbScale(bias: number, { multiplier, shift }: Multiplier): number[] {
  const right = multiplier === 0 ? 1 : -shift;
  return [bias, multiplier >> 16, multiplier & 0xffff, 1 << (right - 1), right];
}

/** The struct's last fields. */
export function thumbFinishFields(layer: IntegerLayer): [string, number][] {
  const tflite = layer.rounding === 'tflite';
  return [
    ['output_zero_point', layer.outputZeroPoint],
    ['output_min', layer.outputMin],
    ['output_max', layer.outputMax],
    ...thumbRoundingFields(tflite ? 'tflite' : 'single'),
  ];
}

const thumbRoundingFields = (rounding: Rounding): [string, number][] => [
  ['half', rounding === 'tflite' ? 1 << 14 : 0],
  ['sign_mask', rounding === 'tflite' ? -1 : 0],
];
