// SPDX-License-Identifier: Apache-2.0
// The supply of an emulated chip as an instrument sees it: time and marker pin are the chip's own. The current is made up:
// from each odd fall of the marker to the next even one it follows what the chip does, so that layers differ.
import type { Scene } from './scene.js';

/**
 * Of the order of what a Pico takes waiting and computing, in two measuring ranges of a PPK2; no figure of a board. What it
 * takes computing is that of a stalled core and a part for each instruction of a cycle.
 */
export const madeUpAmps = { waiting: 3.1e-3, stalled: 6e-3, perInstruction: 26e-3, usually: 24.7e-3 } as const;

/** What the chip knows of itself. */
export interface ChipWork {
  /** Instructions since the start. */
  executed(): number;
  clockHz: number;
}

interface Edge {
  nanos: number;
  high: boolean;
  executed: number;
}

export class ChipScene implements Scene {
  readonly #now: () => number;
  readonly #sampleNanos: number;
  readonly #work: ChipWork | undefined;
  #startNanos = 0;
  #edges: Edge[] = [];
  /** Edges at or before the sample that was looked at last, and the falls among them. */
  #cursor = { edges: 0, falls: 0, nanos: 0 };

  /** `now` is the chip's time. A chip that says nothing of its work takes what is usual. */
  constructor(now: () => number, rateHz: number, work?: ChipWork) {
    this.#now = now;
    this.#sampleNanos = 1e9 / rateHz;
    this.#work = work;
  }

  /** The marker pin changed. */
  pin(high: boolean, nanos: number): void {
    if (this.#edges.at(-1)?.high !== high) this.#edges.push({ nanos, high, executed: this.#work?.executed() ?? 0 });
  }

  begin(): void {
    this.#startNanos = this.#now();
    const high = this.#edges.at(-1)?.high ?? true;
    this.#edges = [{ nanos: this.#startNanos, high, executed: this.#work?.executed() ?? 0 }];
    this.#cursor = { edges: 0, falls: 0, nanos: 0 };
  }

  /** Falls since the recording began, in samples and parts of one. */
  falls(): number[] {
    return this.#edges.filter((e, i) => i > 0 && !e.high).map((e) => (e.nanos - this.#startNanos) / this.#sampleNanos);
  }

  /** Coulomb of each window, from fall to fall, and of the part of it behind the marker's pulse. */
  charges(): { whole: number; computing: number }[] {
    const falls = this.#edges.flatMap((e, i) => (i > 0 && !e.high ? [i] : []));
    return Array.from({ length: falls.length >> 1 }, (_, w) => {
      const from = falls[2 * w];
      const parts = Array.from({ length: falls[2 * w + 1] - from }, (_, i) => this.#charge(from + i));
      return { whole: parts.reduce((sum, c) => sum + c, 0), computing: parts.slice(1).reduce((sum, c) => sum + c, 0) };
    });
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
    return { amps: cursor.falls % 2 === 1 ? this.#ampsFrom(cursor.edges - 1) : madeUpAmps.waiting, high };
  }

  /** Of a chip that computes from this edge to the next. */
  #ampsFrom(edge: number): number {
    const { stalled, perInstruction, usually } = madeUpAmps;
    const [from, to] = [this.#edges[edge], this.#edges[edge + 1]];
    if (!this.#work || !to || to.nanos <= from.nanos) return usually;
    const cycles = ((to.nanos - from.nanos) * this.#work.clockHz) / 1e9;
    return stalled + (perInstruction * (to.executed - from.executed)) / cycles;
  }

  #charge(edge: number): number {
    return (this.#ampsFrom(edge) * (this.#edges[edge + 1].nanos - this.#edges[edge].nanos)) / 1e9;
  }
}
