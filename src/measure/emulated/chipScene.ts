// SPDX-License-Identifier: Apache-2.0
// The supply of an emulated chip as an instrument sees it: time and marker pin are the chip's own, the current is made up,
// more of it from each odd fall of the marker to the next even one.
import type { Scene } from './scene.js';

/** Of the order of what a Pico takes waiting and computing, in two measuring ranges of a PPK2; no figure of a board. */
export const madeUpAmps = { waiting: 3.1e-3, computing: 24.7e-3 } as const;

interface Edge {
  nanos: number;
  high: boolean;
}

export class ChipScene implements Scene {
  readonly #now: () => number;
  readonly #sampleNanos: number;
  #startNanos = 0;
  #edges: Edge[] = [];
  /** Edges at or before the sample that was looked at last, and the falls among them. */
  #cursor = { edges: 0, falls: 0, nanos: 0 };

  /** `now` is the chip's time. */
  constructor(now: () => number, rateHz: number) {
    this.#now = now;
    this.#sampleNanos = 1e9 / rateHz;
  }

  /** The marker pin changed. */
  pin(high: boolean, nanos: number): void {
    if (this.#edges.at(-1)?.high !== high) this.#edges.push({ nanos, high });
  }

  begin(): void {
    this.#startNanos = this.#now();
    this.#edges = [{ nanos: this.#startNanos, high: this.#edges.at(-1)?.high ?? true }];
    this.#cursor = { edges: 0, falls: 0, nanos: 0 };
  }

  /** Falls since the recording began, in samples and parts of one. */
  falls(): number[] {
    return this.#edges.filter((e, i) => i > 0 && !e.high).map((e) => (e.nanos - this.#startNanos) / this.#sampleNanos);
  }

  count(): number {
    return Math.floor((this.#now() - this.#startNanos) / this.#sampleNanos) + 1;
  }

  at(sample: number): { amps: number; high: boolean } {
    const nanos = this.#startNanos + sample * this.#sampleNanos;
    if (nanos < this.#cursor.nanos) this.#cursor = { edges: 0, falls: 0, nanos: 0 };
    const cursor = this.#cursor;
    for (; this.#edges[cursor.edges]?.nanos <= nanos; cursor.edges++)
      if (cursor.edges > 0 && !this.#edges[cursor.edges].high) cursor.falls++;
    cursor.nanos = nanos;
    const high = this.#edges[cursor.edges - 1]?.high ?? true;
    return { amps: cursor.falls % 2 === 1 ? madeUpAmps.computing : madeUpAmps.waiting, high };
  }
}
