// SPDX-License-Identifier: Apache-2.0
// A profiled run -> rows for the board's cost file, and the file with them in it.
import type { CostFile, CostSample, CostSession } from '../generated/costs.js';
import type { PackManifest } from '../generated/pack.js';
import type { RunRecord } from '../generated/run.js';
import { median } from '../report/table.js';
import { grouped } from './fitKernel.js';

type Layer = PackManifest['layers'][number];
type RunLayer = RunRecord['layers'][number];
export type RunCall = NonNullable<RunLayer['call']>;

const maxSessions = 1000;
const maxSamples = 5000;

const shapes = (ports: Layer['inputs']): string => ports.map((p) => p.shape.join('x')).join(' ');

/** What a cost table learns from; undefined where the layer is more than one call of one kernel. */
export function callOf(layer: Layer): RunCall | undefined {
  // Decoding its constants is counted with the layer.
  if (!layer.work || !layer.code || layer.coded === 'stream') return undefined;
  return {
    shape: `${shapes(layer.inputs)} > ${shapes(layer.outputs)}`.slice(0, 400),
    ...(layer.weights === undefined ? {} : { weights: layer.weights }),
    work: layer.work,
    code: layer.code,
  };
}

/** Same kernel, same shape, weights stored alike. */
export const shapeKey = (kernel: string, { shape, weights = '', work }: Omit<RunCall, 'code'>): string =>
  [kernel, shape, weights, work.pixels, work.outputs, work.macs].join('|');

const sampleKey = (s: CostSample): string => [shapeKey(s.kernel, s), s.source, s.clockHz].join('|');

export function samplesOfRun(record: RunRecord): CostSample[] {
  const usable = record.layers.filter((l) => l.call && l.count.median > 0);
  const groups = grouped(usable, (l) => shapeKey(l.kernel, l.call as RunCall));
  return [...groups.values()].map((layers): CostSample => {
    const [{ kernel, call }] = layers;
    const { code, work, shape, weights } = call as RunCall;
    return {
      kernel,
      shape,
      ...(weights === undefined ? {} : { weights }),
      work,
      count: median(layers.map((l) => l.count.median)),
      ...energyOf(layers),
      layers: layers.length,
      source: record.counter.source,
      clockHz: record.clockHz,
      code,
      from: `${record.name} ${record.hash}`.slice(0, 200),
    };
  });
}

/** The median of layers that were metered alone, and the worst of their uncertainties. */
function energyOf(layers: readonly RunLayer[]): Pick<CostSample, 'energy'> {
  const metered = layers.flatMap(({ energy }) => energy ?? []);
  if (metered.length === 0) return {};
  return {
    energy: {
      microjoules: 1e6 * median(metered.map((e) => e.joules)),
      uncertaintyMicrojoules: 1e6 * Math.max(...metered.map((e) => e.uncertaintyJ)),
      source: metered[0].source,
    },
  };
}

function sessionOf(record: RunRecord): CostSession {
  const { energy } = record;
  return {
    name: record.name.slice(0, 100),
    hash: record.hash,
    source: record.counter.source,
    clockHz: record.clockHz,
    count: record.whole.median,
    ...(energy && energy.perInference.median > 0
      ? {
          energy: {
            microjoules: energy.perInference.median * 1e6,
            uncertaintyMicrojoules: energy.uncertaintyJ * 1e6,
            source: energy.source,
            meter: energy.meter.slice(0, 200),
          },
        }
      : {}),
  };
}

const sessionKey = (s: CostSession): string => [s.hash, s.source, s.clockHz, s.energy === undefined].join('|');

/** The latest last; what `newer` has replaces what was there under its key. */
function merged<T>(older: readonly T[], newer: readonly T[], keyOf: (row: T) => string, atMost: number): T[] {
  const keys = new Set(newer.map(keyOf));
  return [...older.filter((row) => !keys.has(keyOf(row))), ...newer].slice(-atMost);
}

export const emptyCosts = ({ board, target, counter }: RunRecord): CostFile => ({
  schema: 'mote.costs/1',
  board,
  target,
  unit: counter.unit,
  sessions: [],
  samples: [],
});

/** A run without a meter keeps the energy that another one found for the same code. */
function keptEnergy(older: readonly CostSample[], newer: readonly CostSample[]): CostSample[] {
  const known = new Map(older.map((s) => [sampleKey(s), s]));
  return newer.map((s) => {
    const before = known.get(sampleKey(s));
    return s.energy || !before?.energy || before.code !== s.code ? s : { ...s, energy: before.energy };
  });
}

/** The file with the run in it. The run must be of the file's board, target and unit. */
export function withRun(file: CostFile, record: RunRecord): CostFile {
  return {
    ...file,
    sessions: merged(file.sessions, [sessionOf(record)], sessionKey, maxSessions),
    samples: merged(file.samples, keptEnergy(file.samples, samplesOfRun(record)), sampleKey, maxSamples),
  };
}
