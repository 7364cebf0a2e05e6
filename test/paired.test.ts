// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { paired } from '../bench/paired.js';

/** So many samples that both, only the first, only the second, and none get right. */
function judged(both: number, first: number, second: number, none: number): [boolean[], boolean[]] {
  const of = (a: boolean, b: boolean, n: number) => Array.from({ length: n }, () => [a, b] as const);
  const all = [
    ...of(true, true, both),
    ...of(true, false, first),
    ...of(false, true, second),
    ...of(false, false, none),
  ];
  return [all.map(([a]) => a), all.map(([, b]) => b)];
}

describe('two models on the same samples', () => {
  it.each([
    [3, 4, 1],
    [0, 0, 1],
    // 2 (1 + 10) / 2^10.
    [1, 9, 22 / 1024],
    // 2 / 2^6.
    [6, 0, 1 / 32],
  ])('differ on %i and %i of them: chance %f', (first, second, chance) => {
    for (const both of [0, 300]) {
      const found = paired(...judged(both, first, second, 7));
      expect([found.first, found.second]).toEqual([first, second]);
      expect(found.chance).toBeCloseTo(chance, 12);
    }
  });
});
