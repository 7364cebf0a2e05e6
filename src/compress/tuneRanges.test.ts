// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { tuneRanges } from './tuneRanges.js';

describe('ranges judged by the outputs', () => {
  it('mix what methods say, wider and narrower, tensor by tensor', async () => {
    const wanted = [1.25, 3, 0.8];
    const candidates = [
      new Map([0, 1, 2].map((id) => [id, { min: 0, max: 1 }])),
      new Map([0, 1, 2].map((id) => [id, { min: 0, max: 3 }])),
    ];
    let asked = 0;
    const best = await tuneRanges({
      candidates,
      judge: async (ranges) => {
        asked++;
        return -wanted.reduce((sum, w, id) => sum + Math.abs((ranges.get(id)?.max ?? 0) - w), 0);
      },
    });
    expect([...best.values()].map((r) => r.max)).toEqual(wanted);
    expect(asked).toBeLessThan(25);
  });

  it('are the first where nothing is better', async () => {
    const first = new Map([[7, { min: -1, max: 2 }]]);
    expect(await tuneRanges({ candidates: [first, new Map(first)], judge: async () => 30 })).toEqual(first);
  });
});
