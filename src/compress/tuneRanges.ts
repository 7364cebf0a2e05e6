// SPDX-License-Identifier: Apache-2.0
// Where activations are clipped, judged by the network's outputs: of what each method says, tensor by tensor, and of wider
// and narrower ranges, what leaves the int8 graph closest to the float one.
import type { TensorId } from '../model/graph.js';
import type { Range } from './range.js';

export interface RangeSearch {
  /** Ranges to begin with, the first wherever the others are no better. */
  candidates: readonly ReadonlyMap<TensorId, Range>[];
  /** Signal-to-noise ratio of the outputs. */
  judge(ranges: Map<TensorId, Range>): Promise<number>;
}

/** Of a range's own ends. */
const widths = [0.8, 0.9, 1.12, 1.25];

const scaled = ({ min, max }: Range, by: number): Range => ({ min: min * by, max: max * by });

export async function tuneRanges({ candidates, judge }: RangeSearch): Promise<Map<TensorId, Range>> {
  let best = new Map<TensorId, Range>(candidates[0]);
  let most = Number.NEGATIVE_INFINITY;
  const consider = async (ranges: Map<TensorId, Range>): Promise<void> => {
    const snr = await judge(ranges);
    if (snr > most) [best, most] = [ranges, snr];
  };
  for (const ranges of candidates) await consider(new Map(ranges));
  for (const id of [...best.keys()]) {
    const own = best.get(id) as Range;
    const others = candidates.map((c) => c.get(id)).filter((r) => r !== undefined);
    for (const range of [...others, ...widths.map((w) => scaled(own, w))])
      if (range.min !== own.min || range.max !== own.max) await consider(new Map(best).set(id, range));
  }
  return best;
}
