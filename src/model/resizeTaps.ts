// SPDX-License-Identifier: Apache-2.0
// Which pixels, with which weights, a resized axis takes: cubic and linear kernels, antialiased where they shrink, and
// windows of the image (roi). Formulas: onnx/defs/tensor/defs.cc and onnx/reference/ops/op_resize.py.
import type { Axis } from './resize.js';

export interface Taps {
  taps: number;
  sources: number[];
  weights: number[];
}

export interface FilterOptions {
  mode: 'linear' | 'cubic';
  /** Of the cubic kernel. */
  a: number;
  antialias: boolean;
  /** Pixels outside of the image have no weight; else those of its edge stand for them. */
  excludeOutside: boolean;
}

/** Between two parts of the image; positions outside of the image are NaN. */
export function croppedPositions({ from, to }: Axis, start: number, end: number): number[] {
  const at = (i: number): number =>
    to > 1 ? start * (from - 1) + (i * (end - start) * (from - 1)) / (to - 1) : 0.5 * (start + end) * (from - 1);
  return Array.from({ length: to }, (_, i) => at(i)).map((x) => (x < 0 || x > from - 1 ? Number.NaN : x));
}

/** Keys' cubic convolution (1981). */
function cubic(distance: number, a: number): number {
  const x = Math.abs(distance);
  if (x <= 1) return (a + 2) * x ** 3 - (a + 3) * x ** 2 + 1;
  return x < 2 ? a * x ** 3 - 5 * a * x ** 2 + 8 * a * x - 4 * a : 0;
}

const linear = (distance: number): number => Math.max(0, 1 - Math.abs(distance));

/** Weights by source, of one output. */
function weightsAt(x: number, axis: Axis, { mode, a, antialias, excludeOutside }: FilterOptions): Map<number, number> {
  const found = new Map<number, number>();
  if (Number.isNaN(x)) return found;
  const squeeze = antialias ? Math.min(1, axis.scale) : 1;
  const radius = (mode === 'cubic' ? 2 : 1) / squeeze;
  let sum = 0;
  for (let p = Math.floor(x - radius) + 1; p < x + radius; p++) {
    const isInside = p >= 0 && p < axis.from;
    if (!isInside && excludeOutside) continue;
    const weight = mode === 'cubic' ? cubic((p - x) * squeeze, a) : linear((p - x) * squeeze);
    const source = Math.min(axis.from - 1, Math.max(0, p));
    found.set(source, (found.get(source) ?? 0) + weight);
    sum += weight;
  }
  for (const [source, weight] of found) found.set(source, weight / sum);
  return found;
}

export function filterTaps(axis: Axis, at: readonly number[], options: FilterOptions): Taps {
  const lists = at.map((x) => [...weightsAt(x, axis, options)].filter(([, w]) => w !== 0));
  const taps = lists.reduce((most, list) => Math.max(most, list.length), 1);
  const padded = lists.flatMap((list) => Array.from({ length: taps }, (_, i) => list[i] ?? [list[0]?.[0] ?? 0, 0]));
  return { taps, sources: padded.map(([s]) => s), weights: padded.map(([, w]) => Math.fround(w)) };
}
