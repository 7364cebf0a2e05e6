// SPDX-License-Identifier: Apache-2.0
// Offsets for buffers with lifetimes: first fit in several orders, stopping at the lower bound (the largest sum alive).

export interface Interval {
  bytes: number;
  first: number;
  last: number;
}

export interface Placement {
  offsets: number[];
  totalBytes: number;
  /** No placement can need less. totalBytes === boundBytes proves it optimal. */
  boundBytes: number;
}

const alignUp = (n: number, to: number): number => Math.ceil(n / to) * to;
const overlap = (a: Interval, b: Interval): boolean => a.first <= b.last && b.first <= a.last;

/** Largest sum of aligned bytes alive at one step. */
export function lowerBound(items: readonly Interval[], alignBytes: number): number {
  let bound = 0;
  for (const at of items) {
    // The sum can only peak where some interval begins.
    const alive = items.filter((b) => b.first <= at.first && b.last >= at.first);
    bound = Math.max(
      bound,
      alive.reduce((sum, b) => sum + alignUp(b.bytes, alignBytes), 0),
    );
  }
  return bound;
}

/** First fit: each item, in this order, at the lowest offset where no placed item alive with it lies. */
function firstFit(items: readonly Interval[], order: readonly number[], alignBytes: number): Placement {
  const offsets = new Array<number>(items.length).fill(0);
  const placed: number[] = [];
  let totalBytes = 0;
  for (const i of order) {
    const blockers = placed.filter((j) => overlap(items[i], items[j])).sort((a, b) => offsets[a] - offsets[b]);
    let offset = 0;
    for (const j of blockers) {
      if (offsets[j] >= offset + items[i].bytes) break;
      offset = Math.max(offset, alignUp(offsets[j] + items[j].bytes, alignBytes));
    }
    offsets[i] = offset;
    totalBytes = Math.max(totalBytes, alignUp(offset + items[i].bytes, alignBytes));
    placed.push(i);
  }
  return { offsets, totalBytes, boundBytes: 0 };
}

// Sort keys that win on different graphs: large first (Pisarchyk and Lee 2020, arXiv:2001.03288), long-lived first,
// largest area first, in time order.
const keys: ((b: Interval) => number)[] = [
  (b) => -b.bytes,
  (b) => -(b.last - b.first) * 1e9 - b.bytes,
  (b) => -b.bytes * (b.last - b.first + 1),
  (b) => b.first * 1e9 - b.bytes,
];

const randomTries = 200;

/** Deterministic 32-bit xorshift (Marsaglia 2003), so that the same graph gives the same plan. */
function shuffler(seed: number): (list: number[]) => number[] {
  let s = seed;
  const next = (): number => {
    s ^= s << 13;
    s ^= s >>> 17;
    s ^= s << 5;
    return s >>> 0;
  };
  return (list) => {
    const a = [...list];
    // Swap a few pairs: stays near the good order it starts from.
    for (let k = 0; k < 1 + a.length / 8; k++) {
      const i = next() % a.length;
      const j = next() % a.length;
      [a[i], a[j]] = [a[j], a[i]];
    }
    return a;
  };
}

/** Places all items; the result's totalBytes is exact. */
export function place(items: readonly Interval[], alignBytes: number): Placement {
  const boundBytes = lowerBound(items, alignBytes);
  const indices = items.map((_, i) => i);
  let bestOrder = indices;
  let best: Placement | undefined;
  const consider = (order: number[]): boolean => {
    const p = firstFit(items, order, alignBytes);
    if (!best || p.totalBytes < best.totalBytes) {
      best = p;
      bestOrder = order;
    }
    return best.totalBytes === boundBytes;
  };
  let optimal = keys.some((key) => consider([...indices].sort((a, b) => key(items[a]) - key(items[b]) || a - b)));
  const shuffle = shuffler(0x6d6f7465);
  for (let i = 0; i < randomTries && !optimal && items.length > 1; i++) optimal = consider(shuffle(bestOrder));
  if (!best) throw new Error('nothing to place');
  return { ...best, boundBytes };
}
