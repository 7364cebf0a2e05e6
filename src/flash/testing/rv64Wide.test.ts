// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { shiftLeft, shiftRight, shiftRightSigned, wideDivide, wideMultiply, wordDivide } from './rv64Wide.js';

const words = (value: bigint): [number, number] => [
  Number(BigInt.asIntN(32, value)),
  Number(BigInt.asIntN(32, value >> 32n)),
];
const signed = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const natural = (value: bigint): bigint => BigInt.asUintN(64, value);

test('shifts are those of 64 bits', () => {
  fc.assert(
    fc.property(signed, fc.integer({ min: 0, max: 63 }), (value, by) => {
      const [low, high] = words(value);
      expect(shiftLeft(low, high, by)).toEqual(words(value << BigInt(by)));
      expect(shiftRight(low, high, by)).toEqual(words(natural(value) >> BigInt(by)));
      expect(shiftRightSigned(low, high, by)).toEqual(words(value >> BigInt(by)));
    }),
  );
});

test('products and quotients are those of the manual, by zero too', () => {
  fc.assert(
    fc.property(signed, fc.oneof(signed, fc.constantFrom(0n, -1n, 1n)), (a, b) => {
      expect(BigInt.asIntN(64, wideMultiply(1, a, b))).toBe((a * b) >> 64n);
      expect(BigInt.asUintN(64, wideMultiply(3, a, b))).toBe((natural(a) * natural(b)) >> 64n);
      expect(BigInt.asIntN(64, wideMultiply(2, a, b))).toBe((a * natural(b)) >> 64n);
      expect(wideDivide(4, a, b)).toBe(b === 0n ? -1n : a / b);
      expect(wideDivide(7, a, b)).toBe(b === 0n ? natural(a) : natural(a) % natural(b));
    }),
  );
  expect([4, 5, 6, 7].map((kind) => wordDivide(kind, -7, 0))).toEqual([-1, -1, -7, -7]);
  expect([4, 5, 6, 7].map((kind) => wordDivide(kind, -7, 2))).toEqual([-3, 0x7ffffffc, -1, 1]);
});
