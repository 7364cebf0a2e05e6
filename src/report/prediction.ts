// SPDX-License-Identifier: Apache-2.0
// A prediction in words: what, how sure, and where each figure comes from.
import type { CostTable } from '../costs/boardCosts.js';
import type { LayerPrediction, Predicted, Prediction } from '../costs/predict.js';
import { type Column, grouped, percent, right, table } from './table.js';

export const errorText = (errorPercent: number | null): string =>
  errorPercent === null ? '–' : `${errorPercent < 9.95 ? errorPercent.toFixed(1) : errorPercent.toFixed(0)}%`;

/** Counts of an emulator are no latency of a board: only what silicon said becomes time. */
export const secondsOfPrediction = (
  { count, from }: Pick<Predicted, 'count' | 'from'>,
  unit: Prediction['unit'],
  clockHz: number | undefined,
): number | undefined =>
  unit === 'cycles' && from === 'measured' && clockHz !== undefined ? count / clockHz : undefined;

const milli = (seconds: number | undefined): string => (seconds === undefined ? '–' : (seconds * 1000).toFixed(3));

/** Where a layer's estimate comes from. */
export function sourceText({ how, shapes, from }: LayerPrediction): string {
  const words: Record<LayerPrediction['how'], string> = {
    fit: `fit of ${shapes}`,
    ratio: `ratio of ${shapes}`,
    operator: 'same operator',
    board: 'other operators',
    target: 'target',
  };
  return `${words[how]}, ${from}`;
}

export interface PredictedLayer {
  name: string;
  kernel: string;
  macs: number;
}

/** Layer by layer: estimate, error, what was counted before, time on silicon, and the words for it. */
export function predictionTable(
  layers: readonly PredictedLayer[],
  prediction: Prediction,
  clockHz: number | undefined,
  width: number,
): string[] {
  const all = prediction.whole?.count ?? 0;
  const { unit } = prediction;
  const time = (p: LayerPrediction | undefined) => p && secondsOfPrediction(p, unit, clockHz);
  const some = (has: (p: LayerPrediction) => boolean): boolean => prediction.layers.some((p) => p && has(p));
  const columns: (Column & { cell(p: LayerPrediction | undefined, layer: PredictedLayer, i: number): string })[] = [
    { ...right('#'), cell: (_p, _l, i) => String(i) },
    { title: 'layer', cell: (_, l) => l.name },
    { title: 'kernel', cell: (_, l) => l.kernel.replace(/^mote_/, '') },
    { ...right('MAC'), cell: (_, l) => grouped(l.macs) },
    { ...right(`≈${unit}`), cell: (p) => (p ? grouped(p.count) : '–') },
    ...(some((p) => p.errorPercent !== null) ? [{ ...right('±'), cell: errorCell }] : []),
    some((p) => p.counted !== undefined)
      ? { ...right('counted'), cell: countedCell }
      : { ...right('share'), cell: (p) => (p ? percent(p.count, all) : '–') },
    ...(some((p) => time(p) !== undefined) ? [{ ...right('≈ms'), cell: (p?: LayerPrediction) => milli(time(p)) }] : []),
    ...(some((p) => p.energy !== undefined) ? [{ ...right('≈µJ'), cell: energyCell }] : []),
    ...(some((p) => p.how !== 'target') ? [{ title: 'estimated from', cell: sourceCell }] : []),
  ];
  const rows = layers.map((l, i) => columns.map((c) => c.cell(prediction.layers[i], l, i)));
  return table(columns, rows, width);
}

const errorCell = (p?: LayerPrediction): string => (p ? errorText(p.errorPercent) : '–');
const energyCell = (p?: LayerPrediction): string => (p?.energy ? (p.energy.joules * 1e6).toFixed(2) : '–');
const countedCell = (p?: LayerPrediction): string => (p?.counted ? grouped(p.counted.count) : '–');
const sourceCell = (p?: LayerPrediction): string => (p ? sourceText(p) : 'no row for it');

const basisText = (t: CostTable, path: string | undefined): string =>
  path === undefined
    ? "emulated counts in the target's table"
    : `${t.counted.size} shapes of ${t.sessions.length} ${t.sessions.length === 1 ? 'model' : 'models'} in ${path}`;

/** The whole, in a line or two or three. */
export function predictionLines(
  prediction: Prediction,
  t: CostTable,
  path: string | undefined,
  clockHz: number | undefined,
): string[] {
  const { whole, unit, missing, counted, wholeCounted, energy, layers } = prediction;
  if (!whole)
    return [
      'predict nothing: no cost table has rows for these kernels (a float model becomes int8 by mote pack --calib)',
    ];
  const seconds = secondsOfPrediction(whole, unit, clockHz);
  const off = whole.errorPercent === null ? ', error not known' : ` ± ${errorText(whole.errorPercent)}`;
  const time = seconds === undefined ? '' : `, ${milli(seconds)} ms at ${((clockHz ?? 0) / 1e6).toFixed(0)} MHz`;
  const less = missing > 0 ? `, without ${missing} ${missing === 1 ? 'layer' : 'layers'} that no row predicts` : '';
  const before = wholeCounted
    ? `   this pack took ${grouped(wholeCounted.count)} (${wholeCounted.source})`
    : counted.layers > 0
      ? `   ${counted.layers} of ${layers.length} layers were counted before: ${grouped(counted.count)}`
      : '';
  return [
    `predict ≈ ${grouped(whole.count)} ${unit}${off}${time}${less}${before}`,
    `        estimated from ${basisText(t, path)} (${whole.from})`,
    ...(energy
      ? [
          `energy  ≈ ${(energy.joules * 1e6).toFixed(2)} µJ${energy.errorPercent === null ? '' : ` ± ${errorText(energy.errorPercent)}`} per inference${missing > 0 ? ', of the predicted layers' : ''}, estimated from ${energy.models} ${energy.models === 1 ? 'model' : 'models'} with a meter${energy.kernels > 0 ? `, ${energy.kernels} of ${layers.length} layers by kernels that it measured alone` : ''} (${energy.from})`,
        ]
      : []),
  ];
}

/** The same as data. */
export const predictionData = (prediction: Prediction, path: string | undefined): object => ({
  costs: path ?? null,
  unit: prediction.unit,
  whole: prediction.whole
    ? { ...prediction.whole, count: Math.round(prediction.whole.count), source: 'estimated' }
    : null,
  missing: prediction.missing,
  counted: prediction.wholeCounted ?? null,
  countedLayers: prediction.counted,
  energy: prediction.energy ? { ...prediction.energy, source: 'estimated' } : null,
  layers: prediction.layers.map((l) => (l ? { ...l, count: Math.round(l.count), source: 'estimated' } : null)),
});
