// SPDX-License-Identifier: Apache-2.0
// Float against packed on the same inputs: whose answers are right, which changed and how, and how much noise each layer
// has by then.
import { argmax } from './argmax.js';

/** What a layer computed, as numbers of its type and what they mean. */
export interface Seen {
  data: ArrayLike<number>;
  scale: number;
  zeroPoint: number;
}

/** One inference: the first output, and what each layer computed, by name. */
export interface Observed {
  output: ArrayLike<number>;
  layers: ReadonlyMap<string, Seen>;
}

/** Layers are wanted of the first samples only. */
export type Observe = (sample: number, withLayers: boolean) => Observed;

export interface TrustClass {
  /** By label; without labels, by float's answer. */
  class: number;
  count: number;
  /** Right answers; without labels, float's own. */
  float: number;
  packed: number;
  changed: number;
}

export interface LayerNoise {
  name: string;
  /** Signal over noise; null where the packed model equals float. */
  snrDb: number | null;
}

export interface Trust {
  samples: number;
  labelled: boolean;
  /** Share of right answers; without labels, of float's answers (then float has 1). */
  float: number;
  packed: number;
  /** Answers that are not float's. */
  changed: number;
  toRight: number;
  toWrong: number;
  /** Changed from one wrong answer to another; without labels all that changed. */
  otherwise: number;
  perClass: TrustClass[];
  /** The class that loses the largest share of its samples; undefined where none loses. */
  worst?: TrustClass;
  layers: LayerNoise[];
  /** Samples that the noise was measured on. */
  layerSamples: number;
}

export interface TrustInput {
  samples: number;
  float: Observe;
  packed: Observe;
  labels?: readonly number[];
  classes: number;
  /** The packed model's channels were scaled before it was quantized: that is taken out again, channel by channel. */
  scaled: boolean;
  /** Values of a layer's last dimension, by name. */
  channelsOf: ReadonlyMap<string, number>;
}

const layerSamples = 32;

const real = ({ data, scale, zeroPoint }: Seen, i: number): number => scale * (data[i] - zeroPoint);

/** Sums of one layer and channel: of float squared, packed squared, and their product. */
class Sums {
  readonly float: Float64Array;
  readonly packed: Float64Array;
  readonly both: Float64Array;
  constructor(readonly channels: number) {
    this.float = new Float64Array(channels);
    this.packed = new Float64Array(channels);
    this.both = new Float64Array(channels);
  }

  add(float: Seen, packed: Seen): void {
    for (let i = 0; i < float.data.length; i++) {
      const [a, b, c] = [real(float, i), real(packed, i), i % this.channels];
      this.float[c] += a * a;
      this.packed[c] += b * b;
      this.both[c] += a * b;
    }
  }

  /** null: no noise at all. */
  snrDb(scaled: boolean): number | null {
    let [signal, noise] = [0, 0];
    for (let c = 0; c < this.channels; c++) {
      // The gain that brings the packed channel nearest to float's.
      const gain = scaled && this.packed[c] > 0 ? this.both[c] / this.packed[c] : 1;
      signal += this.float[c];
      noise += this.float[c] - 2 * gain * this.both[c] + gain * gain * this.packed[c];
    }
    return noise > 1e-15 * signal ? 10 * Math.log10(signal / noise) : null;
  }
}

export function compareWithFloat(input: TrustInput): Trust {
  const { samples, labels, classes, scaled, channelsOf } = input;
  const perClass = Array.from({ length: classes }, (_, c) => ({ class: c, count: 0, float: 0, packed: 0, changed: 0 }));
  const sums = new Map<string, Sums>();
  const flips = { toRight: 0, toWrong: 0, otherwise: 0 };
  const noisy = Math.min(layerSamples, samples);
  for (let s = 0; s < samples; s++) {
    const [float, packed] = [input.float(s, s < noisy), input.packed(s, s < noisy)];
    const [a, b] = [argmax(float.output), argmax(packed.output)];
    const truth = labels?.[s] ?? a;
    const row = perClass[truth];
    row.count++;
    if (a === truth) row.float++;
    if (b === truth) row.packed++;
    if (a !== b) {
      row.changed++;
      flips[labels === undefined ? 'otherwise' : b === truth ? 'toRight' : a === truth ? 'toWrong' : 'otherwise']++;
    }
    if (s < noisy) addLayers(sums, float, packed, channelsOf);
  }
  const total = (of: (c: TrustClass) => number): number => perClass.reduce((n, c) => n + of(c), 0);
  const loss = (c: TrustClass): number => (c.count ? (c.float - c.packed) / c.count : 0);
  const worst = perClass.reduce((w, c) => (loss(c) > loss(w) ? c : w), perClass[0]);
  return {
    samples,
    labelled: labels !== undefined,
    float: total((c) => c.float) / samples,
    packed: total((c) => c.packed) / samples,
    changed: total((c) => c.changed),
    ...flips,
    perClass,
    ...(loss(worst) > 0 ? { worst } : {}),
    layers: [...sums].map(([name, of]) => ({ name, snrDb: of.snrDb(scaled) })),
    layerSamples: noisy,
  };
}

function addLayers(
  sums: Map<string, Sums>,
  float: Observed,
  packed: Observed,
  channelsOf: ReadonlyMap<string, number>,
): void {
  for (const [name, seen] of packed.layers) {
    const exact = float.layers.get(name);
    if (!exact || exact.data.length !== seen.data.length) continue;
    const known = sums.get(name) ?? new Sums(channelsOf.get(name) ?? 1);
    sums.set(name, known);
    known.add(exact, seen);
  }
}
