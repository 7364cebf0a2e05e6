// SPDX-License-Identifier: Apache-2.0
// What is read as gathers: padding with elements of the input, and slices that run backwards.
import { describe, expect, it } from 'vitest';
import { i64, model, node, read, run } from './testing/onnxCases.js';

describe('readOnnx: Pad from the inside', () => {
  const padded = (mode: string, ...pads: number[]) =>
    model([1, 2, 3], [node('Pad', ['x', 'p'], { mode: { text: mode } })], [i64('p', ...pads)]);
  it('reflects and repeats the edge', () => {
    expect(run(padded('reflect', 0, 0, 2, 0, 1, 1))).toEqual({
      shape: [1, 3, 6],
      values: [2, 1, 0, 1, 2, 1, 5, 4, 3, 4, 5, 4, 2, 1, 0, 1, 2, 1],
    });
    expect(run(padded('edge', 0, 1, 0, 0, 0, 4)).values).toEqual([
      0, 1, 2, 2, 2, 2, 2, 0, 1, 2, 2, 2, 2, 2, 3, 4, 5, 5, 5, 5, 5,
    ]);
    expect(
      run(
        model([3], [node('Pad', ['x', 'p'], { mode: { text: 'edge' } }, ['t']), node('Neg', ['t'])], [i64('p', 0, 0)]),
      ).values,
    ).toEqual([-0, -1, -2]);
  });

  it('names what it cannot do', () => {
    const reason = (mode: string, pads: number[]): unknown =>
      read(padded(mode, ...pads)).nodes.find((n) => n.op === 'unsupported')?.attrs.reason;
    expect(reason('wrap', [0, 0, 1, 0, 0, 0])).toBe("it pads in mode 'wrap'");
    expect(reason('reflect', [0, 0, 3, 0, 0, 0])).toBe("it puts [3,0] around 3 elements in mode 'reflect'");
  });
});

describe('readOnnx: Slice backwards', () => {
  const sliced = (starts: number[], ends: number[], axes: number[], steps: number[]) =>
    model(
      [2, 5],
      [node('Slice', ['x', 's', 'e', 'a', 't'])],
      [i64('s', ...starts), i64('e', ...ends), i64('a', ...axes), i64('t', ...steps)],
    );
  it('takes negative steps, to the very first element', () => {
    expect(run(sliced([-1], [-100], [1], [-1])).values).toEqual([4, 3, 2, 1, 0, 9, 8, 7, 6, 5]);
    expect(run(sliced([20], [0], [1], [-2])).values).toEqual([4, 2, 9, 7]);
    expect(run(sliced([1, 1], [-9, 4], [0, 1], [-1, 2])).values).toEqual([6, 8, 1, 3]);
  });
});
