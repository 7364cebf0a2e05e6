// SPDX-License-Identifier: Apache-2.0
// Counts of the whole model and of each layer, many times over: end to end without hooks, then layer by layer.
import { fail } from '../cli/errors.js';
import type { Device } from '../device/device.js';
import { checkModel } from '../device/runInputs.js';
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
  layers: Summary[];
  /** Sum of the layers' medians over the whole's median: what calling layers one by one costs or hides. */
  layerSumShare: number;
  stackUsedBytes: number;
  stackReservedBytes: number;
}

async function writeSample(device: Device, manifest: PackManifest, sample: readonly Uint8Array[]): Promise<void> {
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
  { runs, warmups, onProgress = () => undefined }: ProfileOptions,
): Promise<ProfiledDevice> {
  checkModel(device, manifest);
  const { board, counter } = device.info;
  if (counter.unit === 'none') fail('device.counter', { board, reason: 'its firmware has none' });
  const total = warmups + 2 * runs;
  const first: number[] = [];
  const whole: number[] = [];
  for (let i = 0; i < warmups + runs; i++) {
    await writeSample(device, manifest, sample);
    (i < warmups ? first : whole).push(await counted(device, device.run()));
    onProgress(i + 1, total);
  }
  if (whole.every((count) => count === 0)) fail('device.counter', { board, reason: 'it does not advance' });
  const perLayer: number[][] = manifest.layers.map(() => []);
  for (let i = 0; i < runs; i++) {
    await writeSample(device, manifest, sample);
    for (const layer of manifest.layers) perLayer[layer.index].push(await counted(device, device.step(layer.index)));
    onProgress(warmups + runs + i + 1, total);
  }
  const layers = perLayer.map(summarize);
  const wholeSummary = summarize(whole);
  const { stackUsedBytes, stackReservedBytes } = await device.status();
  return {
    warmups,
    first,
    whole: wholeSummary,
    layers,
    layerSumShare: layers.reduce((sum, l) => sum + l.median, 0) / wholeSummary.median,
    stackUsedBytes,
    stackReservedBytes,
  };
}

/** The board's clock as this machine's sees it. */
export interface ClockCheck {
  statedHz: number;
  checkedHz: number;
  /** Of the two readings of this machine's clock: half the way to the board and back. */
  uncertaintyHz: number;
}

const roundTrips = 7;
/** The marker is low for 100 us before and after the counted window (marker.h). */
const markerMs = 0.2;

/**
 * One window of about `seconds`, timed by the board and by this machine. Needs the agent's window; undefined without it and
 * on emulators, whose time is their own.
 */
export async function checkClock(
  device: Device,
  cyclesPerInference: number,
  seconds = 2,
  nowMs: () => number = () => performance.now(),
): Promise<ClockCheck | undefined> {
  const { clockHz, counter } = device.info;
  if (!device.batch || counter.source !== 'measured' || counter.unit !== 'cycles') return undefined;
  const trips: number[] = [];
  for (let i = 0; i < roundTrips; i++) {
    const start = nowMs();
    await device.status();
    trips.push(nowMs() - start);
  }
  const trip = summarize(trips);
  const inferences = Math.max(1, Math.ceil((seconds * clockHz) / cyclesPerInference));
  const start = nowMs();
  const { count } = await device.batch(inferences);
  const elapsedMs = nowMs() - start - trip.median - markerMs;
  const checkedHz = count / (elapsedMs / 1000);
  return { statedHz: clockHz, checkedHz, uncertaintyHz: (checkedHz * (trip.max - trip.min + 1)) / elapsedMs };
}
