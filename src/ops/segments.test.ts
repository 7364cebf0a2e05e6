// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { quantOf, type Tensor } from '../model/graph.js';
import { type Curve, curveFunction, curveOf } from './curve16.js';
import { atSegments, fitSegments } from './segments.js';

const inputs = Array.from({ length: 65_536 }, (_, i) => i - 32_768);
const worst = (targets: Int16Array, at: (x: number) => number): number =>
  inputs.reduce((most, x, i) => Math.max(most, Math.abs(at(x) - targets[i])), 0);

describe('lines through a function of int16', () => {
  it('are nowhere further off than they may be, also over jumps', () => {
    const property = fc.property(
      fc.array(fc.record({ at: fc.integer({ min: 0, max: 65_535 }), to: fc.integer({ min: -32_768, max: 32_767 }) }), {
        maxLength: 40,
      }),
      fc.integer({ min: 1, max: 3 }),
      fc.integer({ min: -300, max: 300 }),
      (jumps, tolerance, slope) => {
        const targets = Int16Array.from(inputs, (x) =>
          Math.max(-32_768, Math.min(32_767, Math.round((slope * x) / 256))),
        );
        for (const { at, to } of jumps) targets.fill(to, at, Math.min(65_536, at + 1000));
        const lines = fitSegments(targets, tolerance);
        expect(worst(targets, (x) => atSegments(lines, x))).toBeLessThanOrEqual(tolerance);
        expect(lines.starts[0]).toBe(-32_768);
      },
    );
    fc.assert(property, { numRuns: 25 });
  });

  it('get coarser rather than many', () => {
    const noise = Int16Array.from(inputs, (_, i) => ((i * 40_503) % 65_536) - 32_768);
    expect(fitSegments(noise).starts.length).toBeLessThanOrEqual(1024);
  });
});

describe('int16 functions', () => {
  const [from, to] = [8 / 32_768, 8 / 32_768];
  const tensor = (scale: number): Tensor => ({ name: 't', dtype: 'int16', shape: [1], quant: quantOf(scale, 0) });
  const context = (output: number) => ({
    node: { op: 'test', name: 'test', inputs: [], outputs: [], attrs: {} },
    x: tensor(from),
    y: tensor(output),
    rounding: 'single' as const,
  });
  const stepsOff = (f: (x: number) => number, curve: Curve, output: number): number => {
    const at = curveFunction(curve);
    return inputs.reduce((most, q) => {
      const exact = f(Math.fround(Math.fround(from) * q)) / Math.fround(output);
      return exact < -32_768 || exact > 32_767 ? most : Math.max(most, Math.abs(at(q) - exact));
    }, 0);
  };

  it.each([
    ['smooth', (x: number) => x / (1 + Math.exp(-x)), to, 'lut'],
    ['a jump', Math.floor, to, 'segments'],
    ['a kink off the grid', (x: number) => (x > 0.3331 ? x : 0), to, 'segments'],
    ['a pole', (x: number) => 1 / x, 2 / 32_768, 'segments'],
    ['a root', (x: number) => Math.sqrt(Math.max(x, 0)), 3 / 32_768, 'segments'],
  ] as const)('%s: within two steps of the real function', (_, f, output, kind) => {
    const curve = curveOf(f, context(output), false);
    expect(curve.kind).toBe(kind);
    expect(stepsOff(f, curve, output)).toBeLessThan(2);
  });

  it('outside of what a function is defined for are as at the nearest input that it is defined for', () => {
    const at = curveFunction(curveOf(Math.log, context(12 / 32_768), false));
    expect(at(-20_000)).toBe(at(0));
  });
});
