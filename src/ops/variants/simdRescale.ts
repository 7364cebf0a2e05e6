// SPDX-License-Identifier: Apache-2.0
// The constants of runtime-c/include/mote/simd_rescale.h: a high multiply, then a rounding division in float32.
import type { CStruct } from '../op.js';
import type { Multiplier } from '../requantize.js';
import { constant } from '../weighted.js';
import { foldedLayerBias, type IntegerLayer } from './integerLayer.js';

/** Largest exponent of the division that is exact in float32 (simd_rescale.h). */
const maxExponent = 15;

/** The largest |accumulator| of each channel, whatever the input. `index` finds weight i of channel c. */
function accumulatorBounds(
  { weights, outC }: IntegerLayer,
  bias: Int32Array,
  index: (c: number, i: number) => number,
): number[] {
  const each = weights.length / outC;
  return Array.from(bias, (b, c) => {
    let sum = 0;
    for (let i = 0; i < each; i++) sum += Math.abs(weights[index(c, i)]);
    return 128 * sum + Math.abs(b);
  });
}

interface Scaling {
  multiplier: number;
  /** The division by 2^exponent after the high multiply. */
  exponent: number;
}

const nothing: Scaling = { multiplier: 0, exponent: 0 };

/** How a channel is scaled, or undefined where this form is not exact. `preShift` is the layer's. */
function scalingOf({ multiplier, shift }: Multiplier, bound: number, preShift: number, single: boolean) {
  if (multiplier === 0) return nothing;
  const exponent = single ? preShift - 1 - shift : -shift;
  // Less than half a step, whatever the input: channels that died in training.
  if (bound < 2 ** (exponent - 1 - (single ? preShift : 0))) return nothing;
  return exponent < 0 || exponent > maxExponent ? undefined : { multiplier, exponent };
}

/** The shift before the multiplication: single rounding needs a total shift of 33 and more. */
function preShiftOf(multipliers: readonly Multiplier[], single: boolean): number {
  if (!single) return 1;
  return Math.max(0, ...multipliers.filter((m) => m.multiplier !== 0).map((m) => m.shift + 2));
}

/**
 * input_zero_point and rescale.…, arrays by `channelOf`: the channel of each lane of all blocks, or undefined for a lane
 * without one. Undefined where the fast form is not exact.
 */
export function rescaleFields(
  layer: IntegerLayer,
  channelOf: readonly (number | undefined)[],
  index: (c: number, i: number) => number,
): CStruct['fields'] | undefined {
  const single = layer.rounding === 'single';
  const bias = foldedLayerBias(layer);
  const bounds = accumulatorBounds(layer, bias, index);
  const preShift = preShiftOf(layer.multipliers, single);
  if (Math.max(...bounds) * 2 ** preShift >= 2 ** 31) return undefined;
  const scalings: Scaling[] = [];
  for (const [c, m] of layer.multipliers.entries()) {
    const scaling = scalingOf(m, bounds[c], preShift, single);
    if (!scaling) return undefined;
    scalings.push(scaling);
  }
  const ints = (name: string, of: (c: number) => number): CStruct['fields'][number] => [
    `rescale.${name}`,
    constant(
      name,
      'int32',
      Int32Array.from(channelOf, (c) => (c === undefined ? 0 : of(c))),
      [channelOf.length],
    ),
  ];
  const scales = Float32Array.from(channelOf, (c) => (c === undefined ? 0 : 2 ** -scalings[c].exponent));
  return [
    ['input_zero_point', layer.inputZeroPoint],
    ints('bias', (c) => bias[c]),
    ints('multiplier', (c) => scalings[c].multiplier),
    ints('ties', (c) => (!single && scalings[c].exponent > 0 ? -1 : 0)),
    ['rescale.scale', constant('scale', 'float32', scales, [channelOf.length])],
    ['rescale.pre_shift', preShift],
    ['rescale.half', single ? 0 : 1],
    ['rescale.offset', { float: layer.outputZeroPoint + 0.5 }],
    ['rescale.min', { float: layer.outputMin }],
    ['rescale.max', { float: layer.outputMax }],
  ];
}
