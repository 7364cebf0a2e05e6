// SPDX-License-Identifier: Apache-2.0
// What the RV32 kernels' packing shares: when the six-instruction requantization (rv32_requantize.h) is exact, and the
// constants it needs.
import type { FieldValue } from '../op.js';
import { requantize } from '../requantize.js';
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

/** Where weight i of channel c lies in the layer's own array. */
export type WeightIndex = (c: number, i: number) => number;

interface Reach {
  min: number;
  max: number;
}

/** Bounds of a channel's sum over all inputs, the bias with the input zero point folded in. */
function reachOf(layer: IntegerLayer, bias: number, c: number, taps: number, index: WeightIndex): Reach {
  const reach = { min: bias, max: bias };
  for (let i = 0; i < taps; i++) {
    const w = layer.weights[index(c, i)];
    reach.min += Math.min(w * -128, w * 127);
    reach.max += Math.max(w * -128, w * 127);
  }
  return reach;
}

const half = 2 ** 30;
const isSmall = (value: number, limit: number): boolean => Math.abs(value) < limit;

/**
 * The layer with every channel that gives the same output for all inputs (pruned ones have tiny scales, whose shifts the
 * fast requantization cannot do) written so that it can: no weights, and a bias whose quarter is the output.
 */
export function settle(layer: IntegerLayer, taps: number, index: WeightIndex): IntegerLayer {
  const folded = foldedLayerBias(layer);
  const settled = {
    ...layer,
    weights: layer.weights.slice(),
    bias: layer.bias.slice(),
    multipliers: [...layer.multipliers],
  };
  for (let c = 0; c < layer.outC; c++) {
    const { multiplier, shift } = layer.multipliers[c];
    if (multiplier > 0 && -shift >= 1 && -shift <= maxShift) continue;
    const reach = reachOf(layer, folded[c], c, taps, index);
    if (!isSmall(reach.min, 2 ** 31) || !isSmall(reach.max, 2 ** 31) || multiplier < 0 || shift > 0) continue;
    const value = requantize(reach.min, layer.multipliers[c], layer.rounding);
    if (value !== requantize(reach.max, layer.multipliers[c], layer.rounding) || !isSmall(value, 2 ** 20)) continue;
    for (let i = 0; i < taps; i++) settled.weights[index(c, i)] = 0;
    settled.bias[c] = 4 * value;
    settled.multipliers[c] = { multiplier: half, shift: -1 };
  }
  return settled;
}

/** The constants of a settled layer's channels, or undefined where a sum could reach 2^29 or a shift is out of reach. */
export function channelsOf(layer: IntegerLayer, taps: number, index: WeightIndex): Channel[] | undefined {
  const bias = foldedLayerBias(layer);
  const channels: Channel[] = [];
  for (let c = 0; c < layer.outC; c++) {
    const { min, max } = reachOf(layer, bias[c], c, taps, index);
    const { multiplier, shift } = layer.multipliers[c];
    if (min <= -sumLimit || max >= sumLimit || multiplier < 0 || -shift < 1 || -shift > maxShift) return undefined;
    channels.push({ bias: bias[c], multiplier, shift: -shift });
  }
  return channels;
}

/** The field `channels`: four words each (rv32_requantize.h), filled up with zeros to a multiple of `tile`. */
export function channelField(layer: IntegerLayer, channels: readonly Channel[], tile: number): [string, FieldValue] {
  const count = Math.ceil(channels.length / tile) * tile;
  const data = new Int32Array(4 * count);
  channels.forEach(({ bias, multiplier, shift }, i) => {
    const rounding = (2 * layer.outputZeroPoint + 1) * 2 ** shift + (layer.rounding === 'tflite' ? 1 : 0);
    data.set([bias, multiplier, rounding, shift + 1], 4 * i);
  });
  return ['channels', constant('channels', 'int32', data, [count, 4])];
}

/** The field `output`: tie, min, max. */
export const outputField = (layer: IntegerLayer): [string, FieldValue] => [
  'output',
  { values: [layer.rounding === 'tflite' ? 2 : 0, layer.outputMin, layer.outputMax] },
];
