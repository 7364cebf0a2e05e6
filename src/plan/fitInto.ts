// SPDX-License-Identifier: Apache-2.0
// Whether items fit into so many units of memory: branch and bound over the distances between them.
//
// A node of the search bounds every offset and every distance. Bounds are drawn together until nothing changes; then all
// items lie at their least offsets. Where two of them collide, an allowed distance is either above or below the gap that
// theirs lies in: two branches, which between them lose no placement. No collision: a placement.
import { lastAllowed, nextAllowed, type Relation } from './relation.js';

/** Visits to relations that a search may still make: the same number on every machine. */
export interface Budget {
  visits: number;
}

interface Node {
  low: Int32Array;
  high: Int32Array;
  /** Of each relation's distance. */
  least: Float64Array;
  most: Float64Array;
}

const copy = (n: Node): Node => ({
  low: n.low.slice(),
  high: n.high.slice(),
  least: n.least.slice(),
  most: n.most.slice(),
});

/** Draws the bounds of one relation together: 0 nothing changed, 1 something, -1 it cannot be kept. */
function tighten(n: Node, r: Relation, i: number): -1 | 0 | 1 {
  const { low, high } = n;
  const least = nextAllowed(r, Math.max(n.least[i], low[r.b] - high[r.a]));
  const most = lastAllowed(r, Math.min(n.most[i], high[r.b] - low[r.a]));
  if (least > most) return -1;
  n.least[i] = least;
  n.most[i] = most;
  const lowB = Math.max(low[r.b], low[r.a] + least);
  const lowA = Math.max(low[r.a], lowB - most);
  const highA = Math.min(high[r.a], high[r.b] - least);
  const highB = Math.min(high[r.b], highA + most);
  if (lowA > highA || lowB > highB) return -1;
  if (lowA === low[r.a] && lowB === low[r.b] && highA === high[r.a] && highB === high[r.b]) return 0;
  low[r.a] = lowA;
  low[r.b] = lowB;
  high[r.a] = highA;
  high[r.b] = highB;
  return 1;
}

/** Draws all bounds together; false where nothing is left. */
function settle(n: Node, relations: readonly Relation[], budget: Budget): boolean {
  for (let changed = true; changed; ) {
    changed = false;
    for (let i = 0; i < relations.length; i++) {
      const result = tighten(n, relations[i], i);
      if (result < 0) return false;
      if (result > 0) changed = true;
    }
    budget.visits -= relations.length;
    if (budget.visits < 0) return false;
  }
  return true;
}

/** The collision whose two items have the least room, or -1. */
function tightest(n: Node, relations: readonly Relation[]): number {
  let best = -1;
  let bestRoom = Number.POSITIVE_INFINITY;
  relations.forEach((r, i) => {
    const distance = n.low[r.b] - n.low[r.a];
    if (nextAllowed(r, distance) === distance) return;
    const room = n.high[r.a] - n.low[r.a] + n.high[r.b] - n.low[r.b];
    if (room >= bestRoom) return;
    best = i;
    bestRoom = room;
  });
  return best;
}

function branches(n: Node, r: Relation, i: number): Node[] {
  const distance = n.low[r.b] - n.low[r.a];
  const above = copy(n);
  above.least[i] = nextAllowed(r, distance);
  const below = copy(n);
  below.most[i] = lastAllowed(r, distance);
  const byLessMoved = above.least[i] - distance <= distance - below.most[i];
  return byLessMoved ? [below, above] : [above, below];
}

/**
 * Offsets of items with these sizes that end at `limit` or before; 'none' where there are none, and undefined where the
 * budget ended first.
 */
export function fitInto(
  units: readonly number[],
  relations: readonly Relation[],
  limit: number,
  budget: Budget,
): number[] | 'none' | undefined {
  if (units.some((u) => u > limit)) return 'none';
  const root: Node = {
    low: new Int32Array(units.length),
    high: Int32Array.from(units, (u) => limit - u),
    least: new Float64Array(relations.length).fill(Number.NEGATIVE_INFINITY),
    most: new Float64Array(relations.length).fill(Number.POSITIVE_INFINITY),
  };
  const open = [root];
  for (let n = open.pop(); n; n = open.pop()) {
    const possible = settle(n, relations, budget);
    if (budget.visits < 0) return undefined;
    if (!possible) continue;
    const i = tightest(n, relations);
    if (i < 0) return [...n.low];
    open.push(...branches(n, relations[i], i));
  }
  return 'none';
}
