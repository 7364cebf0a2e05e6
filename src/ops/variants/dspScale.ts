// SPDX-License-Identifier: Apache-2.0
// Constants of runtime-c/include/mote/dsp_requantize.h, and whether they are exact for a layer.
import { foldedLayerBias, type IntegerLayer } from './integerLayer.js';

export interface DspScale {
  /** Twice the bias with the input zero point folded in. */
  bias: number;
  multiplier: number;
  round: number;
  shift: number;
}

/** The largest |sum| that a channel can reach, bias included. */
function largestSum(weights: readonly number[], bias: number): number {
  return Math.abs(bias) + 128 * weights.reduce((sum, w) => sum + Math.abs(w), 0);
}

/** Nothing in the sums or in the rounding leaves 32 bits, and the channel shifts right. */
function scaleOfChannel(
  bias: number,
  largest: number,
  multiplier: number,
  shift: number,
  zeroPoint: number,
): DspScale | undefined {
  if (2 * largest >= 2 ** 31 || multiplier < 0) return undefined;
  const product = (largest * multiplier) / 2 ** 31;
  // Too small to leave 0 in either rounding, always so for a multiplier of 0; the shift does not matter.
  if (multiplier === 0 || product < 2 ** (-shift - 1) - 2)
    return { bias: 2 * bias, multiplier: 0, round: 1 + 2 * zeroPoint, shift: 1 };
  const s = -shift;
  const round = 2 ** (s - 1) + zeroPoint * 2 ** s;
  return s < 1 || Math.abs(round) + product + 2 >= 2 ** 31
    ? undefined
    : { bias: 2 * bias, multiplier, round, shift: s };
}

/** One per output channel, or undefined where the fast form does not hold for one of them. `taps(c)` are its weights. */
export function dspScales(layer: IntegerLayer, taps: (channel: number) => number[]): DspScale[] | undefined {
  const bias = foldedLayerBias(layer);
  const scales: DspScale[] = [];
  for (let c = 0; c < layer.outC; c++) {
    const { multiplier, shift } = layer.multipliers[c];
    const scale = scaleOfChannel(bias[c], largestSum(taps(c), bias[c]), multiplier, shift, layer.outputZeroPoint);
    if (!scale) return undefined;
    scales.push(scale);
  }
  return scales;
}
