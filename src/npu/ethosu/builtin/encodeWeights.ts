// SPDX-License-Identifier: Apache-2.0
// Weights -> the compressed stream of Ethos-U (what weightStream.ts decodes): slices with palettes of their own, their
// indices and zero runs interleaved in chunks. Format: Arm's mlw_codec (Vela, Apache-2.0).
import { BitWriter } from './bitWriter.js';
import {
  bestCoding,
  histogramOf,
  joined,
  type SliceCoding,
  type SliceHistogram,
  signMagnitude,
} from './sliceCoding.js';

const endOfStream = 7;
const noZeroRuns = 6;
const uncompressed = 7;
const chunkSymbols = 12;
/** Wide symbols and long remainders come in chunks of eight. */
const narrowChunk = 8;
const unitBytes = 16;
const largestSlice = 1 << 15;
/** Borders of slices are looked for at multiples of this. */
const stretch = 1024;

interface Slice {
  from: number;
  to: number;
  histogram: SliceHistogram;
  coding: SliceCoding;
}

/** Neighbours are joined as long as that saves bits: the greatest saving first. */
function cutIntoSlices(weights: Int16Array): Slice[] {
  const slices: Slice[] = [];
  for (let from = 0; from < weights.length; from += stretch) {
    const to = Math.min(weights.length, from + stretch);
    const histogram = histogramOf(weights.subarray(from, to));
    slices.push({ from, to, histogram, coding: bestCoding(histogram) });
  }
  const pairs = slices.slice(1).map((slice, i) => joinedSlice(slices[i], slice));
  for (;;) {
    let best = -1;
    for (let i = 0; i < pairs.length; i++)
      if (saving(slices, pairs, i) >= 0 && (best < 0 || saving(slices, pairs, i) > saving(slices, pairs, best)))
        best = i;
    const whole = pairs[best];
    if (!whole) return slices;
    slices.splice(best, 2, whole);
    pairs.splice(best, 1);
    if (best > 0) pairs[best - 1] = joinedSlice(slices[best - 1], whole);
    if (best < pairs.length) pairs[best] = joinedSlice(whole, slices[best + 1]);
  }
}

const saving = (slices: readonly Slice[], pairs: readonly (Slice | undefined)[], i: number): number => {
  const whole = pairs[i];
  return whole ? slices[i].coding.bits + slices[i + 1].coding.bits - whole.coding.bits : -1;
};

function joinedSlice(a: Slice, b: Slice): Slice | undefined {
  if (b.to - a.from > largestSlice) return undefined;
  const histogram = joined(a.histogram, b.histogram);
  return { from: a.from, to: b.to, histogram, coding: bestCoding(histogram) };
}

/** Values as they are interleaved: indices into the palette, and the run of zeros before, between and behind them. */
function symbolsOf(weights: Int16Array, coding: SliceCoding): { indices: number[]; runs: number[] } {
  const place = new Map(coding.palette.map((value, i) => [value, i]));
  const indices: number[] = [];
  const runs: number[] = [];
  let run = 0;
  for (const weight of weights) {
    if (weight === 0 && coding.zeroDivisor !== undefined) {
      run++;
      continue;
    }
    const value = signMagnitude(weight);
    indices.push(place.get(value) ?? coding.palette.length + value - coding.directOffset);
    runs.push(run);
    run = 0;
  }
  return { indices, runs: [...runs, run] };
}

function writeHeader(out: BitWriter, coding: SliceCoding, length: number): void {
  out.put(coding.zeroDivisor ?? noZeroRuns, 3);
  out.put(length - 1, 15);
  out.put(coding.index.plain ? uncompressed : coding.index.divisor, 3);
  out.put(coding.index.truncated ? 1 : 0, 1);
  // Every slice has a palette of its own, so that each begins with a run of zeros of its own.
  out.put(1, 1);
  out.put(coding.directOffset, 5);
  out.put(Math.max(0, coding.palette.length - 1), 5);
  out.put(coding.valueBits - 2, 3);
  for (const value of coding.palette) out.put(value, coding.valueBits);
}

/** One of the two interleaved sequences. A chunk holds a fixed number of unary digits; a quotient may span chunks. */
interface Lane {
  values: readonly number[];
  divisor: number;
  /** Values whose quotients are complete; beyond the end the padding counts too, as the reader counts it. */
  position: number;
  /** Digits of the value at `position` that are already written. */
  carried: number;
  waiting: readonly number[];
}

const newLane = (values: readonly number[], divisor: number): Lane => ({
  values,
  divisor,
  position: 0,
  carried: 0,
  waiting: [],
});

/** Digits of the next chunk: each 0, 1 or 2, of which 2 is continued by the next (unless `truncated`). */
function nextDigits(lane: Lane, count: number, step: 1 | 2, truncated: boolean): number[] {
  const done: number[] = [];
  const digits = Array.from({ length: count }, () => {
    const value = lane.values[lane.position];
    const left = value === undefined ? 0 : (value >> lane.divisor) - lane.carried;
    const digit = Math.min(step, left);
    if (digit === step && !truncated) lane.carried += step;
    else {
      if (value !== undefined) done.push(value & ((1 << lane.divisor) - 1));
      lane.position++;
      lane.carried = 0;
    }
    return digit;
  });
  lane.waiting = done;
  return digits;
}

function putBits(out: BitWriter, bits: readonly boolean[]): void {
  for (const bit of bits) out.put(bit ? 1 : 0, 1);
}

/** Remainders of the chunk before, then those of this one wait. */
function putWaiting(out: BitWriter, waiting: readonly number[], divisor: number): void {
  for (const remainder of waiting) out.put(remainder, divisor);
}

function writeSlice(out: BitWriter, weights: Int16Array, coding: SliceCoding): void {
  const { indices, runs } = symbolsOf(weights, coding);
  const { plain, truncated, divisor } = coding.index;
  writeHeader(out, coding, indices.length);
  const useZeros = coding.zeroDivisor !== undefined;
  const lane = newLane(indices, divisor);
  const zeros = newLane(useZeros ? runs : [], coding.zeroDivisor ?? 0);
  const indexChunk = plain && divisor > 5 ? narrowChunk : chunkSymbols;
  const zeroChunk = zeros.divisor < 3 ? chunkSymbols : narrowChunk;
  for (;;) {
    const balance = useZeros ? lane.position - zeros.position : 0;
    const takeIndices = (balance < narrowChunk || !useZeros) && lane.position < indices.length;
    const takeZeros = useZeros && balance >= 0 && zeros.position < runs.length;
    const before = { indices: lane.waiting, zeros: zeros.waiting };
    lane.waiting = [];
    zeros.waiting = [];
    let digits: number[] = [];
    if (takeIndices) digits = plain ? takePlain(lane, indexChunk) : nextDigits(lane, indexChunk, 2, truncated);
    putBits(out, plain ? [] : digits.map((d) => d > 0));
    if (takeZeros)
      putBits(
        out,
        nextDigits(zeros, zeroChunk, 1, false).map((d) => d > 0),
      );
    putBits(
      out,
      digits.filter((d) => d > 0).map((d) => d > 1),
    );
    putWaiting(out, before.indices, divisor);
    putWaiting(out, before.zeros, zeros.divisor);
    if (!takeIndices && !takeZeros) return;
  }
}

/** Plain indices have no quotients: the chunk only moves on. */
function takePlain(lane: Lane, count: number): number[] {
  lane.waiting = lane.values.slice(lane.position, lane.position + count);
  lane.position += count;
  return [];
}

/** The stream of weights that are in the hardware's order; 9 bits signed, -255 to 255. */
export function encodeWeights(weights: Int16Array): Uint8Array {
  const out = new BitWriter();
  for (const { from, to, coding } of cutIntoSlices(weights)) writeSlice(out, weights.subarray(from, to), coding);
  out.put(endOfStream, 3);
  return out.finish(unitBytes);
}
