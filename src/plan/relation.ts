// SPDX-License-Identifier: Apache-2.0
// How two buffers that are needed at the same time may lie to each other, as the distances that are allowed between them.

/** A stretch of bytes that is needed from step `first` to step `last`, both included. */
export interface Interval {
  bytes: number;
  first: number;
  last: number;
}

/** Item `output` may begin lagBytes + n * stepBytes (n = 0, 1, …) before item `input`, whatever they then share. */
export interface Share {
  output: number;
  input: number;
  lagBytes: number;
  /** Default: 1, any distance from lagBytes on. */
  stepBytes?: number;
}

/**
 * Items a and b, which must not collide. Distances are offset(b) - offset(a), in units of the alignment: all from `over`
 * on, all up to `under`, and, where they may share, lag, lag + step, lag + 2 step …
 */
export interface Relation {
  a: number;
  b: number;
  over: number;
  under: number;
  lag: number;
  step: number;
}

const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b));
export const unitsOf = (bytes: number, alignBytes: number): number => Math.ceil(bytes / alignBytes);

/** The least distance of a share that is whole units, and from where to where there are more; none: Infinity. */
function inUnits({ lagBytes, stepBytes = 1 }: Share, alignBytes: number): { lag: number; step: number } {
  const common = gcd(stepBytes, alignBytes);
  for (let n = 0; n < alignBytes / common; n++) {
    const distance = lagBytes + n * stepBytes;
    if (distance % alignBytes === 0) return { lag: distance / alignBytes, step: stepBytes / common };
  }
  return { lag: Number.POSITIVE_INFINITY, step: 1 };
}

/** The relations of all pairs of items that are alive at one step. */
export function findRelations(
  items: readonly Interval[],
  alignBytes: number,
  shares: readonly Share[] = [],
): Relation[] {
  const byPair = new Map(shares.map((s) => [s.output * items.length + s.input, s]));
  const units = items.map((i) => unitsOf(i.bytes, alignBytes));
  const relations: Relation[] = [];
  items.forEach((one, i) => {
    for (let j = i + 1; j < items.length; j++) {
      if (one.first > items[j].last || items[j].first > one.last) continue;
      const turned = byPair.has(j * items.length + i);
      const [a, b] = turned ? [j, i] : [i, j];
      const share = byPair.get(a * items.length + b);
      const apart = { lag: Number.POSITIVE_INFINITY, step: 1 };
      relations.push({ a, b, over: units[a], under: -units[b], ...(share ? inUnits(share, alignBytes) : apart) });
    }
  });
  return relations;
}

/** The least allowed distance that is not below `d`. */
export function nextAllowed(r: Relation, d: number): number {
  if (d <= r.under || d >= r.over) return d;
  if (r.lag === Number.POSITIVE_INFINITY) return r.over;
  return Math.min(r.over, d <= r.lag ? r.lag : r.lag + Math.ceil((d - r.lag) / r.step) * r.step);
}

/** The greatest allowed distance that is not above `d`. */
export function lastAllowed(r: Relation, d: number): number {
  if (d <= r.under || d >= r.over) return d;
  if (d < r.lag) return r.under;
  return Math.max(r.under, r.lag + Math.floor((d - r.lag) / r.step) * r.step);
}
