// SPDX-License-Identifier: Apache-2.0
// A PPK2's sample stream: four bytes each, little endian: bits 0-13 reading, 14-16 range, 18-23 counter, 24-31 digital
// inputs (pc-nrfconnect-ppk, src/device/serialDevice.ts; ppk2-api-python). 100,000 samples a second.
import { currentOf, type Ppk2Calibration, rangeCount } from './ppk2Calibration.js';
import { TraceBuilder } from './trace.js';

export const ppk2RateHz = 100_000;
const sampleBytes = 4;
const counterMask = 63;
const mostRepeats = 3;

/** The maker's spike filter: after a change of range, three samples are replaced by a running mean (same sources). */
const filter = { alpha: 0.18, alphaRange4: 0.06, samples: 3, frozenInRange4: 2 };

export class Ppk2Stream {
  readonly trace = new TraceBuilder();
  readonly #calibration: Ppk2Calibration;
  readonly #supplyVolt: number;
  readonly #partial = new Uint8Array(sampleBytes);
  #partialCount = 0;
  #expected = -1;
  #mean = Number.NaN;
  #meanRange4 = Number.NaN;
  #range = -1;
  #sinceChange = 0;
  #toReplace = 0;
  #repeats = 0;
  #stuck = 0;

  constructor(calibration: Ppk2Calibration, supplyVolt: number) {
    this.#calibration = calibration;
    this.#supplyVolt = supplyVolt;
  }

  /** Samples whose counter stood still: how many were lost between them cannot be told. */
  get stuckSamples(): number {
    return this.#stuck;
  }

  /** Takes any cut of the stream. */
  take(bytes: Uint8Array): void {
    let at = 0;
    while (this.#partialCount > 0 && at < bytes.length) {
      this.#partial[this.#partialCount++] = bytes[at++];
      if (this.#partialCount < sampleBytes) continue;
      this.#partialCount = 0;
      this.#sample(this.#partial[0] | (this.#partial[1] << 8) | (this.#partial[2] << 16) | (this.#partial[3] << 24));
    }
    for (; at + sampleBytes <= bytes.length; at += sampleBytes)
      this.#sample(bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24));
    while (at < bytes.length) this.#partial[this.#partialCount++] = bytes[at++];
  }

  #sample(word: number): void {
    const counter = (word >>> 18) & counterMask;
    if (this.#expected >= 0 && counter !== this.#expected) this.#gap((counter - this.#expected) & counterMask);
    else this.#repeats = 0;
    this.#expected = (counter + 1) & counterMask;
    const range = Math.min(rangeCount - 1, (word >>> 14) & 7);
    const current = currentOf(this.#calibration, range, word & 0x3fff, this.#supplyVolt);
    this.trace.add(this.#filtered(range, current), word >>> 24);
  }

  /** A counter seen again is 63 lost samples once; again and again it is a counter that does not count. */
  #gap(lost: number): void {
    this.#repeats = lost === counterMask ? this.#repeats + 1 : 0;
    if (this.#repeats <= mostRepeats) this.trace.addLost(lost);
    else this.#stuck++;
  }

  #filtered(range: number, current: number): number {
    const first = this.#range < 0;
    const [mean, meanRange4] = [this.#mean, this.#meanRange4];
    this.#mean = first ? current : filter.alpha * current + (1 - filter.alpha) * mean;
    this.#meanRange4 = first ? current : filter.alphaRange4 * current + (1 - filter.alphaRange4) * meanRange4;
    if (!first && range !== this.#range) {
      this.#sinceChange = 0;
      this.#toReplace = filter.samples;
    } else {
      this.#sinceChange++;
    }
    this.#range = range;
    if (this.#toReplace === 0) return current;
    this.#toReplace--;
    if (range !== rangeCount - 1) return this.#mean;
    if (this.#sinceChange < filter.frozenInRange4) {
      this.#mean = mean;
      this.#meanRange4 = meanRange4;
    }
    return this.#meanRange4;
  }
}
