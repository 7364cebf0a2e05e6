// SPDX-License-Identifier: Apache-2.0
// Constants of the DSP kernels for blocks of four channels, as runtime-c/include/mote/dsp_block.h describes them.
import { clampTo, type Multiplier, requantize } from '../requantize.js';
import { foldedLayerBias, type IntegerLayer } from './integerLayer.js';

/** A pair of taps that one 16-bit lane each holds; -1 is none, a zero weight. */
export type TapPair = readonly [first: number, second: number];

/** `paired`: a lane is 256 * odd + even channel. `wide`: two bytes. `int16`: one channel's weight, twice the flash. */
export type WeightForm = 'paired' | 'wide' | 'int16';

/** Pairs of `count` taps from `first` on, as SXTB16 takes them from words; a shorter rest as mote_dsp_widen's. */
export function tapPairs(first: number, count: number): TapPair[] {
  const pairs: TapPair[] = [];
  const whole = count & ~3;
  for (let i = first; i < first + whole; i += 4) pairs.push([i, i + 2], [i + 1, i + 3]);
  const rest = first + whole;
  if (count % 4 === 1) pairs.push([rest, -1]);
  if (count % 4 === 2) pairs.push([rest, rest + 1]);
  if (count % 4 === 3) pairs.push([rest, rest + 2], [rest + 1, -1]);
  return pairs;
}

/** The same with the last word filled up. */
export function wholeTapPairs(count: number): TapPair[] {
  const inside = (tap: number): number => (tap < count ? tap : -1);
  return tapPairs(0, Math.ceil(count / 4) * 4).map(([a, b]) => [inside(a), inside(b)]);
}

/** Least and greatest sum of a channel, bias included, over all int8 inputs: no other can come up. */
export function sumRange(weights: Int8Array, bias: number): { min: number; max: number } {
  let [min, max] = [bias, bias];
  for (const w of weights) {
    min += w > 0 ? -128 * w : 127 * w;
    max += w > 0 ? 127 * w : -128 * w;
  }
  return { min, max };
}

/** As dsp_block.h numbers them. */
export const modes = { rectified: 0, tflite: 1, single: 2 } as const;
export type Mode = keyof typeof modes;

/** Sums that come times 2^bits: a paired odd channel's, and Winograd's. Others are doubled by the kernel. */
const pairedBits = 8;

/** What a mode adds to the shift of such a sum: tflite halves it until it is doubled. */
const addedShift = (mode: Mode, bits: number): number =>
  bits === 0 || mode === 'tflite' ? 0 : mode === 'single' ? bits : bits - 1;

/** Up to here zero point * 2^s and the product's high word fit 31 bits. */
const maxShift = 22;

/** The shift amount s after the high product, or undefined where the kernels' form does not hold. Where the sums of all
 *  channels come times 2^allBits, it may be as much less: those bits are left to be shifted out. */
export function highShift({ multiplier, shift }: Multiplier, mode: Mode, allBits = 0): number | undefined {
  const s = mode === 'single' ? -1 - shift : -shift;
  const least = 1 - addedShift(mode, allBits);
  return multiplier >= 2 ** 30 && s >= least && s + addedShift(mode, pairedBits) <= maxShift ? s : undefined;
}

/** Bounded by the zero point, tflite rounding needs no care for ties below 0. */
export function modeOf(layer: LivelyLayer, allBits = 0): Mode {
  if (layer.rounding === 'single') return 'single';
  const fits = (m: Multiplier, c: number): boolean =>
    layer.constantOutputs[c] !== undefined || highShift(m, 'rectified', allBits) !== undefined;
  return layer.outputMin >= layer.outputZeroPoint && layer.multipliers.every(fits) ? 'rectified' : 'tflite';
}

/** m, r, s of a channel that is not constant. */
function requantization(m: Multiplier, layer: LivelyLayer, bits: number, allBits: number): number[] {
  const mode = modeOf(layer, allBits);
  const high = highShift(m, mode, allBits) as number;
  const s = high + addedShift(mode, bits);
  // tflite rounds the high product, and then what is shifted out, unless nothing is: a shift to the left comes before both.
  const half = bits && mode === 'rectified' && high > 0 ? 2 ** (bits - 2) : 0;
  return [m.multiplier, 2 ** (s - 1) + half + layer.outputZeroPoint * 2 ** s, s];
}

/** The same in both contracts for a channel that is always `value`: (2 value + 1 - (0 or 1)) >> 1. */
const constantOutput = (value: number): number[] => [0, 2 * value + 1, 1];

export const filterOf = (layer: IntegerLayer, channel: number): Int8Array => {
  const each = layer.weights.length / layer.outC;
  return layer.weights.subarray(channel * each, (channel + 1) * each);
};

/** A layer whose dead channels (constant whatever the input, often with a bias beyond all others) have lost their
 *  weights and bias. */
export interface LivelyLayer extends IntegerLayer {
  /** By channel. */
  constantOutputs: (number | undefined)[];
}

/** The output that all inputs give, of the layer's channels and of those beyond the last. */
export const constantOutputOf = ({ outC, constantOutputs }: LivelyLayer, c: number): number | undefined =>
  c < outC ? constantOutputs[c] : 0;

/** The output that all inputs give: requantization is monotonic, so the least and the greatest sum tell. */
function findConstantOutput(layer: IntegerLayer, channel: number, bias: number): number | undefined {
  const { min, max } = sumRange(filterOf(layer, channel), bias);
  if (min < -(2 ** 31) || max >= 2 ** 31) return undefined;
  const [least, greatest] = [min, max].map((sum) =>
    clampTo(
      requantize(sum, layer.multipliers[channel], layer.rounding) + layer.outputZeroPoint,
      layer.outputMin,
      layer.outputMax,
    ),
  );
  // Where a shift to the left overflows there is no order to rely on.
  return least === greatest && layer.multipliers[channel].shift <= 0 ? least : undefined;
}

export function livelyLayer(layer: IntegerLayer): LivelyLayer {
  const folded = foldedLayerBias(layer);
  const weights = layer.weights.slice();
  const bias = layer.bias.slice();
  const constantOutputs = layer.multipliers.map((_, c) => findConstantOutput(layer, c, folded[c]));
  constantOutputs.forEach((value, c) => {
    if (value === undefined) return;
    filterOf({ ...layer, weights }, c).fill(0);
    bias[c] = 0;
  });
  return { ...layer, weights, bias, constantOutputs };
}

/** Whether every sum of the layer comes out exact in this form. */
export function fitsForm(layer: LivelyLayer, form: WeightForm): boolean {
  const bias = foldedLayerBias(layer);
  const mode = modeOf(layer);
  return layer.multipliers.every((m, c) => {
    const odd = isPairedOdd(c, form);
    const filter = filterOf(layer, c);
    const { min, max } = sumRange(filter, bias[c]);
    const limit = odd ? 2 ** 23 : 2 ** 30;
    if (min < -limit || max >= limit || (odd && overflows(filterOf(layer, c - 1), filter))) return false;
    return layer.constantOutputs[c] !== undefined || highShift(m, mode) !== undefined;
  });
}

/** A lane of 256 * -128 + a negative number has more than 16 bits. */
const overflows = (even: Int8Array, odd: Int8Array): boolean => odd.some((w, i) => w === -128 && even[i] < 0);

const blockChannels = 4;

/** One stream, block after block: initial sums, weights, requantization. Channels beyond the last are constant. */
export function blockConstants(layer: LivelyLayer, pairs: readonly TapPair[], form: WeightForm): Int32Array {
  const filters = Array.from({ length: layer.outC }, (_, c) => filterOf(layer, c));
  const bias = foldedLayerBias(layer);
  const weight = (c: number, tap: number): number => (tap >= 0 ? (filters[c]?.[tap] ?? 0) : 0);
  const lane = (c: number, tap: number): number => {
    const [even, odd] = [weight(c, tap), weight(c + 1, tap)];
    if (form === 'int16') return even & 0xffff;
    return (form === 'paired' ? 256 * odd + even : (odd << 8) | (even & 0xff)) & 0xffff;
  };
  const stream: number[] = [];
  for (let first = 0; first < layer.outC; first += blockChannels) {
    const channels = [first, first + 1, first + 2, first + 3];
    stream.push(...channels.map((c) => initialSum(bias, c, form)));
    for (const [a, b] of pairs) {
      for (const c of form === 'int16' ? channels : [first, first + 2]) stream.push(lane(c, a) | (lane(c, b) << 16));
    }
    for (const c of channels) stream.push(...rescaling(layer, c, isPairedOdd(c, form) ? pairedBits : 0));
  }
  return Int32Array.from(stream);
}

const isPairedOdd = (channel: number, form: WeightForm): boolean => form === 'paired' && channel % 2 === 1;

const initialSum = (bias: Int32Array, c: number, form: WeightForm): number =>
  (isPairedOdd(c, form) ? Math.imul(256, bias[c] ?? 0) + (bias[c - 1] ?? 0) : (bias[c] ?? 0)) | 0;

/** m, r, s of channel c, whose sum comes times 2^bits, and all channels' times 2^allBits; one beyond the last is constant. */
export function rescaling(layer: LivelyLayer, c: number, bits: number, allBits = 0): number[] {
  const constant = constantOutputOf(layer, c);
  return constant === undefined ? requantization(layer.multipliers[c], layer, bits, allBits) : constantOutput(constant);
}
