// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MoteError } from '../../cli/errors.js';
import type { ConstArray, Section } from '../../ops/op.js';
import { xorshift32 } from '../../xorshift.js';
import { decodeConstants, encodeConstants } from './constantsCode.js';
import { piecesOf } from './pieces.js';
import { levelOf, multipleOf, nextStates, quantizerOf, stateAfter } from './trellis.js';

const array = (data: ConstArray['data'], sections?: readonly Section[], shape = [data.length]): ConstArray => ({
  name: 'a',
  dtype: 'int32',
  data,
  shape,
  ...(sections ? { sections } : {}),
});

const blank = (a: ConstArray): ConstArray => ({ ...a, data: a.data.slice().fill(77 as never) });

function roundTrip(arrays: readonly ConstArray[]): number {
  const bytes = encodeConstants(arrays);
  const back = arrays.map(blank);
  decodeConstants(bytes, back, arrays);
  back.forEach((b, i) => void expect(b.data).toEqual(arrays[i].data));
  return bytes.length;
}

/** Values as weights, tables and noise have them: few or many different ones, far apart or near. */
const values = (low: number, high: number): fc.Arbitrary<number[]> =>
  fc
    .tuple(
      fc.integer({ min: 1, max: 300 }),
      fc.array(fc.integer({ min: low, max: high }), { minLength: 1, maxLength: 60 }),
    )
    .chain(([length, some]) => fc.array(fc.constantFrom(...some), { minLength: 1, maxLength: length }));

const plain = fc.oneof(
  values(-128, 127).map((v) => array(Int8Array.from(v))),
  values(0, 255).map((v) => array(Uint8Array.from(v))),
  values(-32768, 32767).map((v) => array(Int16Array.from(v))),
  values(-(2 ** 31), 2 ** 31 - 1).map((v) => array(Int32Array.from(v))),
  fc.array(fc.integer({ min: -4, max: 4 }), { maxLength: 500 }).map((v) => array(Int8Array.from(v))),
  fc.array(fc.integer(), { maxLength: 100 }).map((v) => array(Int32Array.from(v))),
);

const mixed = fc
  .tuple(
    fc.constantFrom<readonly Section[]>(
      [
        { words: 4, unit: 4, fields: 2 },
        { words: 3, unit: 1, form: 'borrowed' },
        { words: 6, unit: 4, fields: 3 },
      ],
      [{ words: 2, unit: 2 }],
      [
        { words: 1, unit: 1 },
        { words: 2, unit: 4, fields: 2 },
      ],
    ),
    fc.integer({ min: 1, max: 9 }),
  )
  .chain(([sections, blocks]) => {
    const length = blocks * sections.reduce((sum, s) => sum + s.words, 0);
    return fc
      .array(fc.integer(), { minLength: length, maxLength: length })
      .map((v) => array(Int32Array.from(v), sections));
  });

const rows = fc
  .array(fc.integer(), { minLength: 12, maxLength: 12 })
  .map((v) => array(Int32Array.from(v), undefined, [3, 4]));

describe('coded constants', () => {
  it('come back bit for bit', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(plain, mixed, rows), { maxLength: 4 }), (arrays) => void roundTrip(arrays)),
      { numRuns: 300 },
    );
  });

  it('hold INT32_MIN, one value many times in two bytes or so, and nothing at all', () => {
    roundTrip([array(Int32Array.of(-(2 ** 31), 2 ** 31 - 1, -(2 ** 31)))]);
    roundTrip([]);
    expect(roundTrip([array(Int32Array.from({ length: 500 }, () => 1_073_741_824))])).toBeLessThan(12);
  });

  it('leave out what follows from its neighbours, and only where it does', () => {
    const channel = fc.tuple(fc.integer({ min: 1, max: 24 }), fc.integer({ min: -20, max: 20 }), fc.integer());
    const sections: Section[] = [
      { words: 2, unit: 4, form: 'sums' },
      { words: 3, unit: 1, form: 'columns' },
      { words: 3, unit: 4, fields: 3, form: 'rounds' },
    ];
    fc.assert(
      fc.property(fc.array(channel, { minLength: 1, maxLength: 30 }), (channels) => {
        const column = (m: number): number => (m & ~0xffff00) | ((m & 0xff) << 8) | ((m & 0xff) << 16);
        const words = channels.flatMap(([s, q, m]) => {
          const sum = m >> 9;
          return [sum, (sum << 8) + sum, column(m), column(m + 1), column(m + 2), m, 2 ** (s - 1) + q * 2 ** s, s];
        });
        const followed = array(Int32Array.from(words), sections);
        expect(piecesOf(followed).map((p) => p.form)).toEqual(['sums', 'columns', undefined, undefined, 'rounds']);
        roundTrip([followed]);
        const spoilt = array(
          Int32Array.from(words, (w) => w + 1),
          sections,
        );
        roundTrip([spoilt]);
      }),
      { numRuns: 100 },
    );
  });

  it('are as short as the entropy says, within a table', () => {
    // 4096 weights: half 0, a quarter 1, a quarter -1: 1.5 bits each.
    const weights = Int8Array.from({ length: 4096 }, (_, i) => [0, 1, 0, -1][(i * 7) % 4]);
    expect(roundTrip([array(weights)])).toBeLessThan((4096 * 1.5) / 8 + 16);
  });

  /** A walk along the trellis by the levels given. */
  const walk = (levels: readonly number[], step: number, lanes = 0): number[] => {
    const states = new Map<number, number>();
    return levels.map((level, i) => {
      const state = states.get(i & lanes) ?? 0;
      states.set(i & lanes, stateAfter(state, level));
      return step * multipleOf(quantizerOf(state), level);
    });
  };

  it('along a trellis come back, at any step, and take as much as their levels do', () => {
    const level = fc.oneof(fc.integer({ min: -2, max: 2 }), fc.integer({ min: -20, max: 20 }));
    fc.assert(
      fc.property(
        fc.array(level, { minLength: 1, maxLength: 400 }),
        fc.integer({ min: 1, max: 3 }),
        fc.integer({ min: 0, max: 63 }),
        (levels, step, lanes) => void roundTrip([array(Int8Array.from(walk(levels, step, lanes)))]),
      ),
      { numRuns: 200 },
    );
    // 4096 levels: half 0, a quarter 1, a quarter -1: 1.5 bits each, of multiples from -2 to 2 that take more alone.
    const next = xorshift32(5);
    const levels = Array.from({ length: 4096 }, () => [0, 1, 0, -1][next() & 3]);
    const weights = walk(levels, 1, 5);
    const along = roundTrip([array(Int8Array.from(weights))]);
    expect(along).toBeLessThan((4096 * 1.5) / 8 + 32);
    expect(Math.abs(roundTrip([array(Int8Array.from(walk(levels, 1)))]) - along)).toBeLessThan(8);
    weights[2000] += 1;
    expect(roundTrip([array(Int8Array.from(weights))])).toBeGreaterThan(along + 100);
  });

  it('have levels of both quantizers for every multiple or none, and lead from each state to two others', () => {
    for (const quantizer of [0, 1])
      for (let k = -9; k <= 9; k++) expect(levelOf(quantizer, multipleOf(quantizer, k))).toBe(k);
    expect([levelOf(0, 3), levelOf(1, 2), levelOf(1, 0)]).toEqual([1.5, 1.5, 0]);
    const arrivals = nextStates.flat().sort((a, b) => a - b);
    expect(arrivals).toEqual(nextStates.flatMap((_, s) => [s, s]));
  });

  it('that are damaged end in a sentence or in other numbers, never elsewhere', () => {
    const target = [array(new Int8Array(200)), array(new Int32Array(30))];
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 120 }), (bytes) => {
        try {
          decodeConstants(bytes, target.map(blank), target);
        } catch (e) {
          expect(e).toBeInstanceOf(MoteError);
        }
      }),
      { numRuns: 300 },
    );
    const good = encodeConstants([array(Int8Array.from({ length: 300 }, (_, i) => (i * i) % 11))]);
    expect(() => decodeConstants(good.slice(0, -3), [array(new Int8Array(300))], [array(new Int8Array(300))])).toThrow(
      MoteError,
    );
    expect(() =>
      decodeConstants(Uint8Array.of(...good, 1), [array(new Int8Array(300))], [array(new Int8Array(300))]),
    ).toThrow(MoteError);
  });
});
