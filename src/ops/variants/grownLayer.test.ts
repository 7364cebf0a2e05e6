// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { requantize } from '../requantize.js';
import { grownLayer } from './grownLayer.js';
import type { IntegerLayer } from './integerLayer.js';

const layerOf = (weights: number[], bias: number, multiplier: number, shift: number, rounding = 'single') =>
  ({
    ...{ kernelH: 1, kernelW: 1, depth: weights.length, groups: 1, channelMultiplier: 1, inC: weights.length, outC: 1 },
    ...{ weights: Int8Array.from(weights), bias: Int32Array.of(bias), inputZeroPoint: 3, rounding },
    multipliers: [{ multiplier, shift }],
  }) as unknown as IntegerLayer;

const sumOf = ({ weights, bias }: IntegerLayer, x: readonly number[]): number =>
  weights.reduce((sum, w, i) => sum + w * (x[i] - 3), bias[0]);

describe('a layer with larger weights', () => {
  it('gives the same outputs', () => {
    const weights = fc.array(fc.integer({ min: -8, max: 7 }), { minLength: 1, maxLength: 9 });
    const inputs = fc.array(fc.integer({ min: -128, max: 127 }), { minLength: 9, maxLength: 9 });
    const factor = fc.tuple(fc.integer({ min: 2 ** 30, max: 2 ** 31 - 1 }), fc.integer({ min: -8, max: 3 }));
    fc.assert(
      fc.property(
        weights,
        inputs,
        factor,
        fc.integer({ min: -9000, max: 9000 }),
        fc.integer({ min: 0, max: 3 }),
        (w, x, [m, s], bias, bits) => {
          const layer = layerOf(w, bias, m, s);
          const grown = grownLayer(layer, bits) as IntegerLayer;
          expect(grown.multipliers[0].shift).toBe(s - bits);
          expect(requantize(sumOf(grown, x), grown.multipliers[0], 'single')).toBe(
            requantize(sumOf(layer, x), layer.multipliers[0], 'single'),
          );
        },
      ),
    );
  });

  it('is none where weights, sums or the rounding do not allow it', () => {
    expect(grownLayer(layerOf([16], 0, 2 ** 30, 0), 3)).toBeUndefined();
    expect(grownLayer(layerOf([1], 2 ** 28, 2 ** 30, 0), 3)).toBeUndefined();
    expect(grownLayer(layerOf([1], 0, 2 ** 30, 0, 'tflite'), 1)).toBeUndefined();
    expect(grownLayer(layerOf([15], 0, 2 ** 30, 0), 3)?.weights).toEqual(Int8Array.of(120));
  });
});
