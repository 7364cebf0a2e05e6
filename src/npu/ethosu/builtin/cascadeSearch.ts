// SPDX-License-Identifier: Apache-2.0
// Which cascades: the cheapest that fit a budget, or the smallest peak of memory for so many cycles. A list of operations falls into segments (an operation alone, or a cascade), each with a peak
// of its own, so that the best division is found from the front.
import { roundUp } from '../../../roundUp.js';
import { blobAlignBytes } from '../../npuBlob.js';
import { bufferRows, type Cascade, links, stripes } from './cascade.js';
import { inputViews, type NpuOperation, type Storage } from './npuOperation.js';
import type { StripeCosts } from './stripeCosts.js';

const stripeRows = [1, 2, 4, 8, 16, 32];
/** A longer one gains nothing more: maps are small by then. */
const longest = 24;

interface Segment {
  from: number;
  to: number;
  cascade?: Cascade;
  peakBytes: number;
  cycles: number;
}

export interface SearchContext {
  operations: readonly NpuOperation[];
  storages: readonly Storage[];
  costs: StripeCosts;
  /** Whether a storage takes part in the plan of memory. */
  isPlanned(storage: Storage): boolean;
}

class Search {
  private readonly lives: { storage: number; bytes: number; first: number; last: number }[] = [];

  constructor(private readonly context: SearchContext) {
    const { operations, storages } = context;
    const found = new Map<number, { first: number; last: number }>();
    operations.forEach((o, i) => {
      for (const { storage } of [...inputViews(o), o.output])
        found.set(storage, { first: found.get(storage)?.first ?? i, last: i });
    });
    for (const [storage, life] of found) {
      const { port, bytes } = storages[storage];
      if (!context.isPlanned(storages[storage])) continue;
      const whole = port === undefined ? life : { first: 0, last: operations.length };
      this.lives.push({ storage, bytes: roundUp(bytes, blobAlignBytes), ...whole });
    }
  }

  /** Bytes of maps that live anywhere in [from, to), without those between the operations of a cascade. */
  private liveBytes(from: number, to: number, inner: ReadonlySet<number>): number {
    const alive = this.lives.filter((l) => l.first < to && l.last >= from && !inner.has(l.storage));
    return alive.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** Parameters where they are, or in a buffer beside the maps. */
  private alone(i: number): Segment[] {
    const { operations, costs } = this.context;
    const { height } = operations[i].output;
    const peakBytes = this.liveBytes(i, i + 1, new Set());
    const bytes = roundUp(costs.bytes(i), blobAlignBytes);
    const direct = { from: i, to: i + 1, peakBytes, cycles: costs.cycles(i, height, false) };
    if (bytes === 0) return [direct];
    const cycles = Math.max(costs.cycles(i, height, true), costs.transfer(i));
    return [direct, { ...direct, peakBytes: peakBytes + bytes, cycles }];
  }

  private cascades(from: number, to: number): Segment[] {
    const { operations } = this.context;
    const chain = operations.slice(from, to);
    const { height } = chain[chain.length - 1].output;
    const outer = this.liveBytes(from, to, new Set(chain.slice(0, -1).map((o) => o.output.storage)));
    return stripeRows
      .filter((rows) => rows < height)
      .flatMap((rows) => {
        const inner = bufferRows(chain, rows).reduce(
          (sum, n, at) => sum + roundUp(n * chain[at].output.strideY, blobAlignBytes),
          0,
        );
        return this.inStripes(from, chain, rows, outer + inner);
      });
  }

  /** First with no parameters in memory, then with those as well that save the most cycles for their bytes. */
  private inStripes(from: number, chain: readonly NpuOperation[], rows: number, mapBytes: number): Segment[] {
    const { costs } = this.context;
    const runs = new Array<number>(chain.length).fill(0);
    const tallest = new Array<number>(chain.length).fill(0);
    for (const stripe of stripes(chain, rows)) {
      runs[stripe.at]++;
      tallest[stripe.at] = Math.max(tallest[stripe.at], stripe.to - stripe.from);
    }
    const ways = chain.map((_, at) => {
      const direct = runs[at] * costs.cycles(from + at, tallest[at], false);
      const kept = Math.max(runs[at] * costs.cycles(from + at, tallest[at], true), costs.transfer(from + at));
      return { at, direct, saves: direct - kept, bytes: roundUp(costs.bytes(from + at), blobAlignBytes) };
    });
    const buffered = chain.map(() => false);
    let peakBytes = mapBytes;
    let cycles = ways.reduce((sum, w) => sum + w.direct, 0);
    const segment = (): Segment => {
      const cascade = { from, to: from + chain.length, rows, buffered: [...buffered] };
      return { from, to: cascade.to, cascade, peakBytes, cycles };
    };
    const found = [segment()];
    const worth = ways.filter((w) => w.saves > 0).sort((a, b) => b.saves / b.bytes - a.saves / a.bytes);
    for (const { at, saves, bytes } of worth) {
      buffered[at] = true;
      peakBytes += bytes;
      cycles -= saves;
      found.push(segment());
    }
    return found;
  }

  /** By the operation that each segment begins with; none that another one beats in both memory and cycles. */
  segments(): Segment[][] {
    const { operations, storages } = this.context;
    const linked = links(operations, storages);
    return operations.map((_, from) => {
      const found = cheaperByPeak(this.alone(from));
      for (let to = from + 1; to < operations.length && linked[to - 1] && to - from < longest; to++)
        found.push(...cheaperByPeak(this.cascades(from, to + 1)));
      return found;
    });
  }
}

/** Of segments for the same operations those that are cheaper than all that need no more memory. */
function cheaperByPeak(segments: readonly Segment[]): Segment[] {
  let least = Number.POSITIVE_INFINITY;
  return [...segments]
    .sort((a, b) => a.peakBytes - b.peakBytes || a.cycles - b.cycles)
    .filter(({ cycles }) => {
      const cheaper = cycles < least;
      least = Math.min(least, cycles);
      return cheaper;
    });
}

/** The division with the least `value` in all, where `join` puts values together. */
function best(
  segments: readonly (readonly Segment[])[],
  value: (s: Segment) => number,
  join: (a: number, b: number) => number,
): { total: number; chosen: Segment[] } {
  const from: { total: number; first?: Segment }[] = [];
  from[segments.length] = { total: 0 };
  for (let i = segments.length - 1; i >= 0; i--) {
    from[i] = { total: Number.POSITIVE_INFINITY };
    for (const s of segments[i]) {
      const total = join(value(s), from[s.to].total);
      if (total < from[i].total) from[i] = { total, first: s };
    }
  }
  const chosen: Segment[] = [];
  for (let s = from[0].first; s; s = from[s.to].first) chosen.push(s);
  return { total: from[0].total, chosen };
}

export interface Division {
  cascades: Cascade[];
  /** Of the maps (and weights that a cascade keeps): what the plan of memory will need at least. */
  peakBytes: number;
  /** More than with all the memory that there may be, about. */
  cycles: number;
}

/** The cheapest division whose peak is at most `limit`; without segments for it, none. */
function cheapest(segments: readonly (readonly Segment[])[], limit: number): Division {
  const { chosen, total } = best(
    segments.map((list) => list.filter((s) => s.peakBytes <= limit)),
    (s) => s.cycles,
    (a, b) => a + b,
  );
  return {
    cascades: chosen.flatMap((s) => (s.cascade ? [s.cascade] : [])),
    peakBytes: chosen.reduce((most, s) => Math.max(most, s.peakBytes), 0),
    cycles: total,
  };
}

export interface Limits {
  /** The cheapest division within it, or the smallest where none is. */
  budgetBytes?: number;
  /** The smallest that costs no more than with all the memory that there may be. */
  mostCycles?: number;
}

/** Divisions of a list of operations, for any limits. */
export function searchCascades(context: SearchContext): (limits: Limits) => Division {
  const segments = new Search(context).segments();
  const least = best(segments, (s) => s.peakBytes, Math.max).total;
  const free = cheapest(segments, Number.POSITIVE_INFINITY).cycles;
  const peaks = segments.flat().map((s) => s.peakBytes);
  const levels = [...new Set(peaks)].filter((bytes) => bytes >= least).sort((a, b) => a - b);
  return ({ mostCycles, budgetBytes }) => {
    if (mostCycles === undefined) return cheapest(segments, Math.max(least, budgetBytes ?? 0));
    // With more memory no division is dearer.
    let [low, high] = [0, levels.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (cheapest(segments, levels[middle]).cycles - free <= mostCycles) high = middle;
      else low = middle + 1;
    }
    return cheapest(segments, levels[low]);
  };
}
