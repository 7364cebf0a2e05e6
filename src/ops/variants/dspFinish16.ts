// SPDX-License-Identifier: Apache-2.0
// Constants of runtime-c/include/mote/dsp_finish16.h, and whether they are exact for a layer.
import type { CStruct } from '../op.js';
import type { Multiplier } from '../requantize.js';
import { type Int16Layer, sumsBelow } from './int16Layer.js';

/** As dsp_finish16.h numbers them. */
const modes = { signed: 0, relu: 1, tflite: 2 } as const;

export interface Finish16 {
  multiplier: number;
  round: number;
  shift: number;
}

/** 32-bit sums under `tflite` take the doubling high multiply and the rounding shift; all others one rounding shift. */
export const isDouble = (layer: Int16Layer): boolean =>
  layer.rescaling.accumulatorBits === 32 && layer.rounding === 'tflite';

/** mote_requantize64's 15-bit multiplier, moved up so that the whole shift is 32 + s with s >= 1. */
function fromWide({ multiplier, shift }: Multiplier): Finish16 | undefined {
  const reduced = multiplier < 0x7fff0000 ? (multiplier + (1 << 15)) >> 16 : 0x7fff;
  const total = 15 - shift;
  const s = Math.max(1, total - 32);
  const moved = reduced * 2 ** (32 + s - total);
  return moved < 2 ** 31 ? { multiplier: moved, round: 2 ** (s - 1), shift: s } : undefined;
}

/** s of the two roundings for 32-bit sums. Up to 30, the high product and 2^(s - 1) together fit 32 bits. */
function fromNarrow({ multiplier, shift }: Multiplier, double: boolean): Finish16 | undefined {
  if (multiplier === 0) return { multiplier: 0, round: 1, shift: 2 };
  const s = double ? -shift : -1 - shift;
  return multiplier >= 2 ** 30 && s >= 1 && s <= 30 ? { multiplier, round: 2 ** (s - 1), shift: s } : undefined;
}

/** A channel's constants, or undefined where a sum could leave 32 bits or its scale has no such form. */
function finishOf(layer: Int16Layer, c: number): Finish16 | undefined {
  const double = isDouble(layer);
  if (!sumsBelow(layer.filters[c], layer.bias[c], double ? 2 ** 30 : 2 ** 31)) return undefined;
  const m = layer.multipliers[c];
  return layer.rescaling.accumulatorBits === 64 ? fromWide(m) : fromNarrow(m, double);
}

/** One per output channel, or undefined where the form does not hold for one of them. */
export function finishes16(layer: Int16Layer): Finish16[] | undefined {
  const all: Finish16[] = [];
  for (let c = 0; c < layer.outC; c++) {
    const finish = finishOf(layer, c);
    if (!finish) return undefined;
    all.push(finish);
  }
  return all;
}

/** Bounds, mode, and whether the mode's saturation leaves bounds to be met. */
export function finish16Fields(layer: Int16Layer): CStruct['fields'] {
  const { outputMin, outputMax } = layer;
  const relu = outputMin === 0 && !isDouble(layer);
  const mode = relu ? modes.relu : isDouble(layer) ? modes.tflite : modes.signed;
  const met = outputMax === 32_767 && (relu || outputMin === -32_768);
  return [
    ['output_min', outputMin],
    ['output_max', outputMax],
    ['mode', mode],
    ['clamped', met ? 0 : 1],
  ];
}
