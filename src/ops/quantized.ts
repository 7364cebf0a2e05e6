// SPDX-License-Identifier: Apache-2.0
// Quantization parameters as the kernels use them. Scales are float32 in TensorFlow Lite, so they are rounded to float32
// before anything is computed from them; the computation itself is in double where TensorFlow Lite's is.
import type { Clamp, Node, Quant, Tensor } from '../model/graph.js';
import { badShape } from './attributes.js';
import { clampTo, roundAway } from './requantize.js';

export interface Limits {
  min: number;
  max: number;
}

const limits: Partial<Record<Tensor['dtype'], Limits>> = {
  int8: { min: -128, max: 127 },
  uint8: { min: 0, max: 255 },
  int16: { min: -32768, max: 32767 },
  int32: { min: -(2 ** 31), max: 2 ** 31 - 1 },
};

/** Range of an integer activation. */
export function limitsOf(t: Tensor): Limits {
  const range = limits[t.dtype];
  if (!range) throw new Error(`'${t.name}' is not an integer activation`);
  return range;
}

export interface Scale {
  scale: number;
  zeroPoint: number;
}

/** Scale and zero point of a tensor that must have exactly one sound pair. */
export function scaleOf(node: Node, t: Tensor): Scale {
  const quant = t.quant;
  if (quant?.scales.length !== 1 || quant.zeroPoints.length !== 1)
    badShape(node, `tensor '${t.name}' is not quantized per tensor`);
  const scale = Math.fround(quant.scales[0]);
  if (!(scale > 0 && Number.isFinite(scale))) badShape(node, `tensor '${t.name}' has a scale of ${quant.scales[0]}`);
  const zeroPoint = quant.zeroPoints[0];
  const range = limits[t.dtype];
  if (range && (zeroPoint < range.min || zeroPoint > range.max))
    badShape(node, `tensor '${t.name}' has a zero point of ${zeroPoint}`);
  return { scale, zeroPoint };
}

/** Scales of a weight tensor as float32: one, or one per index of `axis`. */
export function weightScales(node: Node, w: Tensor, axis: number): Float64Array {
  const quant = w.quant;
  const channels = w.shape[axis];
  const count = quant?.scales.length ?? 0;
  if (!quant || count === 0 || (count !== 1 && (count !== channels || quant.axis !== axis))) {
    badShape(node, `weights '${w.name}' need one scale, or one per output channel`);
  }
  const scales = quant.scales.map(Math.fround);
  if (!scales.every((s) => s >= 0 && Number.isFinite(s)))
    badShape(node, `weights '${w.name}' have a scale that is not a positive number`);
  return scales;
}

export const sameQuant = (a: Quant | undefined, b: Quant | undefined): boolean =>
  a !== undefined &&
  b !== undefined &&
  a.scales.length === 1 &&
  b.scales.length === 1 &&
  Math.fround(a.scales[0]) === Math.fround(b.scales[0]) &&
  a.zeroPoints[0] === b.zeroPoints[0];

/** real -> integer, rounded in float32 as TensorFlow Lite does. */
export function quantizeValue(real: number, { scale, zeroPoint }: Scale, { min, max }: Limits): number {
  return clampTo(roundAway(Math.fround(Math.fround(real) / scale)) + zeroPoint, min, max);
}

/** The integer bounds of a fused activation: TensorFlow Lite's CalculateActivationRangeQuantized, for any bounds. */
export function activationRange(clamp: Clamp, scale: Scale, range: Limits): Limits {
  return {
    min: clamp.min === null ? range.min : quantizeValue(clamp.min, scale, range),
    max: clamp.max === null ? range.max : quantizeValue(clamp.max, scale, range),
  };
}

/** float32's largest finite number: no bound at all, as TensorFlow Lite writes it. */
const floatMax = Math.fround(3.4028234663852886e38);

/** The float32 bounds of a fused activation. */
export function floatRange(clamp: Clamp): Limits {
  return {
    min: clampTo(Math.fround(clamp.min ?? -floatMax), -floatMax, floatMax),
    max: clampTo(Math.fround(clamp.max ?? floatMax), -floatMax, floatMax),
  };
}
