// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type LayerGeometry, plainWeightGradients } from '../compress/weightGradients.js';
import { randomValues } from '../passes/testing/graphBuilder.js';
import { openWeightGradients } from './gradientsModule.js';
import { openWasmCache } from './wasmCache.js';

const small = (max: number, min = 1) => fc.integer({ min, max });

const layers: fc.Arbitrary<LayerGeometry> = fc
  .record({
    inC: small(20),
    outH: small(4),
    outW: small(4),
    kernelH: small(3),
    kernelW: small(3),
    strideH: small(2),
    strideW: small(2),
    dilationH: small(2),
    dilationW: small(2),
    padTop: small(2, 0),
    padLeft: small(2, 0),
    rows: small(37),
    depthwise: fc.boolean(),
    multiplier: small(2),
  })
  .map(({ rows, depthwise, multiplier, ...w }) => ({
    window: {
      ...w,
      // Some windows read beside the image at its far ends, too.
      inH: Math.max(1, (w.outH - 1) * w.strideH + w.kernelH - w.padTop),
      inW: Math.max(1, (w.outW - 1) * w.strideW + w.kernelW - w.padLeft),
    },
    rows: depthwise ? w.inC * multiplier : rows,
    depthwise,
  }));

describe('gradients of convolutions as WebAssembly', () => {
  it('are the plain ones', async () => {
    const fast = await openWeightGradients(await openWasmCache());
    fc.assert(
      fc.property(layers, fc.integer(), (layer, seed) => {
        const { window: w, rows, depthwise } = layer;
        const input = randomValues(seed, w.inH * w.inW * w.inC);
        const gradient = randomValues(seed + 1, w.outH * w.outW * rows).map((v) => Math.max(0, v));
        const weights = randomValues(seed + 2, w.kernelH * w.kernelW * rows * (depthwise ? 1 : w.inC));
        const results = [fast, plainWeightGradients].map((engine) => {
          const back = randomValues(seed + 3, input.length);
          const ofWeights = randomValues(seed + 4, weights.length);
          engine.input(layer, weights, gradient, back);
          engine.weights(layer, input, gradient, ofWeights);
          return [...back, ...ofWeights];
        });
        results[0].forEach((v, i) => {
          expect(v).toBeCloseTo(results[1][i], 3);
        });
      }),
      { numRuns: 60 },
    );
  });
});
