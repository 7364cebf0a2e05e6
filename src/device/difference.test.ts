// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { PackPort } from '../generated/pack.js';
import { firstDifference } from './difference.js';

const port = (dtype: PackPort['dtype'], shape: number[], bytes: number): PackPort => ({
  name: 't',
  dtype,
  shape,
  bytes,
  offset: 0,
});
const bytes = (data: ArrayBufferView) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice();

test.each([
  [
    'int8',
    [2, 2, 2],
    bytes(Int8Array.of(1, 2, 3, 4, 5, -6, 7, 8)),
    bytes(Int8Array.of(1, 2, 3, 4, 5, 6, 7, 8)),
    [5, [1, 0, 1], -6, 6],
  ],
  ['uint8', [3], bytes(Uint8Array.of(1, 2, 255)), bytes(Uint8Array.of(1, 2, 254)), [2, [2], 255, 254]],
  ['int16', [1, 3], bytes(Int16Array.of(1, -2, 3)), bytes(Int16Array.of(1, 254, 3)), [1, [0, 1], -2, 254]],
  ['int32', [2], bytes(Int32Array.of(-1, 70000)), bytes(Int32Array.of(-1, 70001)), [1, [1], 70000, 70001]],
  ['int64', [2], bytes(BigInt64Array.of(1n, 2n)), bytes(BigInt64Array.of(1n, -2n)), [1, [1], 2, -2]],
  ['float32', [1, 2], bytes(Float32Array.of(0, 0.5)), bytes(Float32Array.of(-0, 0.5)), [0, [0, 0], 0, -0]],
] as const)('%s', (dtype, shape, expected, got, [element, coordinates, right, wrong]) => {
  expect(firstDifference(port(dtype, [...shape], expected.length), expected, got)).toEqual({
    tensor: 't',
    element,
    coordinates: [...coordinates],
    expected: right,
    got: wrong,
  });
});

test('a NaN equals itself, bit by bit', () => {
  const nan = bytes(Float32Array.of(Number.NaN));
  expect(firstDifference(port('float32', [1], 4), nan, nan.slice())).toBeUndefined();
});

test('names the first changed element, whatever else changes after it', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 }),
      fc.nat(),
      fc.integer({ min: 1, max: 255 }),
      (shape, where, flip) => {
        const size = shape.reduce((a, b) => a * b, 1);
        const expected = Uint8Array.from({ length: size }, (_, i) => i);
        const at = where % size;
        const got = expected.map((b, i) => (i >= at ? b ^ flip : b));
        const difference = firstDifference(port('uint8', shape, size), expected, got);
        expect(difference?.element).toBe(at);
        expect(difference?.coordinates.reduce((index, c, i) => index * shape[i] + c, 0)).toBe(at);
      },
    ),
  );
});
