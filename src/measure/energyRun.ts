// SPDX-License-Identifier: Apache-2.0
// Windows of many inferences while a meter records, and what they cost.
import { fail } from '../cli/errors.js';
import type { Device } from '../device/device.js';
import { type EnergyReport, energyReport } from './energy.js';
import type { Meter } from './meter.js';
import type { SampleRange, Trace } from './trace.js';
import { type FoundWindows, markerWindows, patternWindows, type RunPattern } from './windows.js';

export interface EnergyRunOptions {
  windows: number;
  inferencesPerWindow: number;
  /** Digital input that the marker pin is wired to; undefined: found by the pattern of the runs. */
  marker?: number;
  /** Also say what is left when idle power is taken off. */
  idle: boolean;
  /** Quiet time before, between and after windows. */
  gapMs?: number;
  nowMs?: () => number;
  wait?: (ms: number) => Promise<void>;
  onWindow?: (done: number) => void;
}

/** Some 25,000 samples of a PPK2, 1,250 of an LPM01A: enough for a mean of what idling takes. */
const usualGapMs = 250;
const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

export async function measureEnergy(
  device: Device,
  meter: Meter,
  options: EnergyRunOptions,
): Promise<{ report: EnergyReport; trace: Trace }> {
  const { batch } = device;
  if (!batch) return fail('meter.marker', { reason: 'the firmware has no agent; build it with --agent performance' });
  const { windows, gapMs = usualGapMs, nowMs = () => performance.now(), wait = pause } = options;
  const pattern: RunPattern[] = [];
  await meter.start();
  let trace: Trace;
  try {
    await wait(gapMs);
    for (let i = 0; i < windows; i++) {
      const startS = nowMs() / 1000;
      const { result, count } = await batch.call(device, options.inferencesPerWindow);
      if (result !== 0) fail('device.fault', { board: device.info.board, reason: `the model returned ${result}` });
      pattern.push({ startS, endS: startS + count / device.info.clockHz });
      options.onWindow?.(i + 1);
      await wait(gapMs);
    }
  } finally {
    trace = await meter.stop();
  }
  const found =
    options.marker === undefined ? patternWindows(trace, pattern) : markerWindows(trace, options.marker, windows);
  return { report: reportOf(trace, found, options), trace };
}

/** Windows in a recorded trace. */
export function reportOf(
  trace: Trace,
  found: FoundWindows,
  { inferencesPerWindow, idle }: Pick<EnergyRunOptions, 'inferencesPerWindow' | 'idle'>,
): EnergyReport {
  return energyReport(trace, found, { inferencesPerWindow, ...(idle && { idle: quietBefore(found) }) });
}

/** From the start to just before the first window. */
function quietBefore({ windows, edgeSamples }: FoundWindows): SampleRange {
  const to = windows[0].from - Math.ceil(edgeSamples) - 1;
  if (to < 10) fail('meter.marker', { reason: 'the trace has no quiet time before the first window for --idle' });
  return { from: 0, to };
}
