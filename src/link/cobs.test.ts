// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cobsDecode, cobsEncode } from './cobs.js';

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);

// The examples of https://en.wikipedia.org/wiki/Consistent_Overhead_Byte_Stuffing, without the closing 00.
const vectors: [plain: number[], coded: number[]][] = [
  [[], [1]],
  [[0], [1, 1]],
  [
    [0, 0],
    [1, 1, 1],
  ],
  [
    [0, 0x11, 0],
    [1, 2, 0x11, 1],
  ],
  [
    [0x11, 0x22, 0, 0x33],
    [3, 0x11, 0x22, 2, 0x33],
  ],
  [
    [0x11, 0x22, 0x33, 0x44],
    [5, 0x11, 0x22, 0x33, 0x44],
  ],
  [
    [0x11, 0, 0, 0],
    [2, 0x11, 1, 1, 1],
  ],
  [range(1, 254), [255, ...range(1, 254)]],
  [
    [0, ...range(1, 254)],
    [1, 255, ...range(1, 254)],
  ],
  [range(1, 255), [255, ...range(1, 254), 2, 255]],
  [
    [...range(2, 255), 0],
    [255, ...range(2, 255), 1, 1],
  ],
  [
    [...range(3, 255), 0, 1],
    [254, ...range(3, 255), 2, 1],
  ],
];

describe('COBS', () => {
  test.each(vectors)('%j', (plain, coded) => {
    expect([...cobsEncode(Uint8Array.from(plain))]).toEqual(coded);
    expect([...(cobsDecode(Uint8Array.from(coded)) ?? [])]).toEqual(plain);
  });

  test('a full last block may also be closed with 01, as in the paper', () => {
    expect([...(cobsDecode(Uint8Array.of(255, ...range(1, 254), 1)) ?? [])]).toEqual(range(1, 254));
  });

  test('round trip, no zeros, bounded growth', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 1100 }),
      fc.array(fc.constantFrom(0, 1, 255), { maxLength: 1100 }).map((a) => Uint8Array.from(a)),
      fc
        .tuple(fc.integer({ min: 250, max: 260 }), fc.integer({ min: 1, max: 4 }))
        .map(([n, k]) => new Uint8Array(n * k).fill(7)),
    );
    fc.assert(
      fc.property(bytes, (plain) => {
        const coded = cobsEncode(plain);
        expect(coded.includes(0)).toBe(false);
        expect(coded.length).toBeLessThanOrEqual(
          plain.length + Math.ceil(plain.length / 254) + (plain.length === 0 ? 1 : 0),
        );
        expect(Buffer.compare(cobsDecode(coded) as Uint8Array, plain)).toBe(0);
      }),
    );
  });

  test('any bytes decode to something no longer, or to nothing', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), (coded) => {
        expect(cobsDecode(coded)?.length ?? 0).toBeLessThanOrEqual(coded.length);
      }),
    );
  });

  test.each([[[0]], [[3, 1]], [[2, 0]], [[5, 1, 2, 0, 3]]])('%j is refused', (coded) => {
    expect(cobsDecode(Uint8Array.from(coded))).toBeUndefined();
  });
});
