// SPDX-License-Identifier: Apache-2.0
// Rounding for a rate along the trellis: steps as for plain levels, half of them as multiples, and bits by quantizer.
import { levelOf, quantizerOf, quantizers, stateAfter } from '../code/trellis.js';
import type { Layer, RateRounded } from './rate.js';
import { bitsOfCounts, largestCode } from './symbolCosts.js';
import { givenOthers, madeUpFor } from './trellisFeedback.js';
import { levelTable, walkTrellis } from './trellisWalk.js';

/** Numbers below `count` in the order in which they come, those that do not behind them. */
function firstComes(count: number, numbers: Iterable<number>): number[] {
  const order = new Set(numbers);
  for (let i = 0; i < count; i++) order.add(i);
  return [...order];
}

/** Rows and columns in the order in which they are stored: what comes first has its errors made up for. */
export function ordersOf(sequences: readonly Int32Array[], rows: number, columns: number) {
  const places = sequences.flatMap((s) => [...s].filter((at) => at >= 0));
  return {
    rows: firstComes(
      rows,
      places.map((at) => Math.floor(at / columns)),
    ),
    columns: firstComes(
      columns,
      places.map((at) => at % columns),
    ),
  };
}

/** How often each level of a quantizer comes; both tables side by side. */
function countLevels(values: Int8Array, sequences: readonly Int32Array[]): Float64Array {
  const counts = new Float64Array(levelTable);
  for (const sequence of sequences) {
    let state = 0;
    for (const at of sequence) {
      const quantizer = quantizerOf(state);
      const level = at < 0 ? 0 : levelOf(quantizer, values[at]);
      counts[quantizer * (levelTable / quantizers) + level + largestCode]++;
      state = stateAfter(state, level);
    }
  }
  return counts;
}

const tablesOf = (counts: Float64Array): Float64Array[] =>
  Array.from({ length: quantizers }, (_, q) =>
    counts.subarray((q * levelTable) / quantizers, ((q + 1) * levelTable) / quantizers),
  );

function bitsOf(counts: Float64Array): Float64Array {
  const bits = new Float64Array(levelTable);
  tablesOf(counts).forEach((own, q) => void bits.set(bitsOfCounts(own), (q * levelTable) / quantizers));
  return bits;
}

/** Entropy of all levels, each in its quantizer. */
function entropyOf(counts: Float64Array): number {
  let bits = 0;
  for (const own of tablesOf(counts)) {
    const total = own.reduce((a, b) => a + b, 0);
    for (const n of own) if (n > 0) bits -= n * Math.log2(n / total);
  }
  return bits;
}

/** Bits of levels follow from the levels of the pass before. The first passes make up for errors, those after choose each
 *  weight again. */
const firstPasses = 4;
const passes = 5;

/** Of a squared step for each bit. On layers of ResNet-8 0.06 and 0.08 are the same at 3 bits, at 2 bits 0.06 is better by 0.07 dB,
 *  and 0.1 worse by 0.16. */
const trade = 0.06;

const clampLevel = (level: number, most: number): number => Math.max(-most, Math.min(most, level));

export function roundAlongTrellis(layer: Layer, step: number, sequences: readonly Int32Array[]): RateRounded {
  const { columns, weights, leastScales, mostScale } = layer.request;
  const most = mostScale ?? Number.POSITIVE_INFINITY;
  const scales = leastScales.map((least, r) =>
    Math.fround(Math.max(least, Math.min(most, (step * layer.relative[r]) / 2))),
  );
  const nearest = weights.map((w, i) =>
    clampLevel(Math.round(w / scales[Math.floor(i / columns)] / 2), Math.floor(largestCode / 2)),
  );
  let counts: Float64Array = new Float64Array(levelTable);
  for (const k of nearest) for (const own of tablesOf(counts)) own[k + largestCode]++;
  // What is not stored (channels that always give the same) has no path to run along.
  const values = Int8Array.from(nearest, (k) => 2 * k);
  const scaleAt = (place: number): number => scales[Math.floor(place / columns)];
  for (let pass = 0; pass < passes; pass++) {
    const feedback = pass < firstPasses ? madeUpFor(layer) : givenOthers(layer, scales, values);
    walkTrellis({ scaleAt, lambda: trade * step * step, bits: bitsOf(counts), sequences, values }, feedback);
    counts = countLevels(values, sequences);
  }
  return { values, scales, bitsPerWeight: entropyOf(counts) / weights.length, noise: step };
}
