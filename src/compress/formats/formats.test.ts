// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Encoding } from './encoding.js';
import { groupsOf } from './groups.js';
import {
  encodingName,
  groupOf,
  misfit,
  packWeights,
  parseEncoding,
  partBytes,
  unpackWeights,
  type WeightMatrix,
} from './index.js';
import { encodingNames as names, randomMatrix } from './testing/randomMatrix.js';

describe('weight formats', () => {
  it.each(names)('%s: its name reads back', (name) => {
    const e = parseEncoding(name);
    expect(e && encodingName(e)).toBe(name);
  });

  it.each(names)('%s: what is packed comes back, on any shape', (name) => {
    const e = parseEncoding(name) as Encoding;
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 150 }), fc.nat(), (rows, columns, seed) => {
        let state = seed + 1;
        const pick = (below: number): number => {
          state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
          return Math.floor((state / 2 ** 32) * below);
        };
        const matrix = randomMatrix(e, rows, columns, pick);
        expect(misfit(matrix, e)).toBeUndefined();
        const back = unpackWeights(packWeights(matrix, e), rows, columns, e);
        expect([...back.values]).toEqual([...matrix.values]);
      }),
      { numRuns: 60 },
    );
  });

  it.each([
    ['int4', 'a weight of 8', [8, 0]],
    ['ternary', 'a weight of 2', [0, 2]],
    ['binary', 'a zero', [1, 0]],
    ['palette2', 'three values', [1, 2, 3]],
    ['sparse1:4', 'two of four', [1, 0, 5, 0]],
    ['block4-int4', 'a large weight', [0, 0, 0, 0, 100]],
  ])('%s does not take %s', (name, _, values) => {
    const matrix = { rows: 1, columns: values.length, values: Int8Array.from(values) };
    expect(misfit(matrix, parseEncoding(name) as Encoding)?.reason).toBeTruthy();
  });

  it('group scales that are missing or 17 are refused', () => {
    const e = parseEncoding('int4g16') as Encoding;
    const values = new Int8Array(20);
    expect(misfit({ rows: 1, columns: 20, values }, e)?.reason).toContain('2 group scales are needed');
    expect(misfit({ rows: 1, columns: 20, values, groupScales: Uint8Array.of(1, 17) }, e)).toMatchObject({
      column: 16,
    });
  });

  it.each([
    ['int4', 72 * 4],
    ['int4g32', 72 * 4 + 2 * 8],
    ['trits', Math.ceil(72 / 5) * 8],
    ['ternary', 2 * 72],
    ['binary', 72],
    ['palette16', 72 * 4 + 16],
    ['sparse1:4', 18 * 8 + 40],
  ])('%s stores 8 rows of 72 in as many bytes as FORMAT.md says', (name, bits) => {
    const e = parseEncoding(name) as Encoding;
    const perRow = groupsOf(72, groupOf(e));
    const values = new Int8Array(8 * 72);
    if (name === 'binary') values.fill(1);
    const matrix: WeightMatrix = { rows: 8, columns: 72, values, groupScales: new Uint8Array(8 * perRow).fill(1) };
    expect(partBytes(packWeights(matrix, e))).toBe(bits);
  });

  it.each(['int5', 'int4g20', 'int8g16', 'sparse4:4', 'sparse1:3', 'block5', 'palette5', 'int6g16', 'int4+in', ''])(
    "'%s' is no encoding",
    (name) => expect(parseEncoding(name)).toBeUndefined(),
  );
});
