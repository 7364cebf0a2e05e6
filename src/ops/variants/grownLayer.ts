// SPDX-License-Identifier: Apache-2.0
// Layers of few bits have large factors, too large for kernels that look at the high word of a product only. Such a layer
// has small weights: it is the same layer with weights and biases 2^bits times as large and factors as much smaller.
import { foldedLayerBias, type IntegerLayer } from './integerLayer.js';

const largestWeight = 127;
const largestInput = 128;

/** By how many bits weights must grow for every channel to shift right, by one bit at least: none in tflite. */
export const missingBits = ({ multipliers, rounding }: IntegerLayer): number =>
  rounding === 'single' ? multipliers.reduce((most, { shift }) => Math.max(most, 1 + shift), 0) : 0;

/** Undefined where that is not exact: tflite rounds the product itself, weights must stay int8 and sums int32. */
export function grownLayer(layer: IntegerLayer, bits: number): IntegerLayer | undefined {
  if (bits === 0) return layer;
  const times = 2 ** bits;
  const largest = layer.weights.reduce((most, w) => Math.max(most, Math.abs(w)), 0);
  const bias = foldedLayerBias(layer).reduce((most, b) => Math.max(most, Math.abs(b)), 0);
  const products = layer.kernelH * layer.kernelW * layer.depth;
  const mostSum = bias + products * largest * largestInput;
  // The bias with its zero point taken out again may be larger than the folded one, by less than the products.
  if (layer.rounding !== 'single' || largest * times > largestWeight || 2 * mostSum * times >= 2 ** 31)
    return undefined;
  return {
    ...layer,
    weights: layer.weights.map((w) => w * times),
    bias: layer.bias.map((b) => b * times),
    multipliers: layer.multipliers.map(({ multiplier, shift }) => ({ multiplier, shift: shift - bits })),
  };
}

/** The layer for kernels that shift their sums left by so many bits themselves: factors as much smaller. Undefined where a
 *  sum would not fit int32, or tflite rounds the product itself. */
export function shiftedLayer(layer: IntegerLayer, bits: number): IntegerLayer | undefined {
  if (bits === 0) return layer;
  const bias = foldedLayerBias(layer);
  const each = layer.weights.length / layer.outC;
  const fits = bias.every((b, c) => {
    const filter = layer.weights.subarray(c * each, (c + 1) * each);
    return (Math.abs(b) + largestInput * filter.reduce((sum, w) => sum + Math.abs(w), 0)) * 2 ** bits < 2 ** 31;
  });
  if (layer.rounding !== 'single' || !fits) return undefined;
  const multipliers = layer.multipliers.map(({ multiplier, shift }) => ({ multiplier, shift: shift - bits }));
  return { ...layer, multipliers };
}
