// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { requantize } from '../requantize.js';
import { reachOfSums, steadyLayer } from './steadyLayer.js';

type Layer = Parameters<typeof steadyLayer>[0];

const channel = fc.record({
  weights: fc.array(fc.integer({ min: -8, max: 8 }), { minLength: 6, maxLength: 6 }),
  bias: fc.oneof(fc.integer({ min: -(2 ** 30), max: 2 ** 30 }), fc.integer({ min: -4000, max: 4000 })),
  multiplier: fc.integer({ min: 2 ** 30, max: 2 ** 31 - 1 }),
  shift: fc.integer({ min: -30, max: 1 }),
});

const layers = fc.record({
  channels: fc.array(channel, { minLength: 1, maxLength: 4 }),
  zero: fc.integer({ min: -128, max: 127 }),
  rounding: fc.constantFrom('tflite' as const, 'single' as const),
});

function layerOf({ channels, zero, rounding }: typeof layers extends fc.Arbitrary<infer T> ? T : never): Layer {
  const layer: Partial<Layer> = {
    outC: channels.length,
    weights: Int8Array.from(channels.flatMap((c) => c.weights)),
    bias: Int32Array.from(channels, (c) => c.bias),
    multipliers: channels.map(({ multiplier, shift }) => ({ multiplier, shift })),
    inputZeroPoint: zero,
    rounding,
  };
  return layer as Layer;
}

const steady = (layer: Layer): Layer =>
  steadyLayer(
    layer,
    reachOfSums(layer, (i) => Math.floor(i / 6)),
  );

const outputOf = (layer: Layer, c: number, inputs: readonly number[]): number => {
  const products = inputs.map((x, i) => (x - layer.inputZeroPoint) * layer.weights[6 * c + i]);
  return requantize(
    products.reduce((a, b) => a + b, layer.bias[c]),
    layer.multipliers[c],
    layer.rounding,
  );
};

describe('a layer with constant channels in coarser steps', () => {
  it('gives the same sums for every input', () => {
    const inputs = fc.array(fc.integer({ min: -128, max: 127 }), { minLength: 6, maxLength: 6 });
    fc.assert(
      fc.property(layers, inputs, (made, x) => {
        const layer = layerOf(made);
        const other = steady(layer);
        for (let c = 0; c < layer.outC; c++) {
          const reach = reachOfSums(layer, (i) => Math.floor(i / 6));
          const most = Math.abs(layer.bias[c]) + Math.max(reach.greatest[c], -reach.least[c]);
          if (most < 2 ** 31 && layer.multipliers[c].shift <= 0)
            expect(outputOf(other, c, x)).toBe(outputOf(layer, c, x));
        }
      }),
      { numRuns: 500 },
    );
  });

  it('makes the bias of a dead channel small and leaves the others as they are', () => {
    const channels = [
      { weights: [1, -2, 3, 0, 1, 1], bias: 2 ** 30, multiplier: 2 ** 30, shift: -27 },
      { weights: [1, -2, 3, 0, 1, 1], bias: 900, multiplier: 2 ** 30, shift: -5 },
    ];
    const layer = layerOf({ channels, zero: -128, rounding: 'single' });
    const other = steady(layer);
    expect(Math.abs(other.bias[0])).toBeLessThan(2 ** 16);
    expect(outputOf(other, 0, [127, 127, 127, 127, 127, 127])).toBe(4);
    expect(other.bias[1]).toBe(900);
    expect(other.multipliers[1]).toBe(layer.multipliers[1]);
    expect(other.weights).toBe(layer.weights);
  });
});
