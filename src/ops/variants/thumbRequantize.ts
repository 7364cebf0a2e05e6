// SPDX-License-Identifier: Apache-2.0
// Constants of runtime-c/include/mote/thumb_requantize.h.
import type { ConstArray } from '../op.js';
import { clampTo, type Multiplier, requantize } from '../requantize.js';
import { constant } from '../weighted.js';
import { foldedLayerBias, type IntegerLayer } from './integerLayer.js';

/** Accumulators must stay below this. */
const accumulatorLimit = 2 ** 28;

/** Multipliers of 1 and more are left to the reference; `round` of a larger shift does not fit its word. */
const maxShift = 23;

/** How one channel's sum becomes an output: requantize(sum + bias) + offset, with the multiplier in the kernels' range. */
export interface ThumbChannel extends Multiplier {
  bias: number;
  offset: number;
}

function channelOf(m: Multiplier, bias: number, weightSum: number, layer: IntegerLayer): ThumbChannel | undefined {
  const reach = 128 * weightSum;
  if (m.multiplier < 0 || Math.abs(bias) + reach >= 2 ** 31) return undefined;
  // Dead channels, with multipliers near 2^-31: requantization is monotonic, so equal ends mean a constant.
  const least = requantize(bias - reach, m, layer.rounding);
  if (least === requantize(bias + reach, m, layer.rounding)) {
    const constantOutput = clampTo(least + layer.outputZeroPoint, layer.outputMin, layer.outputMax);
    return { bias: 0, multiplier: 0, shift: -1, offset: constantOutput };
  }
  // Sums of inputs moved by 128 (thumbPlane) reach twice as far.
  if (Math.abs(bias) + 3 * reach >= accumulatorLimit || m.shift > -1 || m.shift < -maxShift) return undefined;
  return { ...m, bias, offset: layer.outputZeroPoint };
}

/** All channels, or undefined where the kernels cannot compute one. `weightSums` are those of each channel's |weights|. */
export function thumbChannels(layer: IntegerLayer, weightSums: ArrayLike<number>): ThumbChannel[] | undefined {
  const bias = foldedLayerBias(layer);
  const channels = layer.multipliers.map((m, c) => channelOf(m, bias[c], weightSums[c], layer));
  return channels.every((c) => c !== undefined) ? channels : undefined;
}

/** mote_thumb_scale of each channel. */
export function thumbScales(channels: readonly ThumbChannel[]): { const: ConstArray } {
  const rows = channels.flatMap(({ multiplier, shift, offset }) => {
    const right = -shift;
    return [multiplier & 0xffff, multiplier >> 16, (1 << (right - 1)) + offset * 2 ** right, right];
  });
  return constant('scale', 'int32', Int32Array.from(rows), [channels.length, 4]);
}

/** A sum within +-`bound`, as an output: undefined out of the kernels' range. */
export function thumbSum(m: Multiplier, zeroPoint: number, bound: number): ThumbChannel | undefined {
  const fits = bound < accumulatorLimit && m.multiplier > 0 && m.shift <= -1 && m.shift >= -maxShift;
  return fits ? { ...m, bias: 0, offset: zeroPoint } : undefined;
}

/** What the finishing of outputs needs to know. */
type Finishing = Pick<IntegerLayer, 'rounding' | 'outputMin' | 'outputMax' | 'outputZeroPoint'>;

/** The struct's last fields. The sign in front of the rounding shift changes only outputs below zero. */
export function thumbFinishFields(layer: Finishing): [string, number][] {
  const tflite = layer.rounding === 'tflite';
  return [
    ['output_min', layer.outputMin],
    ['output_max', layer.outputMax],
    ['half', tflite ? 1 << 14 : 0],
    ['signs', tflite && layer.outputMin < layer.outputZeroPoint ? 1 : 0],
  ];
}
