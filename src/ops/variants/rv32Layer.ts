// SPDX-License-Identifier: Apache-2.0
// What the RV32 kernels' packing shares: when the six-instruction requantization (rv32_requantize.h) is exact, and the
// constants it needs.
import type { FieldValue } from '../op.js';
import { constant } from '../weighted.js';
import { foldedLayerBias, type IntegerLayer } from './integerLayer.js';

/** Largest right shift: the zero point, shifted by one more, must stay below 2^29. */
const maxShift = 20;
const sumLimit = 2 ** 29;

export interface Channel {
  bias: number;
  multiplier: number;
  shift: number;
}

/** Weight i of channel c, in the order of the layer's own array. */
export type WeightAt = (c: number, i: number) => number;

/** The channels' constants, or undefined where a sum could reach 2^29 or a shift is out of reach. */
export function channelsOf(layer: IntegerLayer, taps: number, weightAt: WeightAt): Channel[] | undefined {
  const bias = foldedLayerBias(layer);
  const channels: Channel[] = [];
  for (let c = 0; c < layer.outC; c++) {
    let reach = Math.abs(bias[c]);
    for (let i = 0; i < taps; i++) reach += 128 * Math.abs(weightAt(c, i));
    const { multiplier, shift } = layer.multipliers[c];
    // A dead channel (multiplier 0) may have any shift.
    const right = multiplier === 0 ? 1 : -shift;
    if (reach >= sumLimit || multiplier < 0 || right < 1 || right > maxShift) return undefined;
    channels.push({ bias: bias[c], multiplier, shift: right });
  }
  return channels;
}

/** The field `channels`: three words each, filled up with zeros to a multiple of `tile`. */
export function channelField(channels: readonly Channel[], tile: number): [string, FieldValue] {
  const count = Math.ceil(channels.length / tile) * tile;
  const data = new Int32Array(3 * count);
  channels.forEach((c, i) => void data.set([c.bias, c.multiplier, c.shift], 3 * i));
  return ['channels', constant('channels', 'int32', data, [count, 3])];
}

/** The field `output`: zero_point2, tie, min, max. */
export const outputField = (layer: IntegerLayer): [string, FieldValue] => [
  'output',
  { values: [2 * layer.outputZeroPoint + 1, layer.rounding === 'tflite' ? 1 : 0, layer.outputMin, layer.outputMax] },
];
