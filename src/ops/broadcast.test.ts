// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { broadcastShape, forEachPair, mergedBroadcast } from './broadcast.js';
import { tapRange } from './window.js';

describe('broadcasting', () => {
  it.each([
    [
      [2, 3],
      [2, 3],
      [2, 3],
    ],
    [[2, 1], [3], [2, 3]],
    [[], [4], [4]],
    [
      [1, 5, 1],
      [2, 1, 3],
      [2, 5, 3],
    ],
    [[2], [3], undefined],
  ])('%j and %j give %j', (a, b, shape) => {
    expect(broadcastShape(a, b)).toEqual(shape);
  });

  it('merges equal shapes, and a scalar, to one dimension', () => {
    expect(mergedBroadcast([2, 3, 4], [2, 3, 4], [2, 3, 4])).toEqual({ dims: [24], a: [1], b: [1] });
    expect(mergedBroadcast([2, 3, 4], [], [2, 3, 4])).toEqual({ dims: [24], a: [1], b: [0] });
    expect(mergedBroadcast([1, 5, 6, 8], [8], [1, 5, 6, 8])).toEqual({ dims: [30, 8], a: [8, 1], b: [0, 1] });
  });

  it('visits pairs in output order', () => {
    const pairs: number[][] = [];
    forEachPair(mergedBroadcast([2, 1], [3], [2, 3]), (a, b) => pairs.push([a, b]));
    expect(pairs).toEqual([
      [0, 0],
      [0, 1],
      [0, 2],
      [1, 0],
      [1, 1],
      [1, 2],
    ]);
  });
});

describe('tapRange', () => {
  it('is the taps inside the image, for every origin, dilation and size', () => {
    for (let origin = -6; origin < 8; origin++) {
      for (let dilation = 1; dilation < 4; dilation++) {
        for (let size = 1; size < 6; size++) {
          const inside = [0, 1, 2].filter((k) => origin + k * dilation >= 0 && origin + k * dilation < size);
          const { begin, end } = tapRange(origin, dilation, 3, size);
          expect([0, 1, 2].slice(begin, end), `${origin} ${dilation} ${size}`).toEqual(inside);
        }
      }
    }
  });
});
