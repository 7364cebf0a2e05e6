// SPDX-License-Identifier: Apache-2.0
// Windows of many inferences while a meter records, and what they cost. What was measured before something broke is kept.
import { fail, MoteError } from '../cli/errors.js';
import type { Device, Window } from '../device/device.js';
import { type EnergyReport, energyReport } from './energy.js';
import type { Meter } from './meter.js';
import { lacksAgent } from './profileDevice.js';
import type { SampleRange, Trace } from './trace.js';
import {
  behindPulse,
  completeWindows,
  type FoundWindows,
  markerWindows,
  patternWindows,
  type RunPattern,
} from './windows.js';

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
  /** The meter went away: further windows would be for nothing. */
  meterGone?: () => boolean;
  onWindow?: (done: number, of: number) => void;
  /** Layers that get windows of their own behind those of the whole, as many; for that a marker is needed. */
  layers?: readonly LayerWindows[];
}

/** A layer alone, many times in a window. */
export interface LayerWindows {
  layer: number;
  repeats: number;
  /** Leaves in the arena what the layer reads. */
  prepare(): Promise<void>;
}

export interface LayerEnergy {
  layer: number;
  repeats: number;
  report: EnergyReport;
  /** Place of its first window among all of the recording. */
  firstWindow: number;
}

/** Some 25,000 samples of a PPK2, 1,250 of an LPM01A: enough for a mean of what idling takes. */
const usualGapMs = 250;
const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** What an emulated meter's emulator knows of the windows that were found. */
export interface EnergyTruth {
  /** Farthest that a window's end is from the emulator's own. */
  edgeSamples: number;
  perInferenceJ: number;
}

/** Windows that were complete before something broke are kept. */
export interface EnergyRun {
  report?: EnergyReport;
  trace?: Trace;
  found?: FoundWindows;
  /** Those whose windows were all complete. */
  layers?: LayerEnergy[];
  /** Why there are fewer windows than were asked for, or none. */
  broken?: MoteError;
}

export async function measureEnergy(device: Device, meter: Meter, options: EnergyRunOptions): Promise<EnergyRun> {
  const { nowMs = () => performance.now() } = options;
  await meter.start();
  const recordS = nowMs() / 1000;
  const { pattern, broken } = await runWindows(device, options, nowMs);
  const stopped = await kept(() => meter.stop());
  if (!stopped.value) return { broken: broken ?? stopped.broken };
  const trace = stopped.value;
  const search = await kept(async () => findWindows(trace, pattern, recordS, options));
  const found = search.value;
  if (!found) return { trace, broken: broken ?? search.broken ?? noWindow(meter, trace) };
  const whole = { ...found, windows: found.windows.slice(0, options.windows) };
  const made = await kept(async () => reportOf(trace, whole, options));
  const layers = layerEnergies(trace, found, options);
  return { trace, found: whole, report: made.value, layers, broken: broken ?? made.broken };
}

/** Windows so short that the marker's pulse counts: it is left out of them. */
function layerEnergies(trace: Trace, found: FoundWindows, { marker, windows, layers = [] }: EnergyRunOptions) {
  if (marker === undefined) return [];
  return layers.flatMap(({ layer, repeats }, i): LayerEnergy[] => {
    const firstWindow = (i + 1) * windows;
    const own = found.windows.slice(firstWindow, firstWindow + windows);
    if (own.length < windows) return [];
    const report = energyReport(trace, behindPulse(trace, marker, { ...found, windows: own }), {
      inferencesPerWindow: repeats,
    });
    return [{ layer, repeats, report, firstWindow }];
  });
}

/** All windows of the recording: those of the whole, and of each layer. */
const allWindows = ({ windows, layers = [] }: EnergyRunOptions): number => windows * (1 + layers.length);

/** The error that a user is to see, and nothing lost by it; bugs go on. */
async function kept<T>(work: () => Promise<T>): Promise<{ value?: T; broken?: MoteError }> {
  try {
    return { value: await work() };
  } catch (error) {
    if (error instanceof MoteError) return { broken: error };
    throw error;
  }
}

const noWindow = (meter: Meter, trace: Trace): MoteError | undefined =>
  trace.brokenOff === undefined
    ? undefined
    : new MoteError('meter.lost', {
        meter: meter.info.name,
        when: 'before its first window was complete',
        reason: trace.brokenOff,
      });

async function runWindows(
  device: Device,
  options: EnergyRunOptions,
  nowMs: () => number,
): Promise<{ pattern: RunPattern[]; broken?: MoteError }> {
  const { windows, layers = [], gapMs = usualGapMs, wait = pause, meterGone = () => false } = options;
  const parts = [{ layer: undefined, repeats: options.inferencesPerWindow, prepare: async () => {} }, ...layers];
  const pattern: RunPattern[] = [];
  const { broken } = await kept(async () => {
    await wait(gapMs);
    for (let i = 0; i < allWindows(options) && !meterGone(); i++) {
      const { layer, repeats, prepare } = parts[Math.floor(i / windows)];
      if (i % windows === 0) await prepare();
      const startS = nowMs() / 1000;
      const { result, count } = await batch(device, repeats, layer);
      if (result !== 0) fail('device.fault', { board: device.info.board, reason: `the model returned ${result}` });
      pattern.push({ startS, endS: startS + count / device.info.clockHz });
      options.onWindow?.(i + 1, allWindows(options));
      await wait(gapMs);
    }
  });
  return { pattern, ...(broken && { broken }) };
}

async function batch(device: Device, times: number, layer: number | undefined): Promise<Window> {
  const window = await device.batch?.(times, layer).catch((error: unknown) => {
    if (error instanceof MoteError && lacksAgent(error)) return undefined;
    throw error;
  });
  return window ?? fail('agent.none', { board: device.info.board });
}

/** Of a recording or a run that broke off, the windows that are whole; undefined where none is. */
function findWindows(
  trace: Trace,
  pattern: readonly RunPattern[],
  recordS: number,
  options: EnergyRunOptions,
): FoundWindows | undefined {
  const { marker } = options;
  const whole = trace.brokenOff === undefined && pattern.length === allWindows(options);
  if (marker !== undefined)
    return whole ? markerWindows(trace, marker, pattern.length) : completeWindows(trace, marker, pattern.length);
  const heldS = trace.currentA.length / trace.rateHz;
  const recorded = whole ? pattern : pattern.filter((p) => p.endS - recordS <= heldS);
  return recorded.length > 0 ? patternWindows(trace, recorded) : undefined;
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
