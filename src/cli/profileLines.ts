// SPDX-License-Identifier: Apache-2.0
// A run record as lines for a terminal.
import type { RunRecord } from '../generated/run.js';
import { secondsOf } from '../measure/runRecord.js';
import { errorText } from '../report/prediction.js';
import { grouped, percent, right, signedPercent, table } from '../report/table.js';

const milli = (seconds: number | undefined): string => (seconds === undefined ? '–' : (seconds * 1000).toFixed(3));
const micro = (joules: number): string => (joules * 1e6).toFixed(2);
const mega = (hz: number): string => (hz / 1e6).toFixed(3);

/** The spread as half of the middle 95 %, in percent of the median. */
const spread = (s: RunRecord['whole']): string =>
  s.median > 0 ? `${((50 * (s.high95 - s.low95)) / s.median).toFixed(1)}%` : '–';

/** What was predicted before the run, and how far off it was. */
const predictedCells = (p: RunRecord['predicted'], count: number): string[] =>
  p && count > 0 ? [grouped(p.count), signedPercent(100 * (p.count / count - 1))] : ['–', '–'];

export function layerLines(record: RunRecord, width: number): string[] {
  const { whole, layers, counter } = record;
  const joule = record.energy?.perInference.median;
  const sum = layers.reduce((total, l) => total + l.count.median, 0);
  const share = (count: number) => (joule === undefined ? '–' : `≈${micro((joule * count) / sum)}`);
  const energyCell = ({ energy, count }: RunRecord['layers'][number]) =>
    energy ? `${micro(energy.joules)} ± ${micro(energy.uncertaintyJ)}` : share(count.median);
  const withPrediction = layers.some((l) => l.predicted);
  const rows = layers.map((l) => [
    l.name,
    l.kernel.replace(/^mote_/, ''),
    grouped(l.count.median),
    spread(l.count),
    milli(secondsOf(record, l.count.median)),
    percent(l.count.median, sum),
    l.macs > 0 ? (l.count.median / l.macs).toFixed(2) : '–',
    l.bound,
    energyCell(l),
    ...(withPrediction ? predictedCells(l.predicted, l.count.median) : []),
  ]);
  rows.push([
    'whole',
    '',
    grouped(whole.median),
    spread(whole),
    milli(secondsOf(record, whole.median)),
    '',
    record.macs > 0 ? (whole.median / record.macs).toFixed(2) : '–',
    '',
    joule === undefined ? '–' : micro(joule),
    ...(withPrediction ? predictedCells(record.predicted, whole.median) : []),
  ]);
  const columns = [
    { title: 'layer' },
    { title: 'kernel' },
    right(`${counter.unit} (${counter.source})`),
    right('±'),
    right('ms'),
    right('share'),
    right('per MAC'),
    { title: 'bound' },
    right('µJ'),
    ...(withPrediction ? [right('≈before'), right('off')] : []),
  ];
  return table(columns, rows, width);
}

const interruptWords = {
  off: 'interrupts off',
  counter: "interrupts off but the counter's own",
  on: 'interrupts ON',
} as const;

export function wholeLines(record: RunRecord): string[] {
  const { counter, emptyWindow, layerSumShare, stackUsedBytes, stackReservedBytes } = record;
  const cost =
    emptyWindow === undefined ? '' : `counting takes ${grouped(emptyWindow)} ${counter.unit} a window, taken off; `;
  const interrupts = record.interrupts === undefined ? '' : `${interruptWords[record.interrupts]}; `;
  const sum =
    layerSumShare === undefined
      ? 'not all layers were counted one by one'
      : `layers one by one take ${(100 * layerSumShare).toFixed(2)} % of the whole; no RAM per layer`;
  const stack =
    stackUsedBytes === undefined
      ? ''
      : `, stack ${grouped(stackUsedBytes)} of ${grouped(stackReservedBytes ?? 0)} used`;
  return [
    latencyLine(record),
    ...textLine(record),
    clockLine(record),
    ...energyLines(record),
    ...predictedLine(record),
    `profile ${cost}${interrupts}${sum}`,
    `ram     arena ${grouped(record.arenaBytes)} bytes${stack}`,
  ];
}

export function predictedLine({ predicted, counter, whole, energy }: RunRecord): string[] {
  if (!predicted) return [];
  const { count, errorPercent, from } = predicted;
  const sure = errorPercent === null ? ', error not known,' : ` ± ${errorText(errorPercent)}`;
  const off = signedPercent(100 * (count / whole.median - 1));
  const lines = [
    `predict ≈ ${grouped(count)} ${counter.unit}${sure} before the run, estimated from ${from} counts: ${off} off`,
  ];
  if (predicted.joules !== undefined && energy) {
    const energyOff = signedPercent(100 * (predicted.joules / energy.perInference.median - 1));
    lines.push(`        ≈ ${micro(predicted.joules)} µJ per inference before the run, estimated: ${energyOff} off`);
  }
  return lines;
}

function textLine({ text, counter }: RunRecord): string[] {
  if (!text) return [];
  const { tokensPerMillion, firstStep, lastStep } = text;
  return [
    `tokens  ${tokensPerMillion.toFixed(3)} per million ${counter.unit} (${counter.source}), steps ${firstStep} to ${lastStep} of a text; later ones attend to more`,
  ];
}

function latencyLine(record: RunRecord): string {
  const { whole, counter } = record;
  const range = (text: (count: number) => string) =>
    `min ${text(whole.min)}, 95 % of ${whole.count} runs ${text(whole.low95)} to ${text(whole.high95)}`;
  if (secondsOf(record, whole.median) === undefined)
    return `counts  median ${grouped(whole.median)} ${counter.unit}, ${range(grouped)}; ${counter.source}: no latency of a board`;
  const seconds = (count: number) => milli(secondsOf(record, count));
  return `latency median ${seconds(whole.median)} ms, ${range(seconds)}`;
}

function clockLine({ clock, clockHz, counter }: RunRecord): string {
  if (clock)
    return `clock   ${mega(clock.checkedHz)} MHz against this machine ± ${mega(clock.uncertaintyHz)}; stated ${mega(clock.statedHz)}`;
  const why = counter.source === 'emulated' ? "an emulator's time is its own: not checked" : 'not checked';
  return `clock   ${mega(clockHz)} MHz as the board's file says; ${why}`;
}

function energyLines({ energy, layers }: RunRecord): string[] {
  if (!energy) return [];
  const net =
    energy.netJ === null
      ? ''
      : `; ${micro(energy.netJ)} µJ without idling at ${((energy.idleW ?? 0) * 1000).toFixed(2)} mW`;
  const lines = [
    `energy  ${micro(energy.perInference.median)} µJ per inference ± ${micro(energy.uncertaintyJ)} (k = 1), ${energy.source}${net}`,
    `        ${energy.windows.length} windows of ${energy.inferencesPerWindow} by ${energy.windowsBy}, ${energy.meter}`,
    layersEnergyLine(layers, energy.perInference.median),
  ];
  if (energy.truth) {
    const off = 100 * Math.abs(energy.perInference.median / energy.truth.perInferenceJ - 1);
    lines.push(
      `truth   windows within ${energy.truth.edgeSamples.toFixed(2)} samples of the emulator's own, energy ${off.toFixed(3)} % off its ${micro(energy.truth.perInferenceJ)} µJ`,
    );
  }
  const offs = layers.flatMap(({ energy: e }) => (e?.truthJ ? [100 * Math.abs(e.joules / e.truthJ - 1)] : []));
  if (offs.length > 0)
    lines.push(
      `        of ${offs.length} layers, energy at most ${Math.max(...offs).toFixed(3)} % off the emulator's own`,
    );
  return [...lines, ...energy.notes.map((note) => `        ${note}`)];
}

/** Measured alone, or shared out. */
function layersEnergyLine(layers: RunRecord['layers'], wholeJ: number): string {
  const metered = layers.flatMap(({ energy }) => energy ?? []);
  if (metered.length === 0) return "        ≈ of a layer: the whole's, shared out by counts";
  const sum = metered.reduce((total, e) => total + e.joules, 0);
  const rest = metered.length < layers.length ? "; ≈: the whole's, shared out by counts" : '';
  return `        ${metered.length} layers in windows of their own, together ${((100 * sum) / wholeJ).toFixed(2)} % of it${rest}`;
}
