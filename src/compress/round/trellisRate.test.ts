// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { xorshift32 } from '../../xorshift.js';
import { levelsOf } from '../code/trellis.js';
import { type RateRequest, type RateRounded, roundForRate } from './rate.js';

const [rows, columns] = [24, 40];

const identity = Float64Array.from({ length: rows * rows }, (_, i) => (i % (rows + 1) ? 0 : 1));

/** Weights and correlated inputs, the same every time. */
function layer(): { request: RateRequest; moment: Float64Array } {
  const next = xorshift32(11);
  const unit = (): number => (next() % 2001) / 1000 - 1;
  const weights = Float64Array.from({ length: rows * columns }, () => unit() + unit() + unit());
  const moment = new Float64Array(columns * columns);
  for (let s = 0; s < 200; s++) {
    const shared = unit();
    const x = Float64Array.from({ length: columns }, () => unit() + shared);
    for (let i = 0; i < columns; i++) for (let j = 0; j < columns; j++) moment[i * columns + j] += (x[i] * x[j]) / 200;
  }
  const leastScales = new Float64Array(rows).fill(1e-6);
  const encoding = { kind: 'int', bits: 8, group: 0 } as const;
  return { request: { rows, columns, weights, leastScales, encoding, rate: 3, between: identity }, moment };
}

/** Four rows side by side, each block filled up with zeros: a lane for each, as kernels have them. */
const lanes = Array.from({ length: 4 }, (_, lane) =>
  Int32Array.from({ length: (rows / 4) * (columns + 2) }, (_, i) => {
    const [block, column] = [Math.floor(i / (columns + 2)), i % (columns + 2)];
    return column < columns ? (4 * block + lane) * columns + column : -1;
  }),
);

function error({ weights }: RateRequest, moment: Float64Array, { values, scales }: RateRounded): number {
  const e = Float64Array.from(values, (q, i) => q * scales[Math.floor(i / columns)] - weights[i]);
  let sum = 0;
  for (let r = 0; r < rows; r++)
    for (let i = 0; i < columns; i++)
      for (let j = 0; j < columns; j++) sum += e[r * columns + i] * e[r * columns + j] * moment[i * columns + j];
  return sum;
}

describe('rounding along a trellis', () => {
  it.each([3.5, 2.5, 1.5])('stays on it and comes out near %d bits a weight', (rate) => {
    const { request, moment } = layer();
    const { values, bitsPerWeight } = roundForRate({ ...request, rate, sequences: lanes }, () => moment);
    for (const lane of lanes) {
      const multiples = Array.from(lane, (place) => (place < 0 ? 0 : values[place]));
      expect(levelsOf(multiples, 0, multiples.length)).toBeDefined();
    }
    expect(Math.abs(bitsPerWeight - rate)).toBeLessThan(0.15);
  });

  it('moves the output less than levels without a trellis at as many bits, most where errors cannot be made up for', () => {
    const { request, moment } = layer();
    const alone = Float64Array.from({ length: columns * columns }, (_, i) => (i % (columns + 1) ? 0 : 1));
    const sequences = lanes.map((lane) => lane.filter((place) => place >= 0));
    const gain = (m: Float64Array): number => {
      const [plain, along] = [{}, { sequences }].map((more) => {
        const made = roundForRate({ ...request, rate: 2.5, ...more }, () => m);
        // A bit is worth 6 dB.
        return 10 * Math.log10(error(request, m, made)) + 6.02 * made.bitsPerWeight;
      });
      return plain - along;
    };
    expect(gain(moment)).toBeGreaterThan(0.1);
    expect(gain(alone)).toBeGreaterThan(0.5);
  });

  it('lets rows make up for each other across lanes', () => {
    const { request, moment } = layer();
    const between = Float64Array.from({ length: rows * rows }, (_, i) => (i % (rows + 1) ? 0.8 : 1));
    const made = (b: Float64Array): RateRounded =>
      roundForRate({ ...request, between: b, sequences: lanes }, () => moment);
    const columnSums = ({ values, scales }: RateRounded): number => {
      let sum = 0;
      for (let c = 0; c < columns; c++) {
        let all = 0;
        for (let r = 0; r < rows; r++) all += values[r * columns + c] * scales[r] - request.weights[r * columns + c];
        sum += all * all;
      }
      return sum;
    };
    expect(columnSums(made(between))).toBeLessThan(0.3 * columnSums(made(identity)));
  });

  it('leaves weights that are not stored at multiples that fit anywhere', () => {
    const { request, moment } = layer();
    const { values } = roundForRate({ ...request, sequences: lanes.slice(1) }, () => moment);
    const first = lanes[0].filter((place) => place >= 0);
    expect(first.every((place) => values[place] % 2 === 0)).toBe(true);
    expect(first.some((place) => values[place] !== 0)).toBe(true);
  });
});
