// SPDX-License-Identifier: Apache-2.0
// Masks of layers that are too large for exact removal (masks.ts): columns from left to right in one order for all rows, what
// goes made up for by the columns to its right alone, so that one factor serves all (SparseGPT, arXiv:2301.00774).
import { cholesky, dampedInverse } from './linearAlgebra.js';
import type { Masked, MaskRequest } from './masks.js';
import type { MomentOf } from './secondOrder.js';
import { damping } from './sweep.js';

/** Columns whose masks are chosen together, as SparseGPT has it. */
const slabColumns = 128;

/** Upper triangle U with U^T U = H^-1 of each matrix. */
const factors = (columns: number): ((moment: Float64Array) => Float64Array) => {
  const known = new Map<Float64Array, Float64Array>();
  return (moment) => {
    const before = known.get(moment);
    if (before) return before;
    const lower = cholesky(dampedInverse(moment, columns, damping), columns);
    if (!lower) throw new Error('the inverse of a positive definite matrix is not');
    const upper = lower.map((_, i) => lower[(i % columns) * columns + Math.floor(i / columns)]);
    known.set(moment, upper);
    return upper;
  };
};

interface Sweep extends Masked {
  columns: number;
  rows: number;
  factorOf: MomentOf;
}

function begin({ rows, columns, weights, momentOf }: MaskRequest): Sweep {
  const factorOf = factors(columns);
  return {
    ...{ rows, columns, weights: weights.slice(), kept: new Uint8Array(weights.length).fill(1) },
    factorOf: (row) => factorOf(momentOf(row)),
  };
}

/** What it costs to take a weight out once all to its left are settled. */
const costAt = ({ columns: n, weights, factorOf }: Sweep, row: number, column: number): number =>
  (weights[row * n + column] / factorOf(row)[column * (n + 1)]) ** 2;

/** Takes out what is not kept of these columns; those to the right make up for it. */
function settle({ rows, columns: n, weights, kept, factorOf }: Sweep, from: number, to: number): void {
  for (let row = 0; row < rows; row++) {
    const upper = factorOf(row);
    const own = weights.subarray(row * n, (row + 1) * n);
    for (let c = from; c < to; c++) {
      if (kept[row * n + c]) continue;
      const error = own[c] / upper[c * (n + 1)];
      for (let k = c + 1; k < n; k++) own[k] -= error * upper[c * n + k];
      own[c] = 0;
    }
  }
}

/** Of each run of m columns, n are kept. */
export function sweepOfEach(request: MaskRequest, n: number, m: number): Masked {
  const sweep = begin(request);
  const { rows, columns, kept } = sweep;
  for (let from = 0; from < columns; from += m) {
    const to = Math.min(columns, from + m);
    for (let row = 0; row < rows; row++) {
      const order = Array.from({ length: to - from }, (_, i) => from + i);
      order.sort((a, b) => costAt(sweep, row, b) - costAt(sweep, row, a));
      for (const c of order.slice(n)) kept[row * columns + c] = 0;
    }
    settle(sweep, from, to);
  }
  return sweep;
}

interface Block {
  row: number;
  from: number;
  cost: number;
}

/** The blocks of all rows in some columns, dearest first. */
function blocksIn(sweep: Sweep, width: number, from: number, to: number): Block[] {
  const blocks: Block[] = [];
  for (let row = 0; row < sweep.rows; row++)
    for (let first = from; first < to; first += width) {
      let cost = 0;
      for (let c = first; c < Math.min(to, first + width); c++) cost += costAt(sweep, row, c);
      blocks.push({ row, from: first, cost });
    }
  return blocks.sort((a, b) => b.cost - a.cost || a.row - b.row || a.from - b.from);
}

/** Of all blocks of `width` columns, over all rows, this share is kept: of each slab as many as are among the dearest of all
 *  before anything has gone. */
export function sweepBlocks(request: MaskRequest, width: number, share: number): Masked {
  const sweep = begin(request);
  const { columns, kept } = sweep;
  const slab = Math.max(width, slabColumns - (slabColumns % width));
  const all = blocksIn(sweep, width, 0, columns);
  const room = new Int32Array(Math.ceil(columns / slab));
  for (const { from } of all.slice(0, Math.round(all.length * share))) room[Math.floor(from / slab)]++;
  room.forEach((count, s) => {
    const [from, to] = [s * slab, Math.min(columns, (s + 1) * slab)];
    for (const block of blocksIn(sweep, width, from, to).slice(count))
      kept.fill(0, block.row * columns + block.from, block.row * columns + Math.min(to, block.from + width));
    settle(sweep, from, to);
  });
  return sweep;
}
