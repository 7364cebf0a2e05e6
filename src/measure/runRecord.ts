// SPDX-License-Identifier: Apache-2.0
// What a profiled run was, as the record that compare and report read.
import type { MoteError } from '../cli/errors.js';
import type { DeviceInfo } from '../device/device.js';
import type { PackManifest } from '../generated/pack.js';
import type { RunRecord } from '../generated/run.js';
import { version } from '../version.js';
import type { EnergyReport } from './energy.js';
import type { EnergyTruth, LayerEnergy } from './energyRun.js';
import type { ClockCheck, ProfiledDevice } from './profileDevice.js';
import { boundOf, layerBytes, roofOf } from './roofline.js';
import type { Trace } from './trace.js';

/** A crystal is within 0.01 %, an internal oscillator within 1 or 2 %: beyond this the stated clock is wrong. */
const clockTolerance = 0.03;
/** Layer by layer must be the whole, or the hooks change what they measure. */
const layerSumTolerance = 0.01;
/** Slower than this before the first run is worth saying (caches, flash prefetch). */
const coldTolerance = 0.01;
const picturePoints = 1200;

export interface RecordParts {
  manifest: PackManifest;
  info: DeviceInfo;
  profiled: ProfiledDevice;
  clock?: ClockCheck;
  energy?: { report: EnergyReport; trace: Trace; truth?: EnergyTruth };
  /** Of layers alone; `truthJ`: what an emulated meter's emulator knows. */
  layerEnergies?: readonly (LayerEnergy & { truthJ?: number })[];
  /** What ended the measurement early; the rest of the record was measured before. */
  broken?: MoteError;
}

export function runRecord(parts: RecordParts): RunRecord {
  const { manifest, info, profiled, clock, energy, broken } = parts;
  const { unit, source } = info.counter;
  if (unit === 'none') throw new Error('a run without counts has no record');
  return {
    schema: 'mote.run/1',
    mote: version,
    name: manifest.name,
    hash: manifest.hash.slice(0, 16),
    board: info.board,
    target: manifest.target,
    rounding: manifest.rounding,
    counter: { unit, source },
    clockHz: info.clockHz,
    ...(clock && { clock }),
    runs: profiled.whole.count,
    warmups: profiled.warmups,
    first: profiled.first,
    whole: profiled.whole,
    layers: layersOf(parts),
    arena: arenaOf(manifest),
    emptyWindow: info.emptyWindow,
    ...(profiled.layerSumShare !== undefined && { layerSumShare: profiled.layerSumShare }),
    ...(manifest.text && { text: textPart(profiled) }),
    arenaBytes: manifest.arenaBytes,
    weightBytes: manifest.weightBytes,
    macs: manifest.macs,
    ...(profiled.stack && {
      stackUsedBytes: profiled.stack.usedBytes,
      stackReservedBytes: profiled.stack.reservedBytes,
    }),
    ...(profiled.interrupts && { interrupts: profiled.interrupts }),
    ...(energy && { energy: energyPart(energy) }),
    ...(broken && { brokenOff: { code: broken.code, text: broken.message } }),
    warnings: warningsOf(profiled, clock, energy),
  };
}

/** The runs are the steps of one text, from its beginning. */
const textPart = ({ whole, warmups }: ProfiledDevice): RunRecord['text'] => ({
  tokensPerMillion: whole.median > 0 ? 1e6 / whole.median : 0,
  firstStep: warmups + 1,
  lastStep: warmups + whole.count,
});

/** Layers that were counted; all of them unless the board broke down. */
function layersOf({ manifest, profiled: { layers }, layerEnergies = [] }: RecordParts): RunRecord['layers'] {
  const energies = new Map(layerEnergies.map((l) => [l.layer, l]));
  const loads = manifest.layers.flatMap((l, i) => {
    const count = layers[i];
    return count ? [{ layer: l, count, load: { macs: l.macs, bytes: layerBytes(l), count: count.median } }] : [];
  });
  const roof = roofOf(loads.map((l) => l.load));
  return loads.map(({ layer, count, load }) => ({
    index: layer.index,
    name: layer.name,
    op: layer.op,
    kernel: layer.kernel,
    macs: load.macs,
    bytes: load.bytes,
    count,
    bound: boundOf(load, roof),
    ...layerEnergyPart(energies.get(layer.index)),
  }));
}

function layerEnergyPart(
  energy: NonNullable<RecordParts['layerEnergies']>[number] | undefined,
): Pick<RunRecord['layers'][number], 'energy'> {
  if (!energy || !(energy.report.perInference.median > 0)) return {};
  const { report, repeats, truthJ } = energy;
  return {
    energy: {
      source: report.source,
      joules: report.perInference.median,
      uncertaintyJ: report.uncertaintyJ,
      windows: report.windows.length,
      repeats,
      ...(truthJ !== undefined && { truthJ }),
    },
  };
}

/** Each tensor of the pack with the layers between which its place is taken; model inputs from the first layer on. */
function arenaOf(manifest: PackManifest): NonNullable<RunRecord['arena']> {
  const blocks = new Map<string, NonNullable<RunRecord['arena']>[number]>();
  const use = (port: PackManifest['inputs'][number], layer: number) => {
    const key = `${port.name} ${port.offset}`;
    const known = blocks.get(key);
    if (known) known.last = Math.max(known.last, layer);
    else blocks.set(key, { name: port.name, bytes: port.bytes, offset: port.offset, first: layer, last: layer });
  };
  for (const port of manifest.inputs) use(port, 0);
  for (const layer of manifest.layers) for (const port of [...layer.inputs, ...layer.outputs]) use(port, layer.index);
  for (const port of manifest.outputs) use(port, manifest.layers.length - 1);
  return [...blocks.values()];
}

function energyPart({ report, trace, truth }: NonNullable<RecordParts['energy']>): NonNullable<RunRecord['energy']> {
  return {
    ...report,
    ...(truth && { truth }),
    ...(trace.brokenOff !== undefined && { brokenOff: trace.brokenOff }),
    picture: pictureOf(trace),
  };
}

/** Lowest and highest current of each stretch, so that no spike is lost in the chart. */
function pictureOf({ currentA, rateHz }: Trace): NonNullable<NonNullable<RunRecord['energy']>['picture']> {
  const stretch = Math.max(1, Math.ceil(currentA.length / picturePoints));
  const lowA: number[] = [];
  const highA: number[] = [];
  for (let from = 0; from < currentA.length; from += stretch) {
    let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (const value of currentA.subarray(from, from + stretch)) {
      if (value < low) low = value;
      if (value > high) high = value;
    }
    lowA.push(Number.isFinite(low) ? low : 0);
    highA.push(Number.isFinite(high) ? high : 0);
  }
  return { secondsPerPoint: stretch / rateHz, lowA, highA };
}

function warningsOf(
  profiled: ProfiledDevice,
  clock: ClockCheck | undefined,
  energy: RecordParts['energy'],
): RunRecord['warnings'] {
  const warnings: RunRecord['warnings'] = [];
  const warn = (code: string, text: string) => void warnings.push({ code, text });
  if (clock && Math.abs(clock.checkedHz / clock.statedHz - 1) > clockTolerance + clock.uncertaintyHz / clock.checkedHz)
    warn(
      'clock.off',
      `the board's clock is ${(clock.checkedHz / 1e6).toFixed(2)} MHz by this machine, its file says ${(clock.statedHz / 1e6).toFixed(2)} MHz: milliseconds are computed with the checked one`,
    );
  if (profiled.interrupts === 'on')
    warn(
      'interrupts.on',
      'interrupts were enabled while it was counted: the counts hold what their handlers took, and may vary by it',
    );
  if (profiled.wholeOnly)
    warn('layers.none', 'the firmware was built with --no-layers: the whole is counted, single layers are not');
  const off = (profiled.layerSumShare ?? 1) - 1;
  if (Math.abs(off) > layerSumTolerance)
    warn(
      'layers.sum',
      `the layers one by one take ${(100 * Math.abs(off)).toFixed(1)} % ${off > 0 ? 'more' : 'less'} than the whole`,
    );
  const cold = (profiled.first[0] ?? 0) / profiled.whole.median - 1;
  if (cold > coldTolerance)
    warn('run.cold', `the first run was ${(100 * cold).toFixed(1)} % slower than the rest; left out`);
  if (energy?.trace.brokenOff !== undefined)
    warn('meter.lost', `the meter went away (${energy.trace.brokenOff}): what came before is kept`);
  if (energy && energy.trace.lostSamples > 0)
    warn('meter.samples', `${energy.trace.lostSamples} of ${energy.trace.currentA.length} samples were lost`);
  return warnings;
}

/** Seconds that a count stands for; undefined for emulated counts, which are no latency of a board. */
export function secondsOf(record: RunRecord, count: number): number | undefined {
  if (record.counter.source !== 'measured' || record.counter.unit !== 'cycles') return undefined;
  return count / (record.clock?.checkedHz ?? record.clockHz);
}
