// SPDX-License-Identifier: Apache-2.0
// A rising function as the KPU's sixteen straight pieces. Pieces begin where the function is an integer, since the KPU adds
// a whole number there; which integers is found by dynamic programming over the largest error of any piece.

/** From `start` (in steps) on the output is `bias` + `slope` * (steps - start). */
export interface Piece {
  start: number;
  slope: number;
  bias: number;
}

export interface CurveToFit {
  of(steps: number): number;
  /** The output is cut to these. */
  min: number;
  max: number;
  /** Steps beyond which the sum never gets. */
  reach: number;
}

interface Point {
  steps: number;
  level: number;
}

const pieceLimit = 16;

/** Where the function reaches a level. */
function inverse({ of, reach }: CurveToFit, level: number): number {
  let [low, high] = [-reach, reach];
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (of(middle) < level) low = middle;
    else high = middle;
  }
  return high;
}

/** The points of whole levels, and one before and behind that carry the line on to where the output is cut. */
function pointsOf(curve: CurveToFit): Point[] {
  const lowest = Math.max(curve.min, Math.round(curve.of(-curve.reach)));
  const highest = Math.min(curve.max, Math.round(curve.of(curve.reach)));
  const points: Point[] = [];
  for (let level = lowest + 1; level < highest; level++) points.push({ steps: inverse(curve, level), level });
  if (highest > lowest) {
    const half = (level: number): number => inverse(curve, level);
    // Symmetric about the half level, where rounding changes.
    const before = half(lowest + 0.5);
    const behind = half(highest - 0.5);
    const first = points[0]?.steps ?? behind;
    const last = points.at(-1)?.steps ?? before;
    points.unshift({ steps: Math.min(2 * before - first, first - 1e-6), level: lowest });
    points.push({ steps: Math.max(2 * behind - last, last + 1e-6), level: highest });
  }
  return points;
}

/** Largest distance, in levels, of the points between two from the line through the two. */
function chordError(points: readonly Point[], from: number, to: number): number {
  const [a, b] = [points[from], points[to]];
  const slope = (b.level - a.level) / (b.steps - a.steps);
  let worst = 0;
  for (let i = from + 1; i < to; i++)
    worst = Math.max(worst, Math.abs(a.level + slope * (points[i].steps - a.steps) - points[i].level));
  return worst;
}

/** Indices of the points where pieces begin, and the last point: `count` chords with the least worst error. */
function knotsOf(points: readonly Point[], count: number): number[] {
  const n = points.length;
  const error = points.map((_, from) => points.map((__, to) => (to > from ? chordError(points, from, to) : 0)));
  let best = points.map((_, to) => (to === 0 ? 0 : error[0][to]));
  const came: number[][] = [points.map(() => 0)];
  for (let chords = 2; chords <= count; chords++) {
    const from = points.map((_, to) => {
      let pick = 0;
      let least = Number.POSITIVE_INFINITY;
      for (let middle = 0; middle < to; middle++) {
        const worst = Math.max(best[middle], error[middle][to]);
        if (worst < least) [least, pick] = [worst, middle];
      }
      return { pick, least: to === 0 ? 0 : least };
    });
    best = from.map((f) => f.least);
    came.push(from.map((f) => f.pick));
  }
  const knots = [n - 1];
  for (let chords = came.length; chords > 0 && knots[0] > 0; chords--) knots.unshift(came[chords - 1][knots[0]]);
  return knots;
}

/** At most sixteen pieces by rising start; the first holds from minus infinity on and is flat. */
export function fitCurve(curve: CurveToFit): Piece[] {
  const points = pointsOf(curve);
  const lowest = points[0]?.level ?? Math.min(curve.max, Math.max(curve.min, Math.round(curve.of(0))));
  const flat: Piece = { start: Number.NEGATIVE_INFINITY, slope: 0, bias: lowest };
  if (points.length < 2) return [flat];
  const knots = knotsOf(points, Math.min(pieceLimit - 2, points.length - 1));
  const pieces = knots.map((at, i): Piece => {
    const { steps, level } = points[at];
    const next = points[knots[i + 1]];
    return { start: steps, slope: next ? (next.level - level) / (next.steps - steps) : 0, bias: level };
  });
  return [flat, ...pieces];
}
