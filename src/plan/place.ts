// SPDX-License-Identifier: Apache-2.0
// Offsets for buffers with lifetimes. First fit in several orders gives a placement; the search of fitInto.ts then looks for
// a smaller one, or proves that there is none. A kernel's output may lie over its dying input at the distances that the
// kernel allows (src/ops/overlap.ts).

import { xorshift32 } from '../xorshift.js';
import { type Budget, fitInto } from './fitInto.js';
import {
  findRelations,
  type Interval,
  lastAllowed,
  nextAllowed,
  type Relation,
  type Share,
  unitsOf,
} from './relation.js';

export type { Interval, Share } from './relation.js';

export interface Placement {
  offsets: number[];
  totalBytes: number;
  /** Proved: no placement of these items needs less. totalBytes === boundBytes means optimal. */
  boundBytes: number;
}

interface Problem {
  items: readonly Interval[];
  units: number[];
  relations: Relation[];
  /** Relations of each item. */
  of: Relation[][];
}

interface Found {
  offsets: number[];
  total: number;
}

/** The lowest offset from `at` on that relation r allows item i, its other item being placed. */
const lift = (r: Relation, i: number, at: number, offsets: readonly number[]): number =>
  r.a === i ? offsets[r.b] - lastAllowed(r, offsets[r.b] - at) : offsets[r.a] + nextAllowed(r, at - offsets[r.a]);

/** First fit: each item, in this order, at the lowest offset that no placed item forbids. */
function firstFit({ units, of }: Problem, order: readonly number[]): Found {
  const offsets = new Array<number>(units.length).fill(0);
  const placed = new Set<number>();
  let total = 0;
  for (const i of order) {
    const near = of[i].filter((r) => placed.has(r.a === i ? r.b : r.a));
    let offset = 0;
    for (let before = -1; before !== offset; ) {
      before = offset;
      for (const r of near) offset = lift(r, i, offset, offsets);
    }
    offsets[i] = offset;
    total = Math.max(total, offset + units[i]);
    placed.add(i);
  }
  return { offsets, total };
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

/** The best of several first fits; `enough` is a total that cannot be less. */
function heuristic(problem: Problem, enough: number): Found {
  const { items } = problem;
  const indices = items.map((_, i) => i);
  const byKey = (key: (b: Interval) => number): number[] =>
    [...indices].sort((a, b) => key(items[a]) - key(items[b]) || a - b);
  let order = byKey(keys[0]);
  let best = firstFit(problem, order);
  const shuffle = shuffler(0x6d6f7465);
  const tries = keys.length + (items.length > 1 ? randomTries : 0);
  for (let i = 1; i < tries && best.total > enough; i++) {
    const next = i < keys.length ? byKey(keys[i]) : shuffle(order);
    const found = firstFit(problem, next);
    if (found.total < best.total) [best, order] = [found, next];
  }
  return best;
}

/** Most units that the two items of a relation can have in common. */
function mostShared(r: Relation, units: readonly number[]): number {
  const [a, b] = [units[r.a], units[r.b]];
  // From where to where the one lies within the other.
  const [from, to] = a < b ? [a - b, 0] : [0, a - b];
  const common = (d: number): number => Math.max(0, Math.min(a, d + b) - Math.max(0, d));
  return Math.max(common(nextAllowed(r, from)), common(lastAllowed(r, to)));
}

/** Largest sum alive at one step, less what pairs can share: their union is no smaller (Bonferroni's inequality). */
function aliveBound({ items, units, relations }: Problem): number {
  const shared = relations.map((r) => mostShared(r, units));
  let bound = Math.max(...units);
  // The sum can only peak where some interval begins.
  for (const step of new Set(items.map((i) => i.first))) {
    const at = (i: number): boolean => items[i].first <= step && items[i].last >= step;
    const sum = units.reduce((n, u, i) => n + (at(i) ? u : 0), 0);
    const common = relations.reduce((n, r, i) => n + (at(r.a) && at(r.b) ? shared[i] : 0), 0);
    bound = Math.max(bound, sum - common);
  }
  return bound;
}

/** The items alive from step `first` to step `last`, as a problem of their own. */
function during({ items, relations }: Problem, first: number, last: number): { alive: number[]; among: Relation[] } {
  const alive = items.flatMap((item, i) => (item.first <= last && item.last >= first ? [i] : []));
  const index = new Map(alive.map((i, k) => [i, k]));
  const among = relations.flatMap((r) => {
    const [a, b] = [index.get(r.a), index.get(r.b)];
    return a === undefined || b === undefined ? [] : [{ ...r, a, b }];
  });
  return { alive, among };
}

type Part = ReturnType<typeof during>;

/** Parts of the timeline, short ones first: what does not fit shows early. */
function partsOf(problem: Problem): Part[] {
  const end = Math.max(...problem.items.map((i) => i.last)) + 1;
  const parts: Part[] = [];
  for (let length = 1; length < end; length *= 2)
    for (let first = 0; first < end; first += Math.ceil(length / 2))
      parts.push(during(problem, first, first + length - 1));
  return parts;
}

/** Of one search, and of all. At some ten million a second the limits are below a tenth of a second, and one second. */
const partVisits = 200_000;
const allVisits = 8_000_000;

/** fitInto() with a share of what is left. */
function tryFit(problem: Problem, { alive, among }: Part, limit: number, all: Budget, visits: number) {
  const budget = { visits: Math.min(visits, all.visits) };
  const before = budget.visits;
  const result = fitInto(
    alive.map((i) => problem.units[i]),
    among,
    limit,
    budget,
  );
  all.visits -= before - Math.max(0, budget.visits);
  return result;
}

/** Halves the totals between the bound and the best placement until one is both, or the budget ends. */
function improve(problem: Problem, start: Found, least: number): { best: Found; bound: number } {
  const { items, units, relations } = problem;
  const all: Budget = { visits: allVisits };
  const parts = partsOf(problem);
  const whole: Part = { alive: items.map((_, i) => i), among: relations };
  let best = start;
  let bound = least;
  for (let low = least; low < best.total; ) {
    const limit = Math.floor((low + best.total - 1) / 2);
    const refuted = parts.some((part) => tryFit(problem, part, limit, all, partVisits) === 'none');
    const found = refuted ? 'none' : tryFit(problem, whole, limit, all, allVisits / 4);
    if (Array.isArray(found)) {
      best = { offsets: found, total: Math.max(...found.map((o, i) => o + units[i])) };
      continue;
    }
    low = limit + 1;
    // Where a search gave up, a smaller total is open; larger ones are still tried.
    if (found === 'none') bound = low;
  }
  return { best, bound };
}

/** Places all items; the result's totalBytes is exact. */
export function place(items: readonly Interval[], alignBytes: number, shares: readonly Share[] = []): Placement {
  if (items.length === 0) throw new Error('nothing to place');
  const units = items.map((i) => unitsOf(i.bytes, alignBytes));
  const relations = findRelations(items, alignBytes, shares);
  const of = items.map((_, i) => relations.filter((r) => r.a === i || r.b === i));
  const problem = { items, units, relations, of };
  const least = aliveBound(problem);
  const { best, bound } = improve(problem, heuristic(problem, least), least);
  return {
    offsets: best.offsets.map((o) => o * alignBytes),
    totalBytes: best.total * alignBytes,
    boundBytes: bound * alignBytes,
  };
}
