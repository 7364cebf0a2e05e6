// SPDX-License-Identifier: Apache-2.0
// What a plan is judged by. `snr`: noise over signal of the outputs. `top1`: the noise of each margin (the float model's
// answer less each other class) over the margin itself, for an answer flips when that passes 1. Both are a sum of squares
// over numbers that are linear in the outputs, so one prediction serves both.

export const qualities = ['snr', 'top1'] as const;
export type Quality = (typeof qualities)[number];

/** What the quality looks at in the outputs, sample by sample. */
export type View = (outputs: readonly Float64Array[]) => Float64Array[];

// Answers that float itself is unsure of would decide everything: margins count as at least this share of the typical one.
const leastMargin = 0.25;

function marginsOf(clean: readonly Float64Array[]): View {
  const best = clean.map((values) => values.indexOf(Math.max(...values)));
  const gaps = clean.map((values, s) => values.map((v) => values[best[s]] - v));
  const positive = gaps.flatMap((list) => [...list]).filter((gap) => gap > 0);
  const typical = positive.sort((a, b) => a - b)[positive.length >> 1] ?? 1;
  return (outputs) =>
    outputs.map((values, s) =>
      values.map((v, i) => (i === best[s] ? 0 : (values[best[s]] - v) / Math.max(gaps[s][i], leastMargin * typical))),
    );
}

export const viewOf = (quality: Quality, clean: readonly Float64Array[]): View =>
  quality === 'top1' ? marginsOf(clean) : (outputs) => [...outputs];

/** Noise over signal. */
export function lossOf(clean: Float64Array, answers: Float64Array): number {
  let [signal, noise] = [0, 0];
  for (let i = 0; i < clean.length; i++) {
    signal += clean[i] ** 2;
    noise += (clean[i] - answers[i]) ** 2;
  }
  return signal > 0 ? noise / signal : noise;
}

export const decibels = (loss: number): number => (loss > 0 ? -10 * Math.log10(loss) : Number.POSITIVE_INFINITY);
