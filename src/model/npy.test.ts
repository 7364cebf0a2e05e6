// SPDX-License-Identifier: Apache-2.0
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MoteError } from '../cli/errors.js';
import { packageRoot } from '../packageRoot.js';
import { type DType, elementCount, makeData } from './graph.js';
import { readNpy, writeNpy } from './npy.js';

const text = (s: string): Uint8Array => new TextEncoder().encode(s);

/** A file with this header, as numpy would write it, but with any contents. */
function npy(dict: string, data: Uint8Array, version = 1): Uint8Array {
  const head = text(`${dict}\n`);
  const length = version === 1 ? [head.length & 0xff, head.length >> 8] : [head.length & 0xff, head.length >> 8, 0, 0];
  return Uint8Array.from([0x93, ...text('NUMPY'), version, 0, ...length, ...head, ...data]);
}

const header = (descr: string, shape: string, fortran = 'False'): string =>
  `{'descr': '${descr}', 'fortran_order': ${fortran}, 'shape': ${shape}, }`;

function sentence(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof MoteError && error.exit === 3) return error.message;
    throw error;
  }
  throw new Error('it was read');
}

describe('writeNpy and readNpy', () => {
  const dtypes: DType[] = [
    'float32',
    'float64',
    'int8',
    'uint8',
    'int16',
    'uint16',
    'int32',
    'uint32',
    'int64',
    'bool',
  ];

  it('give back every type and shape', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...dtypes),
        fc.array(fc.nat(4), { maxLength: 4 }),
        fc.infiniteStream(fc.nat(1)),
        (dtype, shape, values) => {
          const data = makeData(dtype, elementCount(shape));
          for (let i = 0; i < data.length; i++) {
            const v = values.next().value ?? 0;
            data[i] = data instanceof BigInt64Array ? BigInt(v) : v;
          }
          const bytes = writeNpy(dtype, shape, data);
          expect(bytes.length - data.byteLength).toSatisfy((n: number) => n % 64 === 0);
          expect(readNpy(bytes, 'x.npy')).toEqual({ dtype, shape, data });
        },
      ),
    );
  });

  it('keep negative and fractional numbers', () => {
    const data = Float32Array.of(-1.5, Number.POSITIVE_INFINITY, 1e-40);
    expect(readNpy(writeNpy('float32', [3], data), 'x').data).toEqual(data);
    const big = BigInt64Array.of(-(2n ** 63n), 2n ** 63n - 1n);
    expect(readNpy(writeNpy('int64', [2, 1], big), 'x').data).toEqual(big);
  });
});

describe('readNpy', () => {
  it('reads versions 2 and 3', () => {
    for (const version of [2, 3]) {
      const array = readNpy(npy(header('<i2', '(2,)'), Uint8Array.of(1, 0, 0xff, 0xff), version), 'x');
      expect(array).toEqual({ dtype: 'int16', shape: [2], data: Int16Array.of(1, -1) });
    }
  });

  it('reads a scalar and the long integers of Python 2', () => {
    expect(readNpy(npy(header('|u1', '()'), Uint8Array.of(7)), 'x')).toEqual({
      dtype: 'uint8',
      shape: [],
      data: Uint8Array.of(7),
    });
    expect(readNpy(npy(header('|u1', '(1L, 2L)'), Uint8Array.of(7, 8)), 'x').shape).toEqual([1, 2]);
  });

  it('turns Fortran order into C order', () => {
    const stored = Uint8Array.of(0, 3, 1, 4, 2, 5);
    expect(readNpy(npy(header('|u1', '(2, 3)', 'True'), stored), 'x').data).toEqual(Uint8Array.of(0, 1, 2, 3, 4, 5));
  });

  it('widens float16', () => {
    const stored = Uint8Array.of(0x00, 0x3c, 0x00, 0xc0, 0x01, 0x00, 0x00, 0x7c);
    expect(readNpy(npy(header('<f2', '(4,)'), stored), 'x')).toEqual({
      dtype: 'float32',
      shape: [4],
      data: Float32Array.of(1, -2, 2 ** -24, Number.POSITIVE_INFINITY),
    });
  });

  it('says what is wrong', () => {
    const four = Uint8Array.of(1, 2, 3, 4);
    const cases: [Uint8Array, RegExp][] = [
      [new Uint8Array(0), /not a \.npy file/],
      [text('{"json": true}'), /not a \.npy file/],
      [npy(header('>f4', '(1,)'), four), /big-endian/],
      [npy(header('<c8', '(1,)'), four), /'<c8' is not a number type/],
      [npy(header('<constructor', '(1,)'), four), /'<constructor' is not a number type/],
      [npy("{'descr': [('a', '<i4')], 'fortran_order': False, 'shape': (1,), }", four), /records/],
      [npy(header('<f4', '(2,)'), four), /needs 8 bytes, it has 4/],
      [npy(header('|i1', '(3,)'), four), /needs 3 bytes, it has 4/],
      [npy(header('|i1', '(1000000, 1000000, 1000000)'), four), /needs/],
      [npy(header('|i1', '(-1,)'), four), /damaged/],
      [npy(header('|i1', `(${'1, '.repeat(40)})`), four), /40 dimensions/],
      [npy(header('|i1', '(4,)'), four, 9), /version 9/],
      [npy('{}', four), /header is damaged/],
      [npy(header('|i1', '(4,)'), four).subarray(0, 40), /cut off/],
      [Uint8Array.from([0x93, ...text('NUMPY'), 2, 0, 0xff, 0xff, 0xff, 0x3f, 0, 0]), /not plausible/],
    ];
    for (const [bytes, expected] of cases) expect(sentence(() => readNpy(bytes, 'x.npy'))).toMatch(expected);
  });

  it('ends with a sentence or an array on any damage', () => {
    const good = writeNpy('float32', [2, 3], new Float32Array(6));
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { maxLength: 4 }),
        fc.nat(good.length),
        (edits, end) => {
          const bytes = Uint8Array.from(good);
          for (const [at, value] of edits) bytes[at] = value;
          try {
            readNpy(bytes.subarray(0, end), 'x.npy');
          } catch (error) {
            expect(error).toBeInstanceOf(MoteError);
          }
        },
      ),
      { numRuns: 2000 },
    );
  });
});

const kws = join(packageRoot, '../shared/data/kws');
describe.skipIf(!existsSync(kws))('readNpy on files that numpy wrote (../shared/data/kws)', () => {
  it('reads all of them and writes the same bytes', () => {
    for (const file of readdirSync(kws).filter((f) => f.endsWith('.npy'))) {
      const bytes = readFileSync(join(kws, file));
      const { dtype, shape, data } = readNpy(bytes, file);
      expect(shape[0]).toBe(500);
      expect(Buffer.from(writeNpy(dtype, shape, data)).equals(bytes), file).toBe(true);
    }
  });
});
