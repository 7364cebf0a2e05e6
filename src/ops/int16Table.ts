// SPDX-License-Identifier: Apache-2.0
// Tables of a function over an interval for int16 arithmetic: 512 intervals, linear between 513 entries
// (TensorFlow Lite's gen_lut and LUTPopulate, computed in float32 as there).
import { clampTo, roundAway } from './requantize.js';

const f = Math.fround;
const intervals = 512;
/** 65536 steps over the output range [-1, 1]. */
const unitScale = 32768;

/** Each entry is moved by half of the error that the straight line makes in the middle of its interval. `scale` brings
 *  results to steps of the output; the default is Q0.15. */
export function int16Table(transform: (x: number) => number, min: number, max: number, scale = unitScale): Int16Array {
  const step = f((max - min) / intervals);
  const half = f(step / 2);
  const at = (x: number): number => f(transform(x));
  const table = new Int16Array(intervals + 1);
  for (let i = 0; i < intervals; i++) {
    const x = f(min + f(i * step));
    const sample = roundAway(f(at(x) * scale));
    const next = f(at(f(min + f((i + 1) * step))) * scale);
    const line = roundAway(f(f(next + sample) / 2));
    const middle = roundAway(f(at(f(x + half)) * scale));
    const bias = roundAway(f(f(line - middle) / 2));
    table[i] = clampTo(sample - bias, -32768, 32767);
  }
  table[intervals] = clampTo(roundAway(f(at(max) * scale)), -32768, 32767);
  return table;
}

/** The interpolated entry for an int16 that runs over the whole interval. */
export function lookUp(table: Int16Array, x: number): number {
  const index = 256 + (x >> 7);
  const slope = ((table[index + 1] - table[index]) << 16) >> 16;
  return ((table[index] + ((slope * (x & 127) + 64) >> 7)) << 16) >> 16;
}
