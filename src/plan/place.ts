// SPDX-License-Identifier: Apache-2.0
// Offsets for buffers with lifetimes: first fit in several orders, stopping at the lower bound. A kernel's output may lie
// over its dying input when it begins far enough before it (src/ops/overlap.ts).

import { xorshift32 } from '../xorshift.js';

export interface Interval {
  bytes: number;
  first: number;
  last: number;
}

/** Item `output` may overlap item `input` if it begins at least `lagBytes` before it. */
export interface Share {
  output: number;
  input: number;
  lagBytes: number;
}

export interface Placement {
  offsets: number[];
  totalBytes: number;
  /** No placement of these items can need less. totalBytes === boundBytes proves it optimal. */
  boundBytes: number;
}

const alignUp = (n: number, to: number): number => Math.ceil(n / to) * to;
const alive = (a: Interval, b: Interval): boolean => a.first <= b.last && b.first <= a.last;

/** Bytes that an output and the input it may lie over need together. */
const sharedBytes = (output: Interval, input: Interval, lagBytes: number): number =>
  Math.min(output.bytes + input.bytes, Math.max(output.bytes, lagBytes + input.bytes));

/** Largest sum alive at one step, where a sharing pair counts as what the two need together. */
export function lowerBound(items: readonly Interval[], alignBytes: number, shares: readonly Share[] = []): number {
  let bound = 0;
  // The sum can only peak where some interval begins.
  for (const step of new Set(items.map((i) => i.first))) {
    const at = (i: number): boolean => items[i].first <= step && items[i].last >= step;
    let sum = 0;
    items.forEach((item, i) => {
      if (at(i)) sum += alignUp(item.bytes, alignBytes);
    });
    for (const { output, input, lagBytes } of shares) {
      if (!at(output) || !at(input)) continue;
      const apart = alignUp(items[output].bytes, alignBytes) + alignUp(items[input].bytes, alignBytes);
      sum -= Math.max(0, apart - alignUp(sharedBytes(items[output], items[input], lagBytes), alignBytes));
    }
    bound = Math.max(bound, sum);
  }
  return bound;
}

type LagOf = (output: number, input: number) => number | undefined;

/** Offsets that item i must not have because of placed item j: from < offset < to. */
function forbidden(
  items: readonly Interval[],
  offsets: readonly number[],
  i: number,
  j: number,
  lagOf: LagOf,
): [number, number] {
  const over = lagOf(i, j);
  const under = lagOf(j, i);
  const below = over === undefined ? items[i].bytes : Math.min(items[i].bytes, over);
  const above = under === undefined ? items[j].bytes : Math.min(items[j].bytes, under);
  return [offsets[j] - below, offsets[j] + above];
}

/** First fit: each item, in this order, at the lowest offset that no placed item forbids. */
function firstFit(
  items: readonly Interval[],
  order: readonly number[],
  alignBytes: number,
  lagOf: LagOf,
): Omit<Placement, 'boundBytes'> {
  const offsets = new Array<number>(items.length).fill(0);
  const placed: number[] = [];
  let totalBytes = 0;
  for (const i of order) {
    const ranges = placed
      .filter((j) => alive(items[i], items[j]))
      .map((j) => forbidden(items, offsets, i, j, lagOf))
      .sort((a, b) => a[0] - b[0]);
    let offset = 0;
    for (const [from, to] of ranges) if (offset > from && offset < to) offset = alignUp(to, alignBytes);
    // A range that starts below may reach over one that was passed: look again until none forbids.
    for (let hit = ranges.find(([from, to]) => offset > from && offset < to); hit; ) {
      offset = alignUp(hit[1], alignBytes);
      hit = ranges.find(([from, to]) => offset > from && offset < to);
    }
    offsets[i] = offset;
    totalBytes = Math.max(totalBytes, alignUp(offset + items[i].bytes, alignBytes));
    placed.push(i);
  }
  return { offsets, totalBytes };
}

// Sort keys that win on different graphs: large first (Pisarchyk and Lee 2020, arXiv:2001.03288), long-lived first,
// largest area first, in time order, and against it (an output then lies below the input that it may run over).
const keys: ((b: Interval) => number)[] = [
  (b) => -b.bytes,
  (b) => -(b.last - b.first) * 1e9 - b.bytes,
  (b) => -b.bytes * (b.last - b.first + 1),
  (b) => b.first * 1e9 - b.bytes,
  (b) => -b.first * 1e9 - b.bytes,
  (b) => -b.last * 1e9 - b.first,
];

const randomTries = 400;

/** Swaps a few elements of a list; the same every time. */
function shuffler(seed: number): (list: readonly number[]) => number[] {
  const next = xorshift32(seed);
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
export function place(items: readonly Interval[], alignBytes: number, shares: readonly Share[] = []): Placement {
  const boundBytes = lowerBound(items, alignBytes, shares);
  const lags = new Map(shares.map((s) => [s.output * items.length + s.input, alignUp(s.lagBytes, alignBytes)]));
  const lagOf: LagOf = (output, input) => lags.get(output * items.length + input);
  const indices = items.map((_, i) => i);
  let best: { order: number[]; offsets: number[]; totalBytes: number } | undefined;
  const consider = (order: number[]): boolean => {
    const p = firstFit(items, order, alignBytes, lagOf);
    if (!best || p.totalBytes < best.totalBytes) best = { ...p, order };
    return best.totalBytes === boundBytes;
  };
  let optimal = keys.some((key) => consider([...indices].sort((a, b) => key(items[a]) - key(items[b]) || a - b)));
  const shuffle = shuffler(0x6d6f7465);
  for (let i = 0; i < randomTries && !optimal && items.length > 1; i++)
    optimal = consider(shuffle(best?.order ?? indices));
  if (!best) throw new Error('nothing to place');
  return { offsets: best.offsets, totalBytes: best.totalBytes, boundBytes };
}
