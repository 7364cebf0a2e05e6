// SPDX-License-Identifier: Apache-2.0
// What errors of weights along the trellis cost, and what they ask of others, where all errors E together cost tr(R E C E^T).
import type { Layer } from './rate.js';
import type { Sweep } from './sweep.js';
import type { Feedback, Wanted, Window } from './trellisWalk.js';

/** Places of rows or columns in the order of a sweep. */
function placesOf({ order }: Sweep): Int32Array {
  const at = new Int32Array(order.length);
  order.forEach((r, i) => {
    at[r] = i;
  });
  return at;
}

/** Each weight's error is made up for by those after it, in its row (columns see like inputs, as in GPTQ) and in its column
 *  (rows move the same outputs): the sum over both is exact where rows and columns come in the order of their sweeps. */
export function madeUpFor({ request, between, sweepAt }: Layer): Feedback {
  const { rows, columns: n, weights } = request;
  const rowAt = placesOf(between);
  const columnAt = placesOf(sweepAt(0));
  const inRow = new Float64Array(rows * n);
  const inColumn = new Float64Array(rows * n);
  const fromWindow = (place: number, window: Window, wanted: Wanted, sweep: Sweep): void => {
    const row = Math.floor(place / n);
    const column = place - row * n;
    for (let t = window.first; t < window.now; t++) {
      const at = t % window.size;
      const otherRow = Math.floor(window.places[at] / n);
      const otherColumn = window.places[at] - otherRow * n;
      const isRow = otherRow === row;
      if (!isRow && otherColumn !== column) continue;
      const share = isRow
        ? sweep.shares[columnAt[column] * n + columnAt[otherColumn]]
        : between.shares[rowAt[row] * rows + rowAt[otherRow]];
      if (share === 0) continue;
      window.paths.forEach(({ aimErrors, otherErrors }, p) => {
        if (isRow) wanted.aims[p] -= share * aimErrors[at];
        else {
          wanted.others[p] -= share * otherErrors[at];
          wanted.aims[p] -= share * otherErrors[at];
        }
      });
    }
  };
  return {
    want(place, window, wanted) {
      const row = Math.floor(place / n);
      const sweep = sweepAt(row);
      const [i, j] = [rowAt[row], columnAt[place - row * n]];
      let other = weights[place];
      for (let k = 0; k < i; k++)
        other -= between.shares[i * rows + k] * inColumn[between.order[k] * n + place - row * n];
      let aim = other;
      for (let k = 0; k < j; k++) aim -= sweep.shares[j * n + k] * inRow[row * n + sweep.order[k]];
      wanted.others.fill(other);
      wanted.aims.fill(aim);
      wanted.weight = 1 / (between.factor[i * (rows + 1)] * sweep.factor[j * (n + 1)]) ** 2;
      fromWindow(place, window, wanted, sweep);
    },
    decided(place, aimError, otherError) {
      inRow[place] = aimError;
      inColumn[place] = otherError;
    },
  };
}

/** Each weight is chosen again, given all others: those before as they are now, those after as they were. A path that stays
 *  with the old values costs nothing but its bits, so that the cheapest way is no worse than the old one. */
export function givenOthers({ request, momentOf }: Layer, scales: Float64Array, values: Int8Array): Feedback {
  const { rows, columns: n, weights, between } = request;
  /** E C, row by row. */
  const pushed = new Float64Array(rows * n);
  const push = (row: number, column: number, error: number): void => {
    const moment = momentOf(row);
    for (let c = 0; c < n; c++) pushed[row * n + c] += error * moment[column * n + c];
  };
  values.forEach((q, i) => {
    const row = Math.floor(i / n);
    push(row, i - row * n, q * scales[row] - weights[i]);
  });
  const old = values.slice();
  return {
    want(place, window, wanted) {
      const row = Math.floor(place / n);
      const column = place - row * n;
      const moment = momentOf(row);
      let slope = 0;
      for (let r = 0; r < rows; r++) slope += between[row * rows + r] * pushed[r * n + column];
      const slopes = wanted.offsets.fill(slope);
      for (let t = window.first; t < window.now; t++) {
        const at = t % window.size;
        const otherRow = Math.floor(window.places[at] / n);
        const share = between[row * rows + otherRow] * moment[(window.places[at] - otherRow * n) * n + column];
        if (share === 0) continue;
        window.paths.forEach(({ otherErrors }, p) => {
          slopes[p] -= share * otherErrors[at];
        });
      }
      const bend = Math.max(between[row * (rows + 1)] * moment[column * (n + 1)], Number.MIN_VALUE);
      wanted.weight = bend;
      wanted.known = old[place];
      wanted.others.fill(old[place] * scales[row]);
      for (let p = 0; p < slopes.length; p++) {
        wanted.aims[p] = wanted.others[p] - slopes[p] / bend;
        // bend (aim - value)^2 is the cost of moving there, and this.
        slopes[p] *= -slopes[p] / bend;
      }
    },
    decided(place, _, less) {
      const row = Math.floor(place / n);
      if (less !== 0) push(row, place - row * n, -less);
    },
  };
}
