// SPDX-License-Identifier: Apache-2.0
// What the page of one or more profiled runs says; same records, same bytes.
import type { RunRecord } from '../generated/run.js';
import { roofOf } from '../measure/roofline.js';
import { secondsOf } from '../measure/runRecord.js';
import { currentChart } from './currentChart.js';
import { type Card, cards, htmlPage, htmlTable, type Section } from './html.js';
import { errorText } from './prediction.js';
import { rooflineChart } from './rooflineChart.js';
import { arenaChart, barChart } from './svg.js';
import { grouped, kib, percent, signedPercent } from './table.js';

const milli = (seconds: number | undefined) => (seconds === undefined ? '–' : `${(seconds * 1000).toFixed(3)} ms`);
const micro = (joules: number) => `${(joules * 1e6).toFixed(2)} µJ`;
const titleOf = (r: RunRecord) => `${r.name} on ${r.board}`;

function introCards(record: RunRecord): Card[] {
  const { whole, counter, energy } = record;
  const latency = secondsOf(record, whole.median);
  return [
    ...(latency === undefined
      ? []
      : [{ value: milli(latency), label: `per inference, median of ${whole.count}, measured` }]),
    { value: grouped(whole.median), label: `${counter.unit} per inference, ${counter.source}` },
    ...(record.macs > 0 ? [{ value: (whole.median / record.macs).toFixed(3), label: `${counter.unit} per MAC` }] : []),
    ...(energy
      ? [
          {
            value: micro(energy.perInference.median),
            label: `per inference ± ${micro(energy.uncertaintyJ)}, ${energy.source}`,
          },
        ]
      : []),
    { value: kib(record.arenaBytes), label: 'arena' },
    { value: kib(record.weightBytes), label: 'constants' },
  ];
}

/** What the cost table said before the run, and how far off that was. */
function predictedText({ predicted, count }: Pick<RunRecord['layers'][number], 'predicted' | 'count'>): string {
  if (!predicted || count.median <= 0) return '–';
  return `≈ ${grouped(predicted.count)} (${signedPercent(100 * (predicted.count / count.median - 1))})`;
}

function predictedNote({ predicted, whole, layers }: RunRecord): string {
  const from = predicted?.from ?? layers.find((l) => l.predicted)?.predicted?.from;
  const sure = predicted?.errorPercent == null ? '' : `, ± ${errorText(predicted.errorPercent)} stated`;
  const all = predicted ? `; the whole: ${predictedText({ predicted, count: whole })}${sure}` : '';
  return ` What was predicted before the run is estimated from ${from} counts${all}.`;
}

/** Where the energy of single layers comes from. */
function layerEnergyNote({ energy, layers }: RunRecord): string {
  if (!energy) return '';
  const metered = layers.filter((l) => l.energy).length;
  const shared = "estimated (≈): the whole's, shared out by counts";
  if (metered === 0) return ` Energy of a layer is ${shared}.`;
  const rest = metered < layers.length ? `; of ${layers.length - metered} others ${shared}` : '';
  return ` Energy of ${metered} layers in windows of their own, ${energy.source}, ± with k = 1${rest}.`;
}

function layersSection(record: RunRecord): Section {
  const { counter, layers, energy } = record;
  const sum = layers.reduce((total, l) => total + l.count.median, 0);
  const joule = energy?.perInference.median;
  const predicted = layers.some((l) => l.predicted);
  const rows = layers.map((l) => [
    String(l.index),
    l.name,
    l.op,
    grouped(l.count.median),
    `${grouped(l.count.low95)} – ${grouped(l.count.high95)}`,
    milli(secondsOf(record, l.count.median)),
    percent(l.count.median, sum),
    l.macs > 0 ? (l.count.median / l.macs).toFixed(3) : '–',
    l.bound,
    l.energy
      ? `${micro(l.energy.joules)} ± ${micro(l.energy.uncertaintyJ)}`
      : joule === undefined
        ? '–'
        : `≈ ${micro((joule * l.count.median) / sum)}`,
    ...(predicted ? [predictedText(l)] : []),
    l.kernel,
  ]);
  const head = [
    '#',
    'layer',
    'op',
    `${counter.unit} (${counter.source})`,
    'middle 95 %',
    'time',
    'share',
    'per MAC',
    'bound',
    'energy',
    ...(predicted ? ['predicted before'] : []),
    'kernel',
  ];
  return {
    title: 'Layers',
    note: `Medians.${layerEnergyNote(record)}${predicted ? predictedNote(record) : ''}`,
    html: htmlTable(head, rows, [1, 2, 8, head.length - 1]),
  };
}

function energySection(record: RunRecord): Section[] {
  const { energy } = record;
  if (!energy) return [];
  const rows = energy.windows.map((w, i) => [
    String(i + 1),
    `${w.seconds.toFixed(4)} s`,
    micro(w.joules / energy.inferencesPerWindow),
    `${(w.meanA * 1000).toFixed(3)} mA`,
    `${(w.peakA * 1000).toFixed(3)} mA`,
    grouped(w.lostSamples),
  ]);
  const net =
    energy.netJ === null
      ? ''
      : ` Without idling at ${((energy.idleW ?? 0) * 1000).toFixed(3)} mW: ${micro(energy.netJ)}.`;
  const chart = energy.picture ? currentChart(energy.picture) : '';
  return [
    {
      title: 'Energy',
      note: `${energy.meter}; windows found by ${energy.windowsBy}, ${energy.inferencesPerWindow} inferences each; uncertainty with k = 1, the meter's own accuracy not in it.${net} ${energy.notes.join('; ')}${truthNote(energy)}`,
      html: `${chart}${htmlTable(['window', 'length', 'per inference', 'mean', 'peak', 'lost samples'], rows, [])}`,
    },
  ];
}

function truthNote({ truth, perInference }: NonNullable<RunRecord['energy']>): string {
  if (!truth) return '';
  const off = 100 * Math.abs(perInference.median / truth.perInferenceJ - 1);
  return `. Windows within ${truth.edgeSamples.toFixed(2)} samples of the emulator's own, energy ${off.toFixed(3)} % off its.`;
}

function runSections(record: RunRecord): Section[] {
  const { layers, counter } = record;
  const sum = layers.reduce((total, l) => total + l.count.median, 0) || 1;
  const bars = layers.map((l) => ({
    label: `${l.index} ${l.name}`,
    value: l.count.median,
    text: `${grouped(l.count.median)}  ${percent(l.count.median, sum)}`,
  }));
  const loads = layers.map((l) => ({ name: l.name, macs: l.macs, bytes: l.bytes, count: l.count.median }));
  const { brokenOff } = record;
  const warnings = [
    ...(brokenOff ? [[brokenOff.code, `${brokenOff.text}; what stands here was measured before`]] : []),
    ...record.warnings.map((w) => [w.code, w.text]),
  ];
  const arena = layers.length > Math.max(0, ...(record.arena ?? []).map((b) => b.last)) ? record.arena : undefined;
  const warned =
    warnings.length > 0 ? [{ title: 'Warnings', html: htmlTable(['code', 'what'], warnings, [0, 1]) }] : [];
  if (layers.length === 0)
    return [
      ...warned,
      { title: 'Layers', note: 'No layer was counted by itself.', html: '' },
      ...energySection(record),
    ];
  return [
    ...warned,
    {
      title: `${counter.unit === 'cycles' ? 'Cycles' : 'Instructions'} per layer`,
      note:
        counter.source === 'emulated'
          ? "Source: emulated. An emulator's counts are no latency of a board."
          : 'Source: measured on the board.',
      html: barChart('per layer', bars),
    },
    layersSection(record),
    {
      title: 'Roofline',
      note: 'The roof is what the best layers of this run reached. Under its slope memory bounds a layer, under its flat part arithmetic.',
      html: rooflineChart(loads, roofOf(loads), counter.unit.replace(/s$/, '')),
    },
    ...(arena
      ? [
          {
            title: 'Arena over time',
            note: `${grouped(record.arenaBytes)} bytes. One column per layer; where blocks overlap, a kernel writes behind its own reads.`,
            html: arenaChart(
              arena,
              layers.map((l) => l.name),
              record.arenaBytes,
            ),
          },
        ]
      : []),
    ...energySection(record),
  ];
}

function comparison(records: readonly RunRecord[]): Section[] {
  if (records.length < 2) return [];
  const first = records[0];
  const comparable = (r: RunRecord) =>
    r.counter.unit === first.counter.unit && r.counter.source === first.counter.source;
  const rows = records.map((r, i) => [
    String(i + 1),
    titleOf(r),
    r.hash,
    `${grouped(r.whole.median)} ${r.counter.unit}, ${r.counter.source}`,
    comparable(r) ? `${(100 * (r.whole.median / first.whole.median - 1)).toFixed(1)}%` : '–',
    milli(secondsOf(r, r.whole.median)),
    r.energy ? micro(r.energy.perInference.median) : '–',
    kib(r.arenaBytes),
    kib(r.weightBytes),
  ]);
  const head = ['#', 'run', 'pack', 'per inference', 'against 1', 'time', 'energy', 'arena', 'constants'];
  return [{ title: 'Runs', html: htmlTable(head, rows, [1, 2]) }];
}

/** `more`: sections that are of one of the runs' packs, by the number of the run. */
export function runReport(records: readonly RunRecord[], more: ReadonlyMap<number, Section[]> = new Map()): string {
  const [first] = records;
  const several = records.length > 1;
  const sections = records.flatMap((r, i) =>
    [...runSections(r), ...(more.get(i) ?? [])].map((s) =>
      several ? { ...s, title: `${i + 1} ${titleOf(r)}: ${s.title}` } : s,
    ),
  );
  const subtitle = `Pack ${first.hash}, ${first.rounding} rounding, ${first.runs} runs. Clock ${(first.clockHz / 1e6).toFixed(3)} MHz${first.clock ? `, checked: ${(first.clock.checkedHz / 1e6).toFixed(3)} MHz` : ''}.`;
  const title = several ? `mote: ${records.length} runs` : `mote: ${titleOf(first)}`;
  return htmlPage(title, subtitle, cards(introCards(first)), [...comparison(records), ...sections]);
}
