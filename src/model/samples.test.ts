// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { MoteError } from '../cli/errors.js';
import type { NpyArray } from './npy.js';
import { type InputPort, type InputScale, parseInputScale, samplesFor } from './samples.js';

const array = (dtype: NpyArray['dtype'], shape: number[], data: NpyArray['data']): NpyArray => ({ dtype, shape, data });
const unitPort: InputPort = { name: 'x', dtype: 'int8', shape: [1, 2, 2, 1], scale: 1 / 255, zeroPoint: -128 };
const convert = (a: NpyArray, port: InputPort, mode: InputScale = 'auto'): number[][] =>
  samplesFor(a, port, mode, 'x.npy').data.map((d) => Array.from(d as Int8Array));

describe('samplesFor', () => {
  it.each([
    ['0…1', 1 / 255, -128, '/ 255'],
    ['0…255', 1, -128, 'as 0…255'],
    ['-1…1', 1 / 127.5, 0, '/ 127.5 - 1'],
  ])('finds that an input of %s takes uint8 pixels', (_, scale, zeroPoint, words) => {
    const { data, how } = samplesFor(
      array('uint8', [1, 2, 2, 1], Uint8Array.of(0, 1, 128, 255)),
      { ...unitPort, scale, zeroPoint },
      'auto',
      'x.npy',
    );
    expect(how).toContain(words);
    const [q] = data;
    expect([q[0], q[3]]).toEqual([zeroPoint === 0 ? -128 : -128, 127]);
  });

  it('refuses uint8 for a range that no image has', () => {
    expect(() =>
      convert(array('uint8', [1, 4], Uint8Array.of(1, 2, 3, 4)), { ...unitPort, scale: 0.58, zeroPoint: 83 }),
    ).toThrow(/--input-scale/);
  });

  it('quantizes float data with the scale of the input, half away from zero, saturating', () => {
    const port = { ...unitPort, scale: 0.5, zeroPoint: 1 };
    expect(convert(array('float32', [2, 4], Float32Array.of(0, 0.25, -0.25, 1, 1000, -1000, 0.2, -0.2)), port)).toEqual(
      [
        [1, 2, 0, 3],
        [127, -128, 1, 1],
      ],
    );
  });

  it('takes integers of the own type as they are, and raw ones in range', () => {
    expect(convert(array('int8', [1, 2, 2], Int8Array.of(-128, 0, 1, 127)), unitPort)).toEqual([[-128, 0, 1, 127]]);
    expect(convert(array('uint8', [4], Uint8Array.of(0, 1, 2, 127)), unitPort, 'raw')).toEqual([[0, 1, 2, 127]]);
    expect(() => convert(array('uint8', [4], Uint8Array.of(0, 1, 2, 200)), unitPort, 'raw')).toThrow(/200 is no int8/);
  });

  it('permutes data that has the layout of the file', () => {
    const port: InputPort = { name: 'x', dtype: 'float32', shape: [1, 2, 2, 3], permutation: [0, 2, 3, 1] };
    const channelsFirst = Float32Array.of(0, 1, 2, 3, 10, 11, 12, 13, 20, 21, 22, 23);
    expect(convert(array('float32', [1, 3, 2, 2], channelsFirst), port)).toEqual([
      [0, 10, 20, 1, 11, 21, 2, 12, 22, 3, 13, 23],
    ]);
  });

  it.each<[string, NpyArray]>([
    ['another shape', array('int8', [2, 3], new Int8Array(6))],
    ['a transposed shape', array('int8', [1, 4, 4, 1], new Int8Array(16))],
    ['nothing', array('int8', [0, 4], new Int8Array(0))],
    ['NaN', array('float32', [4], Float32Array.of(0, NaN, 0, 0))],
    ['int64', array('int64', [4], new BigInt64Array(4))],
  ])('refuses %s with exit 3', (_, data) => {
    expect(() => convert(data, { ...unitPort, scale: 0.5, zeroPoint: 0 })).toThrow(MoteError);
  });

  it('parses --input-scale', () => {
    expect([parseInputScale('auto'), parseInputScale('raw'), parseInputScale('0.5,-3')]).toEqual([
      'auto',
      'raw',
      { scale: 0.5, zero: -3 },
    ]);
    for (const bad of ['', '1', '0,1', 'a,b', '1,2,3', 'NaN,0']) expect(() => parseInputScale(bad)).toThrow(MoteError);
  });
});
