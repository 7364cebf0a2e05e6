// SPDX-License-Identifier: Apache-2.0
// Counts of the whole model and of each layer, many times over: end to end without hooks, then layer by layer.
import { fail, MoteError } from '../cli/errors.js';
import type { Device, Window } from '../device/device.js';
import { type Interrupts, unknownRequest } from '../device/protocol.js';
import { checkModel } from '../device/runInputs.js';
import { stepOrNone } from '../device/stepOrNone.js';
import type { PackManifest } from '../generated/pack.js';
import { type Summary, summarize } from './statistics.js';

export interface ProfileOptions {
  runs: number;
  warmups: number;
  onProgress?: (done: number, total: number) => void;
}

export interface ProfiledDevice {
  warmups: number;
  /** Counts of the warm-up runs: the first ones may find caches cold. */
  first: number[];
  whole: Summary;
  /** By index; undefined where the board broke down before that layer was counted once. */
  layers: (Summary | undefined)[];
  /** Sum of the layers' medians over the whole's median: what calling layers one by one costs or hides. */
  layerSumShare?: number;
  stack?: { usedBytes: number; reservedBytes: number };
  /** Whether what was counted could be interrupted. */
  interrupts?: Interrupts;
  /** The firmware was built without counting single layers. */
  wholeOnly?: boolean;
  /** What ended the runs early; what is here was measured before. */
  broken?: MoteError;
}

export async function writeSample(
  device: Device,
  manifest: PackManifest,
  sample: readonly Uint8Array[],
): Promise<void> {
  for (const [i, port] of manifest.inputs.entries()) await device.write(port.offset, sample[i]);
}

/** One count; the model must have run and kept to its arena. */
async function counted(device: Device, window: ReturnType<Device['run']>): Promise<number> {
  const { result, count, guardIntact } = await window;
  if (!guardIntact) fail('device.guard', { board: device.info.board });
  if (result !== 0) fail('device.fault', { board: device.info.board, reason: `the model returned ${result}` });
  return count;
}

export async function profileDevice(
  device: Device,
  manifest: PackManifest,
  sample: readonly Uint8Array[],
  options: ProfileOptions,
): Promise<ProfiledDevice> {
  checkModel(device, manifest);
  const { board, counter } = device.info;
  if (counter.unit === 'none') fail('device.counter', { board, reason: 'its firmware has none' });
  const counts: Counts = { first: [], whole: [], layers: manifest.layers.map(() => []) };
  let broken: MoteError | undefined;
  let found: Pick<ProfiledDevice, 'stack' | 'interrupts' | 'wholeOnly'> = {};
  try {
    const wholeOnly = !(await countAll(device, manifest, sample, options, counts));
    const { stackUsedBytes, stackReservedBytes, interrupts } = await device.status();
    const stack = { usedBytes: stackUsedBytes, reservedBytes: stackReservedBytes };
    found = { stack, ...(interrupts && { interrupts }), ...(wholeOnly && { wholeOnly }) };
  } catch (error) {
    const nothing = counts.first.length + counts.whole.length === 0;
    if (nothing || !(error instanceof MoteError)) throw error;
    broken = error;
  }
  return { warmups: options.warmups, ...summaries(counts), ...found, ...(broken && { broken }) };
}

interface Counts {
  first: number[];
  whole: number[];
  layers: number[][];
}

/**
 * Fills `counts` as it goes, so that what was measured is there when the board breaks down. False: the firmware does not
 * count single layers.
 */
async function countAll(
  device: Device,
  manifest: PackManifest,
  sample: readonly Uint8Array[],
  { runs, warmups, onProgress = () => undefined }: ProfileOptions,
  counts: Counts,
): Promise<boolean> {
  const { board } = device.info;
  const total = warmups + 2 * runs;
  await begin(device, manifest, sample, 0);
  for (let i = 0; i < warmups + runs; i++) {
    await writeSample(device, manifest, sample);
    const count = await counted(device, device.run());
    // The self-test before any number is shown: a whole model takes some counts.
    if (count === 0)
      fail('device.counter', { board, reason: i === 0 ? 'it does not advance' : `it stood still in run ${i + 1}` });
    (i < warmups ? counts.first : counts.whole).push(count);
    onProgress(i + 1, total);
  }
  await begin(device, manifest, sample, warmups);
  for (let i = 0; i < runs; i++) {
    await writeSample(device, manifest, sample);
    for (const { index } of manifest.layers) {
      const count = await stepOrNone(() => counted(device, device.step(index)));
      if (count === undefined) return false;
      counts.layers[index].push(count);
    }
    onProgress(warmups + runs + i + 1, total);
  }
  return true;
}

/** A model with state begins anew and takes some steps, so that layers are counted where the whole was. */
async function begin(
  device: Device,
  manifest: PackManifest,
  sample: readonly Uint8Array[],
  steps: number,
): Promise<void> {
  if (!manifest.states) return;
  await device.reset();
  for (let i = 0; i < steps; i++) {
    await writeSample(device, manifest, sample);
    await counted(device, device.run());
  }
}

/** Of a board that broke down in the warm-up runs, those are all there is. */
function summaries({
  first,
  whole,
  layers,
}: Counts): Pick<ProfiledDevice, 'first' | 'whole' | 'layers' | 'layerSumShare'> {
  const wholeSummary = summarize(whole.length > 0 ? whole : first);
  const perLayer = layers.map((counts) => (counts.length > 0 ? summarize(counts) : undefined));
  const sum = perLayer.reduce((total, l) => total + (l?.median ?? Number.NaN), 0);
  return {
    first,
    whole: wholeSummary,
    layers: perLayer,
    ...(!Number.isNaN(sum) && { layerSumShare: sum / wholeSummary.median }),
  };
}

/** The board's clock as this machine's sees it. */
export interface ClockCheck {
  statedHz: number;
  checkedHz: number;
  /** Of the readings of this machine's clock: half the way to the board and back, for each reading. */
  uncertaintyHz: number;
}

const roundTrips = 7;
/** The marker is low for 100 us before and after the counted window (marker.h). */
const markerMs = 0.2;

export interface ClockOptions {
  /** About how long the board is to work. */
  seconds?: number;
  nowMs?: () => number;
}

/**
 * Work of about `seconds`, timed by the board and by this machine: one window of the agent's, or run by run where the
 * firmware has no agent. Undefined on emulators, whose time is their own.
 */
export async function checkClock(
  device: Device,
  cyclesPerInference: number,
  { seconds = 2, nowMs = () => performance.now() }: ClockOptions = {},
): Promise<ClockCheck | undefined> {
  const { clockHz, counter } = device.info;
  if (counter.source !== 'measured' || counter.unit !== 'cycles') return undefined;
  const trips: number[] = [];
  for (let i = 0; i < roundTrips; i++) {
    const start = nowMs();
    await device.status();
    trips.push(nowMs() - start);
  }
  const trip = summarize(trips);
  const inferenceS = cyclesPerInference / clockHz;
  const start = nowMs();
  const window = await batchOrNone(device, Math.max(1, Math.ceil(seconds / inferenceS)));
  const timed = window
    ? { count: window.count, elapsedMs: nowMs() - start - trip.median - markerMs, readings: 1 }
    : await runByRun(device, Math.max(1, Math.ceil(seconds / (inferenceS + trip.median / 1000))), trip.median, nowMs);
  const checkedHz = timed.count / (timed.elapsedMs / 1000);
  const offMs = timed.readings * (trip.max - trip.min + 1);
  return { statedHz: clockHz, checkedHz, uncertaintyHz: (checkedHz * offMs) / timed.elapsedMs };
}

async function batchOrNone(device: Device, inferences: number): Promise<Window | undefined> {
  try {
    return await device.batch?.(inferences);
  } catch (error) {
    if (error instanceof MoteError && lacksAgent(error)) return undefined;
    throw error;
  }
}

/** A firmware without the agent knows no windows of many runs. */
export const lacksAgent = (error: MoteError): boolean =>
  error.code === 'device.protocol' && error.args.reason === unknownRequest;

async function runByRun(device: Device, runs: number, tripMs: number, nowMs: () => number) {
  let [count, elapsedMs] = [0, 0];
  for (let i = 0; i < runs; i++) {
    const start = nowMs();
    count += (await device.run()).count;
    elapsedMs += nowMs() - start - tripMs;
  }
  return { count, elapsedMs: Math.max(elapsedMs, 1e-3), readings: runs };
}
