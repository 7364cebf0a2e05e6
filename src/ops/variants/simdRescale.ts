// SPDX-License-Identifier: Apache-2.0
// The constants of runtime-c/include/mote/simd_rescale.h: a high multiply, then a rounding division in float32.
import type { CStruct } from '../op.js';
import { clampTo, type Multiplier, requantize } from '../requantize.js';
import { constant } from '../weighted.js';
import { foldedLayerBias, type IntegerLayer } from './integerLayer.js';

/** Largest exponent of the division that is exact in float32, and the shortest shift that a high word can make. */
const maxExponent = 15;
const minDeep = 2;

/** Where weight i of channel c lies. */
type WeightIndex = (c: number, i: number) => number;

/** How the kernel scales a channel. */
interface Scaling {
  bias: number;
  multiplier: number;
  /** Shift right before the division. */
  deep: number;
  /** The division by 2^exponent. */
  exponent: number;
  ties: 0 | -1;
  /** Every input gives the same output: the channel needs no weights. */
  constant?: true;
}

interface Reach {
  min: number;
  max: number;
}

/** Bounds of a channel's accumulator, whatever the input. */
function reachOf({ weights, outC }: IntegerLayer, bias: number, c: number, index: WeightIndex): Reach {
  const each = weights.length / outC;
  const reach = { min: bias, max: bias };
  for (let i = 0; i < each; i++) {
    const w = weights[index(c, i)];
    reach.min += Math.min(-128 * w, 127 * w);
    reach.max += Math.max(-128 * w, 127 * w);
  }
  return reach;
}

/** The one output (zero point not added) of a channel that died in training, or undefined. */
function constantOutput(layer: IntegerLayer, { min, max }: Reach, m: Multiplier): number | undefined {
  if (min < -(2 ** 31) || max >= 2 ** 31) return undefined;
  const zero = layer.outputZeroPoint;
  const [low, high] = [min, max].map((acc) =>
    clampTo(requantize(acc, m, layer.rounding) + zero, layer.outputMin, layer.outputMax),
  );
  return low === high ? low - zero : undefined;
}

/** Gives `output` by way of a high multiply with 2^30 and a division by 2^preShift (single) or none (tflite). */
function constantScaling(output: number, preShift: number, single: boolean): Scaling {
  return {
    bias: output * (single ? 4 : 2),
    multiplier: 2 ** 30,
    deep: 0,
    exponent: single ? preShift : 0,
    ties: 0,
    constant: true,
  };
}

/** A channel's scaling, or undefined where this form is not exact. */
function scalingOf({ multiplier, shift }: Multiplier, bias: number, preShift: number, single: boolean) {
  const exponent = single ? preShift - 1 - shift : -shift;
  if (exponent < 0) return undefined;
  const deep = exponent > maxExponent ? Math.max(minDeep, exponent - maxExponent) : 0;
  return { bias, multiplier, deep, exponent: exponent - deep, ties: !single && exponent > 0 ? -1 : 0 } as const;
}

/** Every channel's scaling and the shift before the multiplication; undefined where this form is not exact. */
function scalingsOf(layer: IntegerLayer, index: WeightIndex): { scalings: Scaling[]; preShift: number } | undefined {
  const single = layer.rounding === 'single';
  const channels = Array.from(foldedLayerBias(layer), (bias, c) => {
    const reach = reachOf(layer, bias, c, index);
    return { bias, reach, m: layer.multipliers[c], output: constantOutput(layer, reach, layer.multipliers[c]) };
  });
  const living = channels.filter((c) => c.output === undefined);
  // Single rounding needs a total shift, 31 - shift + preShift, of 33 and more.
  const preShift = single ? Math.max(0, ...living.map((c) => c.m.shift + 2)) : 1;
  const limit = 2 ** (31 - preShift);
  if (living.some(({ reach }) => reach.min < -limit || reach.max >= limit)) return undefined;
  const scalings: Scaling[] = [];
  for (const { bias, m, output } of channels) {
    const scaling =
      output === undefined ? scalingOf(m, bias, preShift, single) : constantScaling(output, preShift, single);
    if (!scaling) return undefined;
    scalings.push(scaling);
  }
  return { scalings, preShift };
}

export interface SimdRescale {
  /** input_zero_point and rescale.…, arrays by the channel of each lane. */
  fields: CStruct['fields'];
  /** Channels whose weights are to be 0. */
  dead: ReadonlySet<number>;
}

/** `channelOf`: the channel of each lane of all blocks, or undefined for a lane without one. */
export function simdRescale(
  layer: IntegerLayer,
  channelOf: readonly (number | undefined)[],
  index: WeightIndex,
): SimdRescale | undefined {
  const found = scalingsOf(layer, index);
  if (!found) return undefined;
  const { scalings, preShift } = found;
  const shape = [channelOf.length];
  const lanes = (of: (s: Scaling) => number): number[] => channelOf.map((c) => (c === undefined ? 0 : of(scalings[c])));
  const ints = (name: string, of: (s: Scaling) => number): CStruct['fields'][number] => [
    `rescale.${name}`,
    constant(name, 'int32', Int32Array.from(lanes(of)), shape),
  ];
  const scales = constant('scale', 'float32', Float32Array.from(lanes((s) => 2 ** -s.exponent)), shape);
  return {
    dead: new Set(scalings.flatMap((s, c) => (s.constant ? [c] : []))),
    fields: [
      ['input_zero_point', layer.inputZeroPoint],
      ints('bias', (s) => s.bias),
      ints('multiplier', (s) => s.multiplier),
      ints('ties', (s) => s.ties),
      ['rescale.scale', scales],
      scalings.some((s) => s.deep > 0)
        ? ints('deep', (s) => (s.deep > 0 ? 2 ** (32 - s.deep) : 0))
        : ['rescale.deep', null],
      ['rescale.pre_shift', preShift],
      ['rescale.half', layer.rounding === 'single' ? 0 : 1],
      ['rescale.offset', { float: layer.outputZeroPoint + 0.5 }],
      ['rescale.min', { float: layer.outputMin }],
      ['rescale.max', { float: layer.outputMax }],
    ],
  };
}
