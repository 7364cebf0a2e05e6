// SPDX-License-Identifier: Apache-2.0
// Energy of windows of a trace, with its uncertainty. Gross unless idle power is asked to be taken off, and then both.
import { type Summary, summarize } from './statistics.js';
import type { SampleRange, Trace } from './trace.js';
import type { FoundWindows } from './windows.js';

export interface WindowEnergy {
  seconds: number;
  joules: number;
  meanA: number;
  peakA: number;
  lostSamples: number;
}

export interface EnergyReport {
  source: Trace['source'];
  meter: string;
  windowsBy: FoundWindows['by'];
  windows: WindowEnergy[];
  inferencesPerWindow: number;
  /** Joule; the spread is that of windows. */
  perInference: Summary;
  /** Standard uncertainty of the median (k = 1): spread of windows, their ends, lost samples. Not the meter's own accuracy. */
  uncertaintyJ: number;
  idleW: number | null;
  /** Joule per inference with the idle power of the same time taken off; only where it was asked for. */
  netJ: number | null;
  lostSamples: number;
  notes: string[];
}

export interface EnergyOptions {
  inferencesPerWindow: number;
  /** A stretch in which the board did nothing but wait. */
  idle?: SampleRange;
}

const voltageAt = (trace: Trace, i: number): number =>
  typeof trace.voltageV === 'number' ? trace.voltageV : trace.voltageV[i];

/** Lost samples count with the mean power of those that are there. */
export function windowEnergy(trace: Trace, { from, to }: SampleRange): WindowEnergy {
  let [watts, amperes, peakA, present] = [0, 0, 0, 0];
  for (let i = Math.max(0, from); i < Math.min(to, trace.currentA.length); i++) {
    const current = trace.currentA[i];
    if (Number.isNaN(current)) continue;
    present++;
    amperes += current;
    watts += current * voltageAt(trace, i);
    peakA = Math.max(peakA, current);
  }
  const seconds = (to - from) / trace.rateHz;
  const mean = (sum: number) => (present > 0 ? sum / present : Number.NaN);
  return {
    seconds,
    joules: mean(watts) * seconds,
    meanA: mean(amperes),
    peakA,
    lostSamples: to - from - present,
  };
}

export function energyReport(trace: Trace, found: FoundWindows, options: EnergyOptions): EnergyReport {
  const { inferencesPerWindow } = options;
  const windows = found.windows.map((range) => windowEnergy(trace, range));
  const perInference = summarize(windows.map((w) => w.joules / inferencesPerWindow));
  const idleW = options.idle ? meanPower(trace, options.idle) : null;
  const meanSeconds = windows.reduce((sum, w) => sum + w.seconds, 0) / windows.length;
  return {
    source: trace.source,
    meter: trace.meter,
    windowsBy: found.by,
    windows,
    inferencesPerWindow,
    perInference,
    uncertaintyJ: uncertainty(trace, found, windows, perInference, inferencesPerWindow),
    idleW,
    netJ: idleW === null ? null : perInference.median - (idleW * meanSeconds) / inferencesPerWindow,
    lostSamples: trace.lostSamples,
    notes: trace.notes,
  };
}

function meanPower(trace: Trace, range: SampleRange): number {
  const { joules, seconds } = windowEnergy(trace, range);
  return joules / seconds;
}

/**
 * Parts that are independent, added in squares (JCGM 100:2008, 5.1.2): the windows' spread over their number; the ends, of
 * which a marker's are anywhere within a sample (a rectangle: divided by the root of 3, 4.3.7); lost samples, which are
 * anywhere between the lowest and the highest power of the window.
 */
function uncertainty(
  trace: Trace,
  found: FoundWindows,
  windows: readonly WindowEnergy[],
  perInference: Summary,
  inferencesPerWindow: number,
): number {
  const spread = perInference.deviation / Math.sqrt(perInference.count);
  const edgeS = found.edgeSamples / trace.rateHz / (found.by === 'marker' ? Math.sqrt(3) : 1);
  const ends = found.windows.map(({ from, to }) => Math.hypot(powerNearW(trace, from), powerNearW(trace, to)) * edgeS);
  const lost = windows.map((w, i) => {
    const seconds = w.lostSamples / trace.rateHz;
    return (seconds * w.peakA * voltageAt(trace, found.windows[i].from)) / Math.sqrt(12);
  });
  const meanOf = (list: number[]) => Math.hypot(...list) / list.length / inferencesPerWindow;
  return Math.hypot(spread, meanOf(ends), meanOf(lost));
}

/** The highest power of the samples around a window's end: what half a sample more or less is worth at most. */
function powerNearW(trace: Trace, at: number): number {
  const near = [at - 2, at - 1, at, at + 1]
    .filter((i) => i >= 0 && i < trace.currentA.length && !Number.isNaN(trace.currentA[i]))
    .map((i) => trace.currentA[i] * voltageAt(trace, i));
  return near.length > 0 ? Math.max(...near) : 0;
}
