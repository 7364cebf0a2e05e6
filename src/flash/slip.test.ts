// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { slipDecode, slipEncode, slipEnd } from './slip.js';

describe('SLIP', () => {
  it('escapes as RFC 1055 says', () => {
    expect([...slipEncode(Uint8Array.of(1, 0xc0, 2, 0xdb, 3))]).toEqual([0xc0, 1, 0xdb, 0xdc, 2, 0xdb, 0xdd, 3, 0xc0]);
  });

  it('comes back, and no end byte stands inside', () => {
    const bytes = fc.array(fc.oneof(fc.constantFrom(0xc0, 0xdb, 0xdc, 0xdd), fc.integer({ min: 0, max: 255 })));
    fc.assert(
      fc.property(bytes, (plain) => {
        const wire = slipEncode(Uint8Array.from(plain));
        const body = wire.subarray(1, -1);
        expect(body.includes(slipEnd)).toBe(false);
        expect([...(slipDecode(body) ?? [])]).toEqual(plain);
      }),
    );
  });

  it.each([[[0xdb]], [[1, 0xdb, 0x00]], [[0xdb, 0xdb]]])('%j is no frame', (body) => {
    expect(slipDecode(Uint8Array.from(body))).toBeUndefined();
  });
});
