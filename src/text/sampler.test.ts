// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { makeSampler } from './sampler.js';

const logits = Float32Array.of(0, Math.log(3), Math.log(6), -200);

describe('makeSampler', () => {
  it('takes the first of the largest at temperature 0', () => {
    expect(makeSampler(0, 1)(Float32Array.of(1, 5, 5, 2))).toBe(1);
  });

  it('draws as often as the model says', () => {
    const sample = makeSampler(1, 7);
    const counts = [0, 0, 0, 0];
    for (let i = 0; i < 20_000; i++) counts[sample(logits)]++;
    expect(counts[3]).toBe(0);
    [0.1, 0.3, 0.6].forEach((share, i) => {
      expect(Math.abs(counts[i] / 20_000 - share)).toBeLessThan(0.015);
    });
  });

  it('repeats itself for a seed, not for another', () => {
    const draw = (seed: number): number[] => {
      const sample = makeSampler(1, seed);
      return Array.from({ length: 50 }, () => sample(logits));
    };
    expect(draw(3)).toEqual(draw(3));
    expect(draw(3)).not.toEqual(draw(4));
    expect(new Set(draw(0x9e3779b9)).size).toBeGreaterThan(1);
  });

  it('sharpens with a lower temperature', () => {
    const sample = makeSampler(0.1, 5);
    expect(Array.from({ length: 500 }, () => sample(logits)).filter((t) => t === 2).length).toBeGreaterThan(480);
  });
});
