// SPDX-License-Identifier: Apache-2.0
// Triangular filters on the mel scale, mel(f) = 1127 ln(1 + f / 700), as integers: what filterBank takes.
import type { FrontendSpec } from './frontendSpec.js';

export interface Filters {
  starts: number[];
  widths: number[];
  weights: Int16Array;
  /** Bins that any filter reads. */
  from: number;
  to: number;
}

export interface Row {
  start: number;
  weights: number[];
}

/** Rows without their zeros at the ends, one after the other. */
export function joinRows(rows: readonly Row[]): Filters {
  const trimmed = rows.map(({ start, weights }) => {
    const first = weights.findIndex((w) => w !== 0);
    if (first < 0) return { start: Math.max(1, start), weights: [] };
    const last = weights.findLastIndex((w) => w !== 0);
    return { start: start + first, weights: weights.slice(first, last + 1) };
  });
  const used = trimmed.filter((r) => r.weights.length > 0);
  const all = trimmed.flatMap((r) => r.weights);
  return {
    starts: trimmed.map((r) => r.start),
    widths: trimmed.map((r) => r.weights.length),
    weights: Int16Array.from(all.length === 0 ? [0] : all),
    from: Math.min(...used.map((r) => r.start), Math.max(1, ...trimmed.map((r) => r.start))),
    to: Math.max(1, ...used.map((r) => r.start + r.weights.length)),
  };
}

const f = Math.fround;
const microBits = 12;
const melOf = (hz: number): number => 1127 * Math.log1p(hz / 700);
/** Every step in float32: a weight of another integer changes features of quiet channels. */
const floatMel = (hz: number): number => f(1127 * f(Math.log1p(f(hz / 700))));

/** Weight of a bin in a region, and what is left for the region above. */
const quantized = (weight: number): [number, number] => [
  Math.floor(weight * 2 ** microBits + 0.5),
  Math.floor(f(1 - weight) * 2 ** microBits + 0.5),
];

/**
 * As tflite-micro's microfrontend computes them, in float32: mels + 1 regions of bins, each rising for one channel and
 * falling for the one below. Undefined where a region reaches beyond the last bin.
 */
export function microFilters({ rate, mels, lowHz, highHz }: FrontendSpec, size: number): Filters | undefined {
  const hzPerBin = f((0.5 * rate) / (size / 2));
  const low = floatMel(lowHz);
  const spacing = f(f(floatMel(highHz) - low) / (mels + 1));
  const centers = Array.from({ length: mels + 1 }, (_, i) => f(low + f(spacing * (i + 1))));
  let bin = Math.floor(1.5 + lowHz / hzPerBin);
  const regions = centers.map((center, i) => {
    const start = bin;
    const pairs: [number, number][] = [];
    for (; bin <= size / 2 && floatMel(f(bin * hzPerBin)) <= center; bin++) {
      const below = i === 0 ? low : centers[i - 1];
      pairs.push(quantized(f(f(center - floatMel(f(bin * hzPerBin))) / f(center - below))));
    }
    return { start, pairs };
  });
  if (bin > size / 2) return undefined;
  return joinRows(
    regions.slice(1).map(({ pairs }, c) => ({
      start: regions[c].start,
      weights: [...regions[c].pairs.map((p) => p[1]), ...pairs.map((p) => p[0])],
    })),
  );
}

const melBits = 15;

/** As TensorFlow's mfcc operator and tf.signal.linear_to_mel_weight_matrix weigh them, in Q15. */
export function melFilters({ rate, mels, lowHz, highHz }: FrontendSpec, size: number): Filters {
  const [low, high] = [melOf(lowHz), melOf(highHz)];
  const edge = (i: number): number => low + ((high - low) * i) / (mels + 1);
  const bins = Array.from({ length: size / 2 }, (_, k) => melOf((k * rate) / size));
  return joinRows(
    Array.from({ length: mels }, (_, c) => ({
      start: 0,
      weights: bins.map((mel, k) => {
        const share = Math.min(
          (mel - edge(c)) / (edge(c + 1) - edge(c)),
          (edge(c + 2) - mel) / (edge(c + 2) - edge(c + 1)),
        );
        return k === 0 ? 0 : Math.min(2 ** melBits - 1, Math.max(0, Math.round(share * 2 ** melBits)));
      }),
    })),
  );
}
