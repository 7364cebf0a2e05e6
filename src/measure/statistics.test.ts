// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { quantile, summarize } from './statistics.js';

describe('summarize', () => {
  it('gives the figures of a known list', () => {
    // numpy: percentile([4, 1, 3, 2, 10], [2.5, 50, 97.5]) = 1.1, 3, 9.4; std(ddof=1) = 3.5355339
    const s = summarize([4, 1, 3, 2, 10]);
    expect(s).toMatchObject({ count: 5, min: 1, median: 3, mean: 4, max: 10 });
    expect(s.low95).toBeCloseTo(1.1, 12);
    expect(s.high95).toBeCloseTo(9.4, 12);
    expect(s.deviation).toBeCloseTo(3.5355339, 6);
  });

  it('takes one value and refuses none', () => {
    expect(summarize([7])).toMatchObject({ min: 7, median: 7, max: 7, deviation: 0, low95: 7, high95: 7 });
    expect(() => summarize([])).toThrow(RangeError);
    expect(quantile([1, 2], 2)).toBe(2);
  });
});
