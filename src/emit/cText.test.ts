// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { commentText, constArray, floatLiteral, identifier } from './cText.js';

describe('C text', () => {
  it('identifiers are C identifiers whatever the model calls its nodes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(identifier(text)).toMatch(/^[a-z][a-z0-9_]*$/);
      }),
    );
  });

  it('comments cannot be left', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('*', '/', '\\', '?', 'a', '\n', 'é') }), (text) => {
        const comment = commentText(text);
        expect(comment).not.toMatch(/\*\/|\/\*|\\|\?\?|[^\x20-\x7e]/);
      }),
    );
    expect(commentText('*/ int evil; /*')).not.toContain('*/');
  });

  it('float literals read back as the same float32', () => {
    fc.assert(
      fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (x) => {
        const literal = floatLiteral(x);
        expect(literal).toMatch(/^-?\d[\d.]*(e[-+]?\d+)?f$/);
        expect(Object.is(Math.fround(Number(literal.slice(0, -1))), x)).toBe(true);
      }),
    );
    expect([floatLiteral(1), floatLiteral(-0), floatLiteral(0.1), floatLiteral(3e38)]).toEqual([
      '1.0f',
      '-0.0f',
      '0.1f',
      '3e+38f',
    ]);
  });

  it('infinities and NaN are constants of the compilers', () => {
    expect([Infinity, -Infinity, Number.NaN, 1e39].map(floatLiteral)).toEqual([
      '__builtin_inff()',
      '-__builtin_inff()',
      '__builtin_nanf("")',
      '__builtin_inff()',
    ]);
  });

  it('arrays hold every value once, with the edges of their type', () => {
    const text = constArray('x', {
      name: 'x',
      dtype: 'int32',
      data: Int32Array.of(-(2 ** 31), 2 ** 31 - 1, 0),
      shape: [3],
    });
    expect(text).toBe('static const int32_t x[3] = { /* 3 */\n    INT32_MIN, 2147483647, 0,\n};\n');
    const wide = constArray('y', { name: 'y', dtype: 'int64', data: BigInt64Array.of(-(2n ** 63n), 5n), shape: [2] });
    expect(wide).toContain('INT64_MIN, INT64_C(5),');
  });
});
