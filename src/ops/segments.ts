// SPDX-License-Identifier: Apache-2.0
// A function of one int16 as straight lines: twin of runtime-c/kernels/segments, and the search for the lines.
import { clampTo } from './requantize.js';

export interface Segments {
  /** Rising; the first is -32768. */
  starts: Int16Array;
  values: Int16Array;
  /** With `slopeBits` bits behind the point. */
  slopes: Int32Array;
}

const slopeBits = 14;
const one = 2 ** slopeBits;
/** Of 8 bytes each. A function that needs more gets coarser lines. */
const mostSegments = 1024;
/** The least int16. */
const least = -32768;

const rise = (slope: number, distance: number): number => Math.floor((slope * distance + one / 2) / one);

/** Slopes that pass within `tolerance` steps of a value at a distance. */
function slopesTo(from: number, to: number, distance: number, tolerance: number): { low: number; high: number } {
  const delta = to - from;
  const low = Math.max(-32768, to - tolerance) - to + delta;
  const high = Math.min(32767, to + tolerance) - to + delta;
  return {
    low: Math.ceil((low * one - one / 2) / distance),
    high: Math.floor((high * one + one / 2 - 1) / distance),
  };
}

/** Lines as long as can be, each from an exact value, that are nowhere more than `tolerance` off. */
function fitWithin(targets: Int16Array, tolerance: number, limit: number): Segments | undefined {
  const [starts, values, slopes]: number[][] = [[], [], []];
  for (let at = 0; at < targets.length; ) {
    if (starts.length === limit) return undefined;
    let [low, high] = [-(2 ** 30), 2 ** 30];
    let end = at + 1;
    for (; end < targets.length; end++) {
      const next = slopesTo(targets[at], targets[end], end - at, tolerance);
      if (Math.max(low, next.low) > Math.min(high, next.high)) break;
      [low, high] = [Math.max(low, next.low), Math.min(high, next.high)];
    }
    starts.push(at + least);
    values.push(targets[at]);
    slopes.push(end === at + 1 ? 0 : Math.floor((low + high) / 2));
    at = end;
  }
  return { starts: Int16Array.from(starts), values: Int16Array.from(values), slopes: Int32Array.from(slopes) };
}

/** The lines for the values at -32768 … 32767: at most `tolerance` steps off, or as little as `mostSegments` allow. */
export function fitSegments(targets: Int16Array, tolerance = 1): Segments {
  for (let t = tolerance; ; t = Math.max(1, 2 * t)) {
    const found = fitWithin(targets, t, mostSegments);
    if (found) return found;
  }
}

/** The value at an input: the last line that begins at or before it. */
export function atSegments({ starts, values, slopes }: Segments, x: number): number {
  let [low, end] = [0, starts.length];
  while (end - low > 1) {
    const middle = (low + end) >> 1;
    if (starts[middle] <= x) low = middle;
    else end = middle;
  }
  return clampTo(values[low] + rise(slopes[low], x - starts[low]), -32768, 32767);
}
