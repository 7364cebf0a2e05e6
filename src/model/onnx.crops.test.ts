// SPDX-License-Identifier: Apache-2.0
// What is read as cuts, turns and picks of the largest.
import { describe, expect, it } from 'vitest';
import { evaluateGraph } from '../ops/evaluateGraph.js';
import { i64, model, node, read } from './testing/onnxCases.js';

describe('readOnnx: TopK', () => {
  const picked = (values: number[], k: number, largest: number): number[][] => {
    const top = node('TopK', ['x', 'k'], { largest: { int: largest } }, ['y', 'places']);
    const outputs = [{ name: 'y' }, { name: 'places', type: 'int64' as const }];
    const graph = read(model([1, values.length], [top], [i64('k', k)], { outputs }));
    return evaluateGraph(graph, [Float32Array.from(values)], { rounding: 'single' }).map((d) => Array.from(d, Number));
  };
  const [up, down] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];

  it('takes the first of equal values', () => {
    expect(picked([1, 3, 3, 2], 3, 1)).toEqual([
      [3, 3, 2],
      [1, 2, 3],
    ]);
    expect(picked([1, 3, 3, 1], 3, 0)).toEqual([
      [1, 1, 3],
      [0, 3, 1],
    ]);
  });

  it('takes no place twice, infinities of either end among the values', () => {
    expect(picked([down, 1, down, up], 4, 1)).toEqual([
      [up, 1, down, down],
      [3, 1, 0, 2],
    ]);
    expect(picked([up, up, down, 5], 4, 0)).toEqual([
      [down, 5, up, up],
      [2, 3, 0, 1],
    ]);
  });
});
