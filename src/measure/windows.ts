// SPDX-License-Identifier: Apache-2.0
// Where in a trace the board computed: by its marker pin, or, without one, by the pattern of its runs in the current.
import { fail } from '../cli/errors.js';
import type { SampleRange, Trace } from './trace.js';

export interface FoundWindows {
  windows: SampleRange[];
  /** How far each end may be from the truth, in samples: a bound for the marker, a standard uncertainty for a pattern. */
  edgeSamples: number;
  by: 'marker' | 'pattern';
}

/** Samples at which the input goes from high to low: the first low one of each. */
export function fallingEdges(digital: Uint8Array, input: number): number[] {
  const mask = 1 << input;
  const edges: number[] = [];
  for (let i = 1; i < digital.length; i++) {
    if ((digital[i - 1] & mask) !== 0 && (digital[i] & mask) === 0) edges.push(i);
  }
  return edges;
}

/**
 * The last `count` windows that the marker frames with a falling edge at each end (MLPerf Tiny's timestamp). Edges before
 * them are the pulse that initialises the pin; a number of edges that does not fit means that something else moved the pin.
 */
export function markerWindows(trace: Trace, input: number, count: number): FoundWindows {
  if (!trace.digital) return fail('meter.marker', { reason: `${trace.meter} has no digital input` });
  const edges = fallingEdges(trace.digital, input);
  const spare = edges.length - 2 * count;
  if (spare < 0 || spare > 1) {
    fail('meter.marker', {
      reason: `input D${input} fell ${edges.length} times, ${2 * count} were expected (and one more at the start)`,
    });
  }
  const kept = edges.slice(spare);
  const windows = Array.from({ length: count }, (_, i) => ({ from: kept[2 * i], to: kept[2 * i + 1] }));
  return { windows, edgeSamples: 1, by: 'marker' };
}

/** The same windows without the pulse that begins each: from where the marker is high again. */
export function behindPulse(trace: Trace, input: number, { windows, ...rest }: FoundWindows): FoundWindows {
  const mask = 1 << input;
  const risen = (from: number, to: number): number => {
    let at = from;
    while (at < to && trace.digital && (trace.digital[at] & mask) === 0) at++;
    return at;
  };
  return { ...rest, windows: windows.map(({ from, to }) => ({ from: risen(from, to), to })) };
}

/** Of a recording or a run that broke off: the windows from its first fall on that have both ends, at most `most`. */
export function completeWindows(trace: Trace, input: number, most: number): FoundWindows | undefined {
  if (!trace.digital) return undefined;
  const edges = fallingEdges(trace.digital, input);
  const count = Math.min(most, edges.length >> 1);
  if (count === 0) return undefined;
  const windows = Array.from({ length: count }, (_, i) => ({ from: edges[2 * i], to: edges[2 * i + 1] }));
  return { windows, edgeSamples: 1, by: 'marker' };
}

/** When the board says that it computed, in seconds of its own clock from any zero. */
export interface RunPattern {
  startS: number;
  endS: number;
}

/** A board's crystal and a meter's differ by less; a board's RC oscillator may differ by a percent or two. */
const mostClockError = 0.02;
const clockSteps = 41;
const nearSamples = 8;
const mostNearTries = 20;

/** Sums up to each sample, lost ones at the mean of those that are there. */
function prefixSums(values: Float32Array): { sums: Float64Array; squares: Float64Array } {
  const present = values.reduce((acc, v) => (Number.isNaN(v) ? acc : { sum: acc.sum + v, n: acc.n + 1 }), {
    sum: 0,
    n: 0,
  });
  const mean = present.n > 0 ? present.sum / present.n : 0;
  const sums = new Float64Array(values.length + 1);
  const squares = new Float64Array(values.length + 1);
  for (let i = 0; i < values.length; i++) {
    const v = Number.isNaN(values[i]) ? mean : values[i];
    sums[i + 1] = sums[i] + v;
    squares[i + 1] = squares[i] + v * v;
  }
  return { sums, squares };
}

interface Fit {
  startSample: number;
  clock: number;
  /** Squared error of a trace that has one current in the windows and another between them. */
  error: number;
  contrast: number;
}

/**
 * Finds runs without a marker: the trace is modelled as one current inside the windows and another outside, and the place
 * and clock ratio with the least squared error win. `edgeSamples` is the range of places that the noise allows.
 */
export function patternWindows(trace: Trace, pattern: readonly RunPattern[]): FoundWindows {
  const { rateHz, currentA } = trace;
  const zeroS = pattern[0].startS;
  const relative = pattern.map((p) => ({ startS: p.startS - zeroS, endS: p.endS - zeroS }));
  const spanSamples = relative[relative.length - 1].endS * rateHz;
  if (currentA.length < spanSamples * 0.98)
    fail('meter.marker', { reason: 'the recording is shorter than the runs that it should hold' });
  const prefix = prefixSums(currentA);
  const fitAt = (startSample: number, clock: number) => twoLevels(prefix, relative, rateHz, startSample, clock);
  const best = search(fitAt, currentA.length, spanSamples);
  if (!(best.contrast > 0)) fail('meter.marker', { reason: 'the current does not rise where the board computes' });
  const windows = relative.map((p) => ({
    from: Math.round(best.startSample + p.startS * rateHz * best.clock),
    to: Math.round(best.startSample + p.endS * rateHz * best.clock),
  }));
  return { windows, edgeSamples: placeUncertainty(fitAt, best, currentA, spanSamples), by: 'pattern' };
}

function twoLevels(
  { sums, squares }: ReturnType<typeof prefixSums>,
  pattern: readonly RunPattern[],
  rateHz: number,
  startSample: number,
  clock: number,
): Fit {
  const samples = sums.length - 1;
  let [inside, insideCount] = [0, 0];
  for (const { startS, endS } of pattern) {
    const from = Math.min(samples, Math.max(0, Math.round(startSample + startS * rateHz * clock)));
    const to = Math.min(samples, Math.max(0, Math.round(startSample + endS * rateHz * clock)));
    inside += sums[to] - sums[from];
    insideCount += to - from;
  }
  const outsideCount = samples - insideCount;
  const outside = sums[samples] - inside;
  const explained =
    (insideCount > 0 ? inside ** 2 / insideCount : 0) + (outsideCount > 0 ? outside ** 2 / outsideCount : 0);
  const contrast =
    insideCount > 0 && outsideCount > 0 ? inside / insideCount - outside / outsideCount : Number.NEGATIVE_INFINITY;
  return { startSample, clock, error: squares[samples] - explained, contrast };
}

/** Coarse over all places and clock ratios, then finer around the best, down to a sample. */
function search(fitAt: (startSample: number, clock: number) => Fit, samples: number, spanSamples: number): Fit {
  const better = (a: Fit, b: Fit) => (b.contrast > 0 && (b.error < a.error || !(a.contrast > 0)) ? b : a);
  let step = Math.max(1, Math.floor(spanSamples / 200));
  let clockStep = (2 * mostClockError) / (clockSteps - 1);
  let best = fitAt(0, 1);
  for (let start = -step; start <= samples - spanSamples * (1 - mostClockError) + step; start += step)
    for (let i = 0; i < clockSteps; i++) best = better(best, fitAt(start, 1 - mostClockError + i * clockStep));
  while (step > 1 || clockStep * spanSamples > 0.5) {
    step = Math.max(1, Math.floor(step / 2));
    clockStep /= 2;
    for (let again = true; again; ) {
      const { startSample, clock } = best;
      for (const ds of [-step, 0, step])
        for (const dc of [-clockStep, 0, clockStep]) best = better(best, fitAt(startSample + ds, clock + dc));
      again = best.startSample !== startSample || best.clock !== clock;
    }
  }
  return everyNear(fitAt, best, spanSamples, better);
}

/** Whole samples make steps in the error on which a descent stops: all places and clocks near, until none is better. */
function everyNear(
  fitAt: (startSample: number, clock: number) => Fit,
  from: Fit,
  spanSamples: number,
  better: (a: Fit, b: Fit) => Fit,
): Fit {
  let best = from;
  for (let tries = 0; tries < mostNearTries; tries++) {
    const { startSample, clock } = best;
    for (let ds = -nearSamples; ds <= nearSamples; ds++)
      for (let dc = -nearSamples; dc <= nearSamples; dc += 0.5)
        best = better(best, fitAt(startSample + ds, clock + dc / spanSamples));
    if (best.startSample === startSample && best.clock === clock) break;
  }
  return best;
}

/**
 * How far a window's end can move until the squared error grows by one residual variance (chi-square plus one), with the
 * number of independent samples taken from the residuals' correlation: by the place of the whole pattern, and by its clock,
 * which moves the far end. Each at least half a sample.
 */
function placeUncertainty(
  fitAt: (startSample: number, clock: number) => Fit,
  best: Fit,
  values: Float32Array,
  spanSamples: number,
): number {
  const variance = best.error / values.length;
  const correlation = lagOneCorrelation(values);
  const allowed = best.error + variance * ((1 + correlation) / (1 - correlation));
  const widthOf = (moved: (width: number) => Fit) => {
    let width = 0.5;
    while (width < values.length && !(moved(width).error > allowed && moved(-width).error > allowed)) width *= 2;
    return width;
  };
  const place = widthOf((width) => fitAt(best.startSample + 2 * width, best.clock));
  const end = widthOf((width) => fitAt(best.startSample, best.clock + (2 * width) / spanSamples));
  return place + end;
}

/** Of the differences, since the step at each window would count as correlation otherwise. Kept below one. */
function lagOneCorrelation(values: Float32Array): number {
  let [products, squares] = [0, 0];
  for (let i = 2; i < values.length; i++) {
    const [a, b] = [values[i - 1] - values[i - 2], values[i] - values[i - 1]];
    if (Number.isNaN(a + b)) continue;
    products += a * b;
    squares += a * a;
  }
  // White noise has -1/2 in its differences, a slow drift has +1.
  return squares > 0 ? Math.min(0.999, Math.max(0, (products / squares + 0.5) / 1.5)) : 0;
}
