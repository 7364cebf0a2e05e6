// SPDX-License-Identifier: Apache-2.0
// Rounding for entropy-coded weights: an even grid without an end, coarse enough for the wanted bits per weight, and the
// integers that make the least of output error + lambda * bits (rate-distortion optimized quantization, as in DeepCABAC,
// arXiv:1907.11900, here on the output's error instead of the weight's). Rows whose inputs are alike share one step, so
// that their multipliers are one number, too.
import { beamRow } from './beam.js';
import type { GridRequest } from './grid.js';
import type { MomentOf } from './secondOrder.js';
import { type Sweep, sweepOf } from './sweep.js';
import { bitsOfCounts, largestCode } from './symbolCosts.js';
import { ordersOf, roundAlongTrellis } from './trellisRate.js';

export interface RateRequest extends GridRequest {
  /** Bits per weight to come out at, by the entropy of the layer's integers. */
  rate: number;
  /** rows x rows: what errors of the rows' outputs cost the network's, and how they make up for each other. */
  between: Float64Array;
  /** Largest scale that a row may have. */
  mostScale?: number;
  /** Weights that run along the trellis (code/trellis.ts): their places in the order in which they are stored, -1 for zeros
   *  of the layout. */
  sequences?: readonly Int32Array[];
}

export interface RateRounded {
  values: Int8Array;
  scales: Float64Array;
  bitsPerWeight: number;
  /** What each weight's error costs at the most, about: as much may be lost elsewhere. */
  noise: number;
}

/** On a fine grid error is step^2 / 12, and falls by 2 ln 2 of that for each bit: slopes would meet at 0.116. A third of it
 *  measures better on DS-CNN and ResNet-8: zeros beyond a grid's own bias the outputs of layers after. */
const trade = 0.08;

/** Steps of rows are 2^(k/4) apart: rows that differ still share few multipliers. */
const stepsPerOctave = 2;

function bitsOf(values: Int8Array): Float64Array {
  const counts = new Float64Array(2 * largestCode + 1);
  for (const v of values) counts[v + largestCode]++;
  return bitsOfCounts(counts);
}

/** Of the layer's integers, without any model of their neighbourhood. */
export function entropyBits(values: Int8Array): number {
  const counts = new Map<number, number>();
  for (const v of values) counts.set(v, (counts.get(v) ?? 0) + 1);
  let bits = 0;
  for (const n of counts.values()) bits -= n * Math.log2(n / values.length);
  return bits / values.length;
}

const clampCode = (q: number): number => Math.max(-largestCode, Math.min(largestCode, q));

export interface Layer {
  request: RateRequest;
  momentOf: MomentOf;
  sweepAt: (row: number) => Sweep;
  /** The rows in the order in which they make up for each other, and how. */
  between: Sweep;
  /** Steps of the rows that cause a noise of 1 in units of the network's output, 12 times. */
  relative: Float64Array;
}

/** What an error of one costs after all others have made up for it. */
const pivotsOf = ({ order, factor }: Sweep): Float64Array => {
  const pivots = new Float64Array(order.length);
  order.forEach((at, j) => {
    pivots[at] = 1 / factor[j * order.length + j] ** 2;
  });
  return pivots;
};

const mean = (v: Float64Array): number => v.reduce((a, b) => a + b, 0) / v.length;

function layerOf(request: RateRequest, momentOf: MomentOf): Layer {
  const { rows, columns, sequences } = request;
  const orders = sequences && ordersOf(sequences, rows, columns);
  const sweeps = new Map<Float64Array, Sweep>();
  const sweepAt = (row: number): Sweep => {
    const moment = momentOf(row);
    const known = sweeps.get(moment) ?? sweepOf(moment, columns, orders?.columns);
    sweeps.set(moment, known);
    return known;
  };
  const between = sweepOf(request.between, rows, orders?.rows);
  const rowPivots = pivotsOf(between);
  // Noise is spent best where each row has as much of it: step^2 * pivot alike.
  const logs = rowPivots.map((p, r) => -Math.log2(Math.max(p * mean(pivotsOf(sweepAt(r))), 1e-300)) / 2);
  const relative = logs.map((l) => 2 ** (Math.round(l * stepsPerOctave) / stepsPerOctave));
  return { request, momentOf, sweepAt, between, relative };
}

const descentSweeps = 8;

/** Coordinate descent on error + lambda * bits, in place. */
function descendRow(
  real: Float64Array,
  q: Int8Array,
  moment: Float64Array,
  step: number,
  bits: Float64Array,
  lambda: number,
): void {
  const n = real.length;
  const gradient = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    const e = q[i] * step - real[i];
    if (e !== 0) for (let j = 0; j < n; j++) gradient[j] += e * moment[i * n + j];
  }
  for (let sweep = 0; sweep < descentSweeps; sweep++) {
    let changed = 0;
    for (let i = 0; i < n; i++) {
      const h = moment[i * n + i];
      const here = q[i];
      const middle = h > 0 ? clampCode(Math.round(here - gradient[i] / (h * step))) : 0;
      let best = here;
      let least = 0;
      for (const other of [middle, middle - Math.sign(middle), 0]) {
        const move = (other - here) * step;
        const cost =
          2 * gradient[i] * move + h * move * move + lambda * (bits[other + largestCode] - bits[here + largestCode]);
        if (cost < least - 1e-12 * Math.abs(lambda)) [best, least] = [other, cost];
      }
      if (best === here) continue;
      const move = (best - here) * step;
      q[i] = best;
      changed++;
      for (let j = 0; j < n; j++) gradient[j] += move * moment[i * n + j];
    }
    if (!changed) return;
  }
}

/** All rows in turn, then each again knowing the others; a third pass finds next to nothing. */
const passes = 2;

interface Rounding {
  layer: Layer;
  scales: Float64Array;
  lambda: number;
  values: Int8Array;
}

const errorsOf = (wanted: Float64Array, q: Int8Array, scale: number): Float64Array =>
  wanted.map((w, i) => q[i] * scale - w);

/** Row after row, those to come make up for the errors of those before. */
function sweepRows({ layer, scales, lambda, values }: Rounding, bits: Float64Array): Int8Array {
  const { request, sweepAt, momentOf, between } = layer;
  const { rows, columns: n } = request;
  const { order, factor } = between;
  const wanted = request.weights.slice();
  const next = new Int8Array(values.length);
  order.forEach((r, j) => {
    const span = [r * n, (r + 1) * n] as const;
    const own = wanted.subarray(...span);
    const u = factor[j * rows + j];
    const cost = lambda * u * u;
    const q = beamRow(own, sweepAt(r), { step: scales[r], bits, lambda: cost });
    descendRow(own, q, momentOf(r), scales[r], bits, cost);
    next.set(q, r * n);
    const errors = errorsOf(own, q, scales[r]);
    for (let k = j + 1; k < rows; k++) {
      const share = factor[k * rows + j] / u;
      if (share !== 0) for (let c = 0; c < n; c++) wanted[order[k] * n + c] += share * errors[c];
    }
  });
  return next;
}

/** Each row again, given what all others have become. */
function descendRows({ layer, scales, lambda, values }: Rounding, bits: Float64Array): Int8Array {
  const { request, momentOf, between } = layer;
  const { rows, columns: n, weights, between: costs } = request;
  const next = values.slice();
  const errors = Float64Array.from(next, (q, i) => q * scales[Math.floor(i / n)] - weights[i]);
  for (const r of between.order) {
    const cost = costs[r * rows + r];
    if (!(cost > 0)) continue;
    const own = weights.slice(r * n, (r + 1) * n);
    for (let k = 0; k < rows; k++) {
      const share = k === r ? 0 : costs[r * rows + k] / cost;
      if (share !== 0) for (let c = 0; c < n; c++) own[c] -= share * errors[k * n + c];
    }
    const q = next.subarray(r * n, (r + 1) * n);
    descendRow(own, q, momentOf(r), scales[r], bits, lambda / cost);
    for (let c = 0; c < n; c++) errors[r * n + c] = q[c] * scales[r] - weights[r * n + c];
  }
  return next;
}

function roundAt(layer: Layer, step: number): RateRounded {
  if (layer.request.sequences) return roundAlongTrellis(layer, step, layer.request.sequences);
  const { columns, weights, leastScales, mostScale } = layer.request;
  const most = mostScale ?? Number.POSITIVE_INFINITY;
  const scales = leastScales.map((least, r) => Math.fround(Math.max(least, Math.min(most, step * layer.relative[r]))));
  const lambda = trade * step * step;
  let values: Int8Array = Int8Array.from(weights, (w, i) => clampCode(Math.round(w / scales[Math.floor(i / columns)])));
  for (let pass = 0; pass < passes; pass++) {
    const rounding = { layer, scales, lambda, values };
    values = (pass === 0 ? sweepRows : descendRows)(rounding, bitsOf(values));
  }
  return { values, scales, bitsPerWeight: entropyBits(values), noise: step };
}

const searchSteps = 8;

/** Rounds all rows at a given noise of each weight in the network's output (in the units of `between`). */
export const roundForNoise = (request: Omit<RateRequest, 'rate'>, momentOf: MomentOf, noise: number): RateRounded =>
  roundAt(layerOf({ ...request, rate: 0 }, momentOf), noise);

/** Rounds all rows so that the integers come out near the wanted bits per weight. */
export function roundForRate(request: RateRequest, momentOf: MomentOf): RateRounded {
  const layer = layerOf(request, momentOf);
  const { columns } = request;
  // In steps of the row, at noise 1.
  const scaled = request.weights.map((w, i) => w / layer.relative[Math.floor(i / columns)]);
  const largest = scaled.reduce((m, w) => Math.max(m, Math.abs(w)), 0);
  if (largest === 0) return roundAt(layer, 1);
  // Between a grid that holds the largest weight and one that holds only zeros; bits fall with the step.
  let [fine, coarse] = [Math.log2(largest / largestCode), Math.log2(largest * 4)];
  let best = roundAt(layer, 2 ** fine);
  if (best.bitsPerWeight <= request.rate) return best;
  const square = scaled.reduce((sum, w) => sum + w * w, 0) / scaled.length;
  // A Gaussian on a grid of step s has about log2(sigma sqrt(2 pi e) / s) bits.
  let at = Math.log2(Math.sqrt(square * 2 * Math.PI * Math.E)) - request.rate;
  const missed = (r: RateRounded): number => Math.abs(r.bitsPerWeight - request.rate);
  for (let i = 0; i < searchSteps; i++) {
    at = Math.min(coarse, Math.max(fine, at));
    const found = roundAt(layer, 2 ** at);
    if (missed(found) < missed(best)) best = found;
    if (missed(found) < 0.005) break;
    if (found.bitsPerWeight > request.rate) fine = at;
    else coarse = at;
    const next = at + found.bitsPerWeight - request.rate;
    at = next > fine && next < coarse ? next : (fine + coarse) / 2;
  }
  return best;
}
