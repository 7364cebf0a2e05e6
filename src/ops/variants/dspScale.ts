// SPDX-License-Identifier: Apache-2.0
// Constants of runtime-c/include/mote/dsp_requantize.h, and whether they are exact for a layer.
import type { Multiplier } from '../requantize.js';
import { foldedLayerBias, type IntegerLayer } from './integerLayer.js';

export interface DspScale {
  /** Twice the bias with the input zero point folded in, as many times as large as the weights. */
  bias: number;
  multiplier: number;
  round: number;
  shift: number;
}

/** The largest |sum| that a channel can reach, bias included. */
function largestSum(weights: readonly number[], bias: number): number {
  return Math.abs(bias) + 128 * weights.reduce((sum, w) => sum + Math.abs(w), 0);
}

/** Nothing in the sums or in the rounding leaves 32 bits, and the channel shifts right. `largest` is without `times`. */
function scaleOfChannel(
  { bias, largest: once }: { bias: number; largest: number },
  { multiplier, shift }: Multiplier,
  zeroPoint: number,
  bits: number,
): DspScale | undefined {
  const times = 2 ** bits;
  const largest = times * once;
  if (2 * largest >= 2 ** 31 || multiplier < 0) return undefined;
  const product = (largest * multiplier) / 2 ** 31;
  // Too small to leave 0 in either rounding, always so for a multiplier of 0; the shift does not matter.
  const s = bits - shift;
  if (multiplier === 0 || product < 2 ** (s - 1) - 2)
    return { bias: 2 * times * bias, multiplier: 0, round: 1 + 2 * zeroPoint, shift: 1 };
  const round = 2 ** (s - 1) + zeroPoint * 2 ** s;
  return s < 1 || Math.abs(round) + product + 2 >= 2 ** 31
    ? undefined
    : { bias: 2 * times * bias, multiplier, round, shift: s };
}

/** One per output channel, or undefined where the fast form does not hold for one of them. `taps(c)` are its weights, which
 *  the kernel has times 2^bits. */
export function dspScales(layer: IntegerLayer, taps: (channel: number) => number[], bits = 0): DspScale[] | undefined {
  const bias = foldedLayerBias(layer);
  const scales: DspScale[] = [];
  for (let c = 0; c < layer.outC; c++) {
    const sums = { bias: bias[c], largest: largestSum(taps(c), bias[c]) };
    const scale = scaleOfChannel(sums, layer.multipliers[c], layer.outputZeroPoint, bits);
    if (!scale) return undefined;
    scales.push(scale);
  }
  return scales;
}
