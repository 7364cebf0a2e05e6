// SPDX-License-Identifier: Apache-2.0
// What a power meter saw: current over time, and its digital inputs where it has some.

export interface Trace {
  /** Meter in words: `PPK2 (HW 9, source 3300 mV)`. */
  meter: string;
  source: 'measured' | 'emulated';
  rateHz: number;
  /** Ampere; NaN where a sample was lost. Lost samples are counted, never made up. */
  currentA: Float32Array;
  /** Volt: one value that was set or given, or one for each sample. */
  voltageV: number | Float32Array;
  /** Bit i is digital input i, one byte for each sample. */
  digital?: Uint8Array;
  lostSamples: number;
  /** Why the recording ended before it was asked to: the meter went away. What came before is kept. */
  brokenOff?: string;
  /** What a reader of the figures should know: `spike filter as in the maker's software`. */
  notes: string[];
}

/** Sample range [from, to) of a trace. */
export interface SampleRange {
  from: number;
  to: number;
}

const firstCapacity = 1 << 16;
const mostLostAtOnce = 1e7;

/** Samples of unknown number: doubles its arrays, so that a minute at 100 kS/s costs a few copies. */
export class TraceBuilder {
  #current = new Float32Array(firstCapacity);
  #digital = new Uint8Array(firstCapacity);
  #count = 0;
  #lost = 0;

  get count(): number {
    return this.#count;
  }

  add(currentA: number, digital = 0): void {
    if (this.#count === this.#current.length) this.#grow();
    this.#current[this.#count] = currentA;
    this.#digital[this.#count++] = digital;
  }

  /** `count` samples that did not arrive: NaN, with the digital inputs as they were last seen. */
  addLost(count: number): void {
    if (!Number.isSafeInteger(count) || count < 0 || count > mostLostAtOnce) throw new RangeError(`lost ${count}`);
    const digital = this.#count > 0 ? this.#digital[this.#count - 1] : 0;
    for (let i = 0; i < count; i++) this.add(Number.NaN, digital);
    this.#lost += count;
  }

  build(about: Omit<Trace, 'currentA' | 'digital' | 'lostSamples'>, hasDigital: boolean): Trace {
    return {
      ...about,
      currentA: this.#current.slice(0, this.#count),
      ...(hasDigital && { digital: this.#digital.slice(0, this.#count) }),
      lostSamples: this.#lost,
    };
  }

  #grow(): void {
    const current = new Float32Array(this.#current.length * 2);
    current.set(this.#current);
    this.#current = current;
    const digital = new Uint8Array(this.#digital.length * 2);
    digital.set(this.#digital);
    this.#digital = digital;
  }
}
