// SPDX-License-Identifier: Apache-2.0
// Rounding one row, each weight's error made up for by those after it, on many paths at once: the cheapest few are followed
// (the M-algorithm of tree coding; with one path it is GPTQ's choice, weight by weight). On a grid's values, or on an even
// grid with bits weighed in.
import type { Grid } from './grid.js';
import type { Sweep } from './sweep.js';

/** On DS-CNN and ResNet-8 four paths are worth 0.1 to 0.5 dB at the same bits, sixteen 0.3 to 0.6, on grids of few values
 *  -0.4 to 0.8 (bench/compression.md). */
const mostPaths = 16;

const largestCode = 127;

export interface RowCost {
  step: number;
  /** Of integers from -127 on. */
  bits: Float64Array;
  /** What a bit costs, in squared errors. */
  lambda: number;
}

/** The cheapest continuations of each step so far, by rising cost, and where each came from. */
class Fronts {
  count = 0;
  costs = new Float64Array(mostPaths);
  /** Of the step before. */
  before = new Float64Array(mostPaths);
  readonly from: Uint8Array;
  readonly values: Int8Array;
  #at = -mostPaths;

  constructor(steps: number) {
    this.from = new Uint8Array(steps * mostPaths);
    this.values = new Int8Array(steps * mostPaths);
  }

  next(): void {
    [this.costs, this.before] = [this.before, this.costs];
    this.#at += mostPaths;
    this.count = 0;
  }

  offer(cost: number, from: number, value: number): void {
    const { costs } = this;
    if (this.count === mostPaths && !(cost < costs[mostPaths - 1])) return;
    if (this.count < mostPaths) this.count++;
    let p = this.count - 1;
    let at = this.#at + p;
    for (; p > 0 && costs[p - 1] > cost; p--, at--) {
      costs[p] = costs[p - 1];
      this.from[at] = this.from[at - 1];
      this.values[at] = this.values[at - 1];
    }
    costs[p] = cost;
    this.from[at] = from;
    this.values[at] = value;
  }
}

/** The integers around a weight, one more towards zero, and zero. */
function eachNear(x: number, visit: (q: number) => void): void {
  const low = Math.max(-largestCode, Math.min(largestCode - 1, Math.floor(x)));
  visit(low);
  visit(low + 1);
  const inner = x > 0 ? low - 1 : low + 2;
  if (Math.abs(inner) < Math.abs(x)) visit(inner);
  if (low > 1 || low < -2) visit(0);
}

/** What a weight may become: each integer, and what it costs by itself. */
type Choices = (column: number, real: number, offer: (q: number, cost: number) => void) => void;

export function beamRow(real: Float64Array, sweep: Sweep, { step, bits, lambda }: RowCost): Int8Array {
  return followPaths(real, sweep, step, (_, w, offer) =>
    eachNear(w / step, (q) => offer(q, lambda * bits[q + largestCode])),
  );
}

/** One row on the values of a grid. */
export const beamOnGrid = (real: Float64Array, sweep: Sweep, row: number, grid: Grid): Int8Array =>
  followPaths(real, sweep, grid.scales[row], (column, w, offer) => {
    const [low, high] = grid.around(row, column, w);
    offer(low, 0);
    if (high !== low) offer(high, 0);
  });

/** Paths whose sums run side by side: no sum waits for the last. */
const together = 4;

/** The errors that each path has made so far; where a path ends, another that forks takes its place. */
class Errors {
  readonly #n: number;
  readonly #made: Float64Array;
  #slots = new Int32Array(mostPaths);
  #next = new Int32Array(mostPaths);

  constructor(n: number) {
    this.#n = n;
    this.#made = new Float64Array(mostPaths * n);
  }

  /** What a weight has become on each of some paths, by their errors in the first `made` weights. */
  wanted(real: number, shares: Float64Array, row: number, made: number, paths: number, out: Float64Array): void {
    const [errors, n, slots] = [this.#made, this.#n, this.#slots];
    for (let p = 0; p < paths; p += together) {
      const [atA, atB, atC, atD] = [n * slots[p], n * slots[p + 1], n * slots[p + 2], n * slots[p + 3]];
      let [a, b, c, d] = [real, real, real, real];
      for (let i = 0; i < made; i++) {
        const share = shares[row + i];
        a -= errors[atA + i] * share;
        b -= errors[atB + i] * share;
        c -= errors[atC + i] * share;
        d -= errors[atD + i] * share;
      }
      out[p] = a;
      out[p + 1] = b;
      out[p + 2] = c;
      out[p + 3] = d;
    }
  }

  /** The paths go on from those given: the first that goes on from one keeps its place. */
  goOn(from: Uint8Array, first: number, paths: number, made: number): void {
    const [slots, next] = [this.#slots, this.#next];
    let taken = 0;
    next.fill(-1);
    for (let p = 0; p < paths; p++) {
      const slot = slots[from[first + p]];
      if (taken & (1 << slot)) continue;
      taken |= 1 << slot;
      next[p] = slot;
    }
    let free = 0;
    for (let p = 0; p < paths; p++) {
      if (next[p] >= 0) continue;
      while (taken & (1 << free)) free++;
      taken |= 1 << free;
      next[p] = free;
      const [to, source] = [free * this.#n, slots[from[first + p]] * this.#n];
      for (let i = 0; i < made; i++) this.#made[to + i] = this.#made[source + i];
    }
    for (let p = paths; p < mostPaths; p++) next[p] = 0;
    [this.#slots, this.#next] = [next, slots];
  }

  set(path: number, at: number, error: number): void {
    this.#made[this.#slots[path] * this.#n + at] = error;
  }
}

function followPaths(real: Float64Array, { order, factor, shares }: Sweep, step: number, choices: Choices): Int8Array {
  const n = order.length;
  const paths = new Errors(n);
  const fronts = new Fronts(n);
  const wanted = new Float64Array(mostPaths);
  let count = 1;
  let [p, w, u] = [0, 0, 1];
  const offer = (q: number, cost: number): void =>
    fronts.offer(fronts.before[p] + ((w - q * step) / u) ** 2 + cost, p, q);
  for (let j = 0; j < n; j++) {
    u = factor[j * n + j];
    paths.wanted(real[order[j]], shares, j * n, j, count, wanted);
    fronts.next();
    for (p = 0; p < count; p++) {
      w = wanted[p];
      choices(order[j], w, offer);
    }
    count = fronts.count;
    const first = j * mostPaths;
    paths.goOn(fronts.from, first, count, j);
    for (let k = 0; k < count; k++) paths.set(k, j, wanted[fronts.from[first + k]] - fronts.values[first + k] * step);
  }
  return traced(fronts, order);
}

/** The cheapest path, from its end. */
function traced({ from, values }: Fronts, order: readonly number[]): Int8Array {
  const out = new Int8Array(order.length);
  let at = 0;
  for (let j = order.length - 1; j >= 0; j--) {
    out[order[j]] = values[j * mostPaths + at];
    at = from[j * mostPaths + at];
  }
  return out;
}
