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

/** The cheapest continuations so far, by rising cost. */
class Front {
  count = 0;
  readonly costs = new Float64Array(mostPaths);
  readonly from = new Uint8Array(mostPaths);
  readonly values = new Int8Array(mostPaths);

  offer(cost: number, from: number, value: number): void {
    if (this.count === mostPaths && !(cost < this.costs[mostPaths - 1])) return;
    if (this.count < mostPaths) this.count++;
    let at = this.count - 1;
    for (; at > 0 && this.costs[at - 1] > cost; at--) {
      this.costs[at] = this.costs[at - 1];
      this.from[at] = this.from[at - 1];
      this.values[at] = this.values[at - 1];
    }
    this.costs[at] = cost;
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

function followPaths(real: Float64Array, { order, factor }: Sweep, step: number, choices: Choices): Int8Array {
  const n = order.length;
  let [paths, next] = [new Float64Array(mostPaths * n), new Float64Array(mostPaths * n)];
  order.forEach((column, j) => {
    paths[j] = real[column];
  });
  let costs = Float64Array.of(0);
  const fronts: Front[] = [];
  const shares = new Float64Array(n);
  for (let j = 0; j < n; j++) {
    const u = factor[j * n + j];
    for (let k = j + 1; k < n; k++) shares[k] = factor[k * n + j] / u;
    const front = new Front();
    for (let p = 0; p < costs.length; p++) {
      const w = paths[p * n + j];
      choices(order[j], w, (q, cost) => front.offer(costs[p] + ((w - q * step) / u) ** 2 + cost, p, q));
    }
    for (let p = 0; p < front.count; p++) {
      const [to, from] = [p * n, front.from[p] * n];
      const error = paths[from + j] - front.values[p] * step;
      for (let k = j + 1; k < n; k++) next[to + k] = paths[from + k] - error * shares[k];
    }
    [paths, next] = [next, paths];
    costs = front.costs.subarray(0, front.count);
    fronts.push(front);
  }
  return traced(fronts, order);
}

/** The cheapest path, from its end. */
function traced(fronts: readonly Front[], order: readonly number[]): Int8Array {
  const out = new Int8Array(order.length);
  let at = 0;
  for (let j = order.length - 1; j >= 0; j--) {
    out[order[j]] = fronts[j].values[at];
    at = fronts[j].from[at];
  }
  return out;
}
