// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { compareWithFloat, type Observe, type Trust } from './trust.js';

/** Answers by sample, and one layer's values that are float's plus `noise`, in integers of step 0.5. */
const side =
  (answers: readonly number[], gain = 1, offset = 0): Observe =>
  (s, withLayers) => ({
    output: [0, 1, 2].map((c) => (c === answers[s] ? 1 : 0)),
    layers: withLayers
      ? new Map([['a', { data: [2, -4, 6, 8].map((v) => gain * v + offset), scale: 0.5, zeroPoint: 0 }]])
      : new Map(),
  });

const compare = (float: Observe, packed: Observe, more: { labels?: number[]; scaled?: boolean } = {}): Trust =>
  compareWithFloat({
    samples: 6,
    float,
    packed,
    classes: 3,
    scaled: false,
    channelsOf: new Map([['a', 2]]),
    ...more,
  });

describe('float against packed', () => {
  const labels = [0, 0, 1, 1, 2, 2];
  const float = [0, 1, 1, 1, 2, 0];
  const packed = [0, 0, 1, 2, 2, 1];

  it('counts what changed, both ways, and the worst class', () => {
    const t = compare(side(float), side(packed), { labels });
    expect([t.float, t.packed]).toEqual([4 / 6, 4 / 6]);
    expect([t.changed, t.toRight, t.toWrong, t.otherwise]).toEqual([3, 1, 1, 1]);
    expect(t.worst).toEqual({ class: 1, count: 2, float: 2, packed: 1, changed: 1 });
    expect(t.perClass[0]).toEqual({ class: 0, count: 2, float: 1, packed: 2, changed: 1 });
  });

  it('takes agreement with float where there are no labels', () => {
    const t = compare(side(float), side(packed));
    expect([t.labelled, t.float, t.packed, t.changed, t.otherwise]).toEqual([false, 1, 0.5, 3, 3]);
  });

  it('finds no worst class where nothing is lost', () => {
    expect(compare(side(float), side(float), { labels }).worst).toBeUndefined();
  });

  it('measures the noise of each layer, scalings of channels aside where there are any', () => {
    const noisy = compare(side(float), side(float, 1, 1));
    // Signal 4 + 16 + 36 + 64, noise 1 in each of four values.
    expect(noisy.layers).toEqual([{ name: 'a', snrDb: expect.closeTo(10 * Math.log10(120 / 4), 9) }]);
    expect(compare(side(float), side(float)).layers[0].snrDb).toBeNull();
    expect(compare(side(float), side(float, 3), { scaled: true }).layers[0].snrDb).toBeNull();
    expect(compare(side(float), side(float, 3)).layers[0].snrDb).toBeCloseTo(-20 * Math.log10(2), 9);
  });
});
