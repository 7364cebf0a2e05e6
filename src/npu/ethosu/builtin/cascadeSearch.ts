// SPDX-License-Identifier: Apache-2.0
// Which cascades: the cheapest that fit a budget, or the smallest peak of memory for so many cycles. A list of operations falls into segments (an operation alone, or a cascade), each with a peak
// of its own, so that the best division is found from the front.
import { roundUp } from '../../../roundUp.js';
import { blobAlignBytes } from '../../npuBlob.js';
import { scaleBytes } from '../scaling.js';
import { bufferRows, type Cascade, links, stripes } from './cascade.js';
import type { System } from './memories.js';
import { inputViews, type NpuOperation, type Storage } from './npuOperation.js';

const stripeRows = [1, 2, 4, 8, 16, 32];
/** A longer one gains nothing more: maps are small by then. */
const longest = 24;
/** Cycles that another start of an operation takes, about: first read, last write, registers. */
const startCycles = 300;

interface Segment {
  from: number;
  to: number;
  cascade?: Cascade;
  peakBytes: number;
  cycles: number;
}

/** Parameters as if nothing compressed them. */
function parameterBytes(operation: NpuOperation): number {
  if (operation.kind !== 'conv' && operation.kind !== 'depthwise') return 0;
  const { weights, scales } = operation.parameters;
  return roundUp(weights.length + scaleBytes * scales.length, blobAlignBytes);
}

export interface SearchContext {
  operations: readonly NpuOperation[];
  storages: readonly Storage[];
  system: System;
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

  private alone(i: number): Segment {
    return { from: i, to: i + 1, peakBytes: this.liveBytes(i, i + 1, new Set()), cycles: 0 };
  }

  private cascades(from: number, to: number): Segment[] {
    const { operations, system } = this.context;
    const chain = operations.slice(from, to);
    const { height } = chain[chain.length - 1].output;
    const outer = this.liveBytes(from, to, new Set(chain.slice(0, -1).map((o) => o.output.storage)));
    const weights = chain.map(parameterBytes);
    return stripeRows
      .filter((rows) => rows < height)
      .flatMap((rows) => {
        const runs = new Array<number>(chain.length).fill(0);
        for (const { at } of stripes(chain, rows)) runs[at]++;
        const inner = bufferRows(chain, rows).reduce(
          (sum, n, at) => sum + roundUp(n * chain[at].output.strideY, blobAlignBytes),
          0,
        );
        const starts = startCycles * runs.reduce((sum, n) => sum + n - 1, 0);
        const again = runs.reduce((sum, n, at) => sum + (n - 1) * weights[at], 0) / system.other.bytesPerCycle;
        const kept = weights.reduce((sum, n) => sum + n, 0);
        return [true, false].map((buffered) => ({
          from,
          to,
          cascade: { from, to, rows, buffered },
          peakBytes: outer + inner + (buffered ? kept : 0),
          cycles: starts + (buffered ? 0 : again),
        }));
      });
  }

  /** By the operation that each segment begins with. */
  segments(): Segment[][] {
    const { operations, storages } = this.context;
    const linked = links(operations, storages);
    return operations.map((_, from) => {
      const found = [this.alone(from)];
      for (let to = from + 1; to < operations.length && linked[to - 1] && to - from < longest; to++)
        found.push(...this.cascades(from, to + 1));
      return found;
    });
  }
}

/** The division with the least `value` in all, where `join` puts values together. */
function best(
  segments: readonly Segment[][],
  value: (s: Segment) => number,
  join: (a: number, b: number) => number,
): { total: number; chosen: Segment[] } {
  const from: { total: number; chosen: Segment[] }[] = [];
  from[segments.length] = { total: 0, chosen: [] };
  for (let i = segments.length - 1; i >= 0; i--) {
    from[i] = segments[i]
      .map((s) => ({ total: join(value(s), from[s.to].total), chosen: [s, ...from[s.to].chosen] }))
      .reduce((a, b) => (b.total < a.total ? b : a), { total: Number.POSITIVE_INFINITY, chosen: [] });
  }
  return from[0];
}

export interface Division {
  cascades: Cascade[];
  /** Of the maps (and weights that a cascade keeps): what the plan of memory will need at least. */
  peakBytes: number;
  /** More than without cascades, about. */
  cycles: number;
}

/** The cheapest division whose peak is at most `limit`; without segments for it, none. */
function cheapest(segments: readonly Segment[][], limit: number): Division {
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
  /** The smallest that costs no more. */
  mostCycles?: number;
}

export function searchCascades(context: SearchContext, limits: Limits): Division {
  const segments = new Search(context).segments();
  const least = best(segments, (s) => s.peakBytes, Math.max).total;
  const { mostCycles } = limits;
  if (mostCycles === undefined) return cheapest(segments, Math.max(least, limits.budgetBytes ?? 0));
  const peaks = segments.flat().map((s) => s.peakBytes);
  const levels = [...new Set(peaks)].filter((bytes) => bytes >= least).sort((a, b) => a - b);
  // With more memory no division is dearer.
  let [low, high] = [0, levels.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (cheapest(segments, levels[middle]).cycles <= mostCycles) high = middle;
    else low = middle + 1;
  }
  return cheapest(segments, levels[low]);
}
