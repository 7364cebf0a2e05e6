// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clampTo, requantize } from '../requantize.js';
import { highShift, type LivelyLayer, modeOf, rescaling } from './dspBlock.js';
import { sumBits } from './dspCodes.js';

/** What the kernels do with a sum that comes times 16 unless they round as tflite does below 0: runtime-c/include/mote/dsp_block.h. */
function finish(sum: number, [m, r, s]: readonly number[]): number {
  const high = (BigInt(sum) * 16n * BigInt(m) + (BigInt(r) << 32n)) >> 32n;
  return clampTo(Number(high >> BigInt(s)), -128, 127);
}

const layerOf = (rounding: 'single' | 'tflite', multiplier: number, shift: number, zero: number): LivelyLayer =>
  ({
    rounding,
    multipliers: [{ multiplier, shift }],
    constantOutputs: [undefined],
    outC: 1,
    outputZeroPoint: zero,
    // As behind a ReLU: what makes tflite's rounding `rectified`.
    outputMin: rounding === 'tflite' ? zero : -128,
    outputMax: 127,
  }) as unknown as LivelyLayer;

describe('rescaling of sums that come times 16', () => {
  it.each(['single', 'tflite'] as const)('%s: as requantize says, for factors up to 4', (rounding) => {
    const shifts = fc.integer({ min: -10, max: 2 });
    const sums = fc.oneof(fc.integer({ min: -3000, max: 3000 }), fc.integer({ min: -(2 ** 27), max: 2 ** 27 - 1 }));
    const inputs = [fc.integer({ min: 2 ** 30, max: 2 ** 31 - 1 }), shifts, sums, fc.integer({ min: -128, max: 127 })];
    fc.assert(
      fc.property(fc.tuple(...inputs), ([multiplier, shift, sum, zero]) => {
        const layer = layerOf(rounding, multiplier, shift, zero);
        const { outputMin } = layer;
        const got = Math.max(outputMin, finish(sum, rescaling(layer, 0, sumBits, sumBits)));
        expect(got).toBe(clampTo(requantize(sum, layer.multipliers[0], rounding) + zero, outputMin, 127));
      }),
      { numRuns: 2000 },
    );
  });

  it('needs no room beyond the factor that the bits leave', () => {
    expect(highShift({ multiplier: 2 ** 30, shift: 3 }, 'single', sumBits)).toBeUndefined();
    expect(highShift({ multiplier: 2 ** 30, shift: -1 }, 'single')).toBeUndefined();
    expect(modeOf(layerOf('tflite', 2 ** 30, 2, 0), sumBits)).toBe('rectified');
    expect(modeOf(layerOf('tflite', 2 ** 30, 3, 0), sumBits)).toBe('tflite');
    expect(modeOf(layerOf('tflite', 2 ** 30, 0, 0))).toBe('tflite');
  });
});
