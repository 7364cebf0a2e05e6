// SPDX-License-Identifier: Apache-2.0
// What the Helium kernels share: factors as their instructions take them, and all constants of a layer as one stream of
// bytes in the order in which a kernel reads them.
import type { ConstArray, Rounding, Section } from '../op.js';
import type { Multiplier } from '../requantize.js';
import type { IntegerLayer } from './integerLayer.js';

/** Lanes of a vector of int8. */
export const vectorBytes = 16;

/** Multiplier and VRSHL amount of a channel, or undefined where the fast form of the rounding is not exact for it
 *  (mve_stream.h): factors of 1/2 (`tflite`) or 1/4 (`single`) and more. */
export function mveFactor({ multiplier, shift }: Multiplier, rounding: Rounding): Multiplier | undefined {
  if (multiplier === 0) return { multiplier: 0, shift: -1 };
  const amount = rounding === 'single' ? shift + 1 : shift;
  return multiplier > 0 && amount <= -1 ? { multiplier, shift: amount } : undefined;
}

/** The factors of all channels, or undefined where one of them does not fit. */
export function mveFactors(layer: IntegerLayer): Multiplier[] | undefined {
  const factors = layer.multipliers.map((m) => mveFactor(m, layer.rounding));
  return factors.every((f) => f !== undefined) ? factors : undefined;
}

/** By how many bits weights must grow (grownLayer.ts) for the fast form to hold for all channels. */
export const mveMissingBits = ({ multipliers }: IntegerLayer): number =>
  multipliers.reduce((most, { multiplier, shift }) => (multiplier > 0 ? Math.max(most, shift + 2) : most), 0);

/** More sequences than that cost an entropy coder more in their tables than they save. */
const mostSections = 16;

/** What repeats in the runs over and over, or undefined. */
function repeated(runs: readonly Section[]): readonly Section[] | undefined {
  const same = (a: Section, b: Section): boolean => a.unit === b.unit && a.words === b.words;
  for (let period = 1; period <= Math.min(mostSections, runs.length); period++)
    if (runs.length % period === 0 && runs.every((run, i) => same(run, runs[i % period]))) return runs.slice(0, period);
  return undefined;
}

/** Bytes that are appended to: weights, and words of biases and factors between them. */
export class ByteStream {
  private readonly bytes: number[] = [];
  /** Bytes of weights, or words, that were appended one after the other. */
  private readonly runs: { unit: 1 | 4; bytes: number }[] = [];

  int8(values: Iterable<number>): void {
    const before = this.bytes.length;
    for (const v of values) this.bytes.push(v);
    const last = this.runs.at(-1);
    if (last?.unit === 1) last.bytes += this.bytes.length - before;
    else this.runs.push({ unit: 1, bytes: this.bytes.length - before });
  }

  int32(values: Iterable<number>): void {
    const before = this.bytes.length;
    for (const v of values) this.bytes.push((v << 24) >> 24, (v << 16) >> 24, (v << 8) >> 24, v >> 24);
    this.runs.push({ unit: 4, bytes: this.bytes.length - before });
  }

  constant(shape: number[] = [this.bytes.length]): { const: ConstArray } {
    const runs = this.runs.filter(({ bytes }) => bytes > 0).map(({ unit, bytes }) => ({ unit, words: bytes / 4 }));
    const sections = runs.every(({ words }) => Number.isInteger(words)) ? repeated(runs) : undefined;
    const data = Int8Array.from(this.bytes);
    return { const: { name: 'stream', dtype: 'int8', data, shape, ...(sections ? { sections } : {}) } };
  }
}

/** Groups of `channels` output channels: blocks of channels x 16 weights, then bias, multiplier and shift. `each` is the
 *  number of weights of one channel, contiguous. */
export function dotStream(
  layer: IntegerLayer,
  bias: Int32Array,
  factors: readonly Multiplier[],
  each: number,
  channels: number,
): { const: ConstArray } {
  const stream = new ByteStream();
  const { weights, outC } = layer;
  const lanes = Array.from({ length: channels }, (_, i) => i);
  for (let first = 0; first < outC; first += channels) {
    for (let k = 0; k < each; k += vectorBytes) {
      for (const lane of lanes) {
        const c = first + lane;
        const there = c < outC ? Math.min(vectorBytes, each - k) : 0;
        stream.int8(weights.subarray(c * each + k, c * each + k + there));
        stream.int8(new Int8Array(vectorBytes - there));
      }
    }
    stream.int32(lanes.map((lane) => bias[first + lane] ?? 0));
    stream.int32(lanes.map((lane) => factors[first + lane]?.multiplier ?? 0));
    stream.int32(lanes.map((lane) => factors[first + lane]?.shift ?? -1));
  }
  return stream.constant();
}
