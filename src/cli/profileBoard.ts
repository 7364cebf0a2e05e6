// SPDX-License-Identifier: Apache-2.0
// Profiles a pack on a board or its emulator: counts, clock, energy. What was measured before something broke is kept.
import { join } from 'node:path';
import { buildFirmware } from '../build/firmware.js';
import { withWorkFolder } from '../build/workFolder.js';
import type { Device } from '../device/device.js';
import { interrupted, interruptible } from '../device/interruptible.js';
import { startDevice } from '../device/startDevice.js';
import type { Board } from '../generated/board.js';
import { openEmulatedPpk2 } from '../measure/emulated/emulatedPpk2.js';
import { type EnergyRun, type EnergyTruth, type LayerEnergy, measureEnergy, reportOf } from '../measure/energyRun.js';
import { layerWindows } from '../measure/layerWindows.js';
import type { Meter } from '../measure/meter.js';
import { meters } from '../measure/meters.js';
import { type ClockCheck, checkClock, type ProfiledDevice, profileDevice } from '../measure/profileDevice.js';
import { readTrace } from '../measure/replay.js';
import type { RecordParts } from '../measure/runRecord.js';
import type { Trace } from '../measure/trace.js';
import { type FoundWindows, fallingEdges, markerWindows } from '../measure/windows.js';
import type { PackFolder } from '../packFolder.js';
import type { EnergySettings } from './energyOptions.js';
import { fail, MoteError } from './errors.js';
import type { Output } from './output.js';

export interface ProfileRequest {
  folder: PackFolder;
  board: Board;
  /** Undefined: the emulator. */
  port: string | undefined;
  sample: readonly Uint8Array[];
  runs: number;
  warmups: number;
  energy?: EnergySettings;
}

/** A board with what measures its energy, if anything does. */
interface Bench {
  device: Device;
  meter?: Meter;
  wait?: (ms: number) => Promise<void>;
  truth?: (found: FoundWindows, inferencesPerWindow: number) => EnergyTruth;
  /** Of an emulated meter: each window of the recording without the marker's pulse. */
  computingJ?: () => number[];
}

/** Chip's time around emulated windows: enough for a mean of what idling takes. */
const emulatedGapMs = 5;

export async function profileBoard(request: ProfileRequest, out: Output): Promise<RecordParts> {
  const { folder, board, port, energy } = request;
  const replayed = energy?.meter.kind === 'replay' ? await replayEnergy(energy.meter.place, energy) : undefined;
  if (energy?.meter.kind === 'emulated' && port !== undefined)
    fail('usage.bad', { what: '--energy emulated:ppk2 is for the emulator, not for --port', command: 'profile' });
  return withWorkFolder(async (work) => {
    const image = join(work, `${folder.manifest.name}.elf`);
    if (port === undefined) {
      if (!board.emulator) fail('device.none', { board: board.id });
      const agent = energy !== undefined && !replayed;
      await buildFirmware(folder.dir, board, image, agent ? { agent: { mode: 'performance' } } : {});
      out.step(`built the firmware for ${board.id}`);
    }
    const bench = await openBench(request, image);
    if (bench.meter) out.step(`meter   ${bench.meter.info.name}`);
    const signal = out.stopGently();
    try {
      const device = signal ? interruptible(bench.device, signal) : bench.device;
      return await measure({ ...bench, device }, request, replayed, out);
    } catch (error) {
      if (signal?.aborted && error instanceof MoteError) throw interrupted('; nothing was measured yet');
      throw error;
    } finally {
      out.progress('');
      await bench.device.close();
      await bench.meter?.close();
    }
  });
}

/** The meter first: one that supplies the board starts it. */
async function openBench({ board, port, energy }: ProfileRequest, image: string): Promise<Bench> {
  if (energy?.meter.kind === 'emulated') return openEmulatedPpk2(board, image, energy.millivolt);
  if (!energy || energy.meter.kind === 'replay') return { device: await startDevice(board, image, { port }) };
  const { kind, place } = energy.meter;
  const meter = await meters[kind].open(place, energy);
  try {
    return { device: await startDevice(board, image, { port }), meter };
  } catch (error) {
    await meter.close();
    throw error;
  }
}

async function measure(
  bench: Bench,
  { folder, sample, runs, warmups, energy: settings }: ProfileRequest,
  replayed: EnergyRun | undefined,
  out: Output,
): Promise<RecordParts> {
  const { device } = bench;
  const { manifest } = folder;
  const onProgress = (done: number, total: number) => out.progress(done < total ? `run ${done} of ${total}` : '');
  const profiled = await profileDevice(device, manifest, sample, { runs, warmups, onProgress });
  const parts: RecordParts = {
    manifest,
    info: device.info,
    profiled,
    ...(profiled.broken && { broken: profiled.broken }),
  };
  if (parts.broken) return parts;
  const clock = await clockOf(device, profiled.whole.median);
  if (clock instanceof MoteError) return { ...parts, broken: clock };
  const energy =
    replayed ??
    (settings && bench.meter && (await liveEnergy(bench, bench.meter, settings, { folder, sample, profiled }, out)));
  return {
    ...parts,
    ...(clock && { clock }),
    ...(energy?.report &&
      energy.trace && { energy: { report: energy.report, trace: energy.trace, ...truthOf(bench, energy) } }),
    ...(energy?.layers && { layerEnergies: energy.layers.map((l) => ({ ...l, ...layerTruth(bench, l) })) }),
    ...(energy?.broken && { broken: energy.broken }),
  };
}

async function clockOf(device: Device, cycles: number): Promise<ClockCheck | MoteError | undefined> {
  try {
    return await checkClock(device, cycles);
  } catch (error) {
    if (error instanceof MoteError) return error;
    throw error;
  }
}

function truthOf({ truth }: Bench, { found, report }: EnergyRun): { truth?: EnergyTruth } {
  return truth && found && report ? { truth: truth(found, report.inferencesPerWindow) } : {};
}

function layerTruth({ computingJ }: Bench, { firstWindow, repeats, report }: LayerEnergy): { truthJ?: number } {
  const joules = computingJ?.().slice(firstWindow, firstWindow + report.windows.length);
  return joules ? { truthJ: joules.reduce((sum, j) => sum + j, 0) / joules.length / repeats } : {};
}

/** What the windows are made from. */
interface Known {
  folder: PackFolder;
  sample: readonly Uint8Array[];
  profiled: ProfiledDevice;
}

async function liveEnergy(
  bench: Bench,
  meter: Meter,
  settings: EnergySettings,
  { folder, sample, profiled }: Known,
  out: Output,
): Promise<EnergyRun> {
  const { device, wait } = bench;
  const cycles = profiled.whole.median;
  const marker = settings.marker ?? (meter.info.digitalInputs > 0 ? 0 : undefined);
  const layers = marker === undefined ? [] : layerWindows(device, folder.manifest, sample, profiled, meter.info.rateHz);
  const inferencesPerWindow =
    settings.inferences ?? Math.max(10, Math.ceil((settings.seconds * device.info.clockHz) / cycles));
  const run = await measureEnergy(device, meter, {
    windows: settings.windows,
    inferencesPerWindow,
    marker,
    layers,
    idle: settings.idle,
    meterGone: () => meter.gone() !== undefined,
    onWindow: (done, of) => out.progress(`window ${done} of ${of}`),
    ...(wait && { wait, gapMs: emulatedGapMs }),
  });
  out.progress('');
  return run;
}

/** A recorded trace: its windows are those that the marker frames. */
async function replayEnergy(path: string, settings: EnergySettings): Promise<EnergyRun> {
  if (settings.inferences === undefined)
    fail('usage.bad', {
      what: '--energy replay:FILE needs --inferences, the number in each window',
      command: 'profile',
    });
  const trace: Trace = await readTrace(path, { millivolt: settings.millivolt });
  const marker = settings.marker ?? 0;
  const edges = trace.digital ? fallingEdges(trace.digital, marker).length : 0;
  const found = markerWindows(trace, marker, Math.max(1, edges >> 1));
  return {
    trace,
    found,
    report: reportOf(trace, found, { inferencesPerWindow: settings.inferences, idle: settings.idle }),
  };
}
