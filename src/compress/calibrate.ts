// SPDX-License-Identifier: Apache-2.0
// Ranges of activations over a calibration set. The first pass finds extremes and per-channel means, the second fills
// histograms; the method then chooses where to clip.
import { fail } from '../cli/errors.js';
import { elementCount, type Graph, type TensorData, type TensorId } from '../model/graph.js';
import { clipForError, clipForPercentile, type Histogram, histogramBins } from './histogram.js';
import { maskedScores, withoutMasked } from './masked.js';
import type { Range } from './range.js';
import type { FloatRunner } from './runner.js';

/** Ways to choose ranges from the activations alone. */
export const histogramMethods = ['minmax', 'percentile', 'mse'] as const;
export type HistogramMethod = (typeof histogramMethods)[number];

/** `outputs` mixes them, and wider and narrower ones, by what each does to the network's outputs (tuneRanges.ts). */
export const rangeMethods = [...histogramMethods, 'outputs'] as const;
export type RangeMethod = (typeof rangeMethods)[number];

export interface CalibrateOptions {
  /** Share of values, in percent, that `percentile` keeps inside. */
  percentile?: number;
}

/** NVIDIA's and ONNX Runtime's calibrators use this share for CNNs. */
const defaultPercentile = 99.99;

export interface Statistics {
  /** Extremes of each float activation. */
  extremes: Map<TensorId, Range>;
  /** Mean of each activation per index of its last dimension. */
  means: Map<TensorId, Float64Array>;
  /** Largest magnitude of each activation per index of its last dimension. */
  peaks: Map<TensorId, Float64Array>;
  samples: number;
}

export async function collectRanges(
  graph: Graph,
  samples: Iterable<TensorData[]>,
  runner: FloatRunner,
  method: HistogramMethod,
  options: CalibrateOptions = {},
): Promise<Map<TensorId, Range>> {
  const list = [...samples];
  const { extremes } = await collectStatistics(graph, list, runner);
  return chooseRanges(graph, list, runner, extremes, method, options);
}

/** First pass. Fails on an empty calibration set, and on values that are not numbers. */
export async function collectStatistics(
  graph: Graph,
  samples: Iterable<TensorData[]>,
  runner: FloatRunner,
): Promise<Statistics> {
  const statistics: Statistics = { extremes: new Map(), means: new Map(), peaks: new Map(), samples: 0 };
  for (const sample of samples) {
    await visitAll(graph, sample, runner, (id, data) => {
      widen(graph, statistics.extremes, id, data);
      addChannels(graph, statistics, id, data);
    });
    statistics.samples++;
  }
  if (statistics.samples === 0) fail('quant.calibration', { reason: 'it holds no sample' });
  for (const sums of statistics.means.values())
    sums.forEach((s, c) => {
      sums[c] = s / statistics.samples;
    });
  return statistics;
}

/** Second pass; `minmax` needs none. */
export async function chooseRanges(
  graph: Graph,
  samples: Iterable<TensorData[]>,
  runner: FloatRunner,
  extremes: ReadonlyMap<TensorId, Range>,
  method: HistogramMethod,
  options: CalibrateOptions = {},
): Promise<Map<TensorId, Range>> {
  if (method === 'minmax') return new Map(extremes);
  const histograms = new Map<TensorId, Histogram>();
  for (const [id, range] of extremes) histograms.set(id, { ...range, counts: new Float64Array(histogramBins) });
  for (const sample of samples) {
    await visitAll(graph, sample, runner, (id, data) => fillHistogram(histograms.get(id), data));
  }
  const percentile = options.percentile ?? defaultPercentile;
  const clip = method === 'percentile' ? (h: Histogram) => clipForPercentile(h, percentile) : clipForError;
  return new Map([...histograms].map(([id, histogram]) => [id, clip(histogram)]));
}

/** Graph inputs and computed activations of one sample; gives other work a turn between samples. */
async function visitAll(
  graph: Graph,
  sample: TensorData[],
  runner: FloatRunner,
  visit: (id: TensorId, data: Float32Array) => void,
): Promise<void> {
  const inputs = graph.inputs.map((id, i) => floatInput(graph, id, sample[i]));
  inputs.forEach((data, i) => {
    visit(graph.inputs[i], data);
  });
  const given = new Set(graph.inputs);
  const masked = maskedScores(graph);
  runner.run(inputs, (id, data) => {
    if (!given.has(id)) visit(id, masked.has(id) ? withoutMasked(data) : data);
  });
  await Promise.resolve();
}

function floatInput(graph: Graph, id: TensorId, data: TensorData | undefined): Float32Array {
  const { name, shape } = graph.tensors[id];
  const expected = elementCount(shape);
  if (data?.length !== expected) {
    fail('quant.calibration', {
      reason: `a sample has ${data?.length ?? 0} values for '${name}', which takes ${expected}`,
    });
  }
  return data instanceof Float32Array ? data : Float32Array.from(data as ArrayLike<number | bigint>, Number);
}

function widen(graph: Graph, extremes: Map<TensorId, Range>, id: TensorId, data: Float32Array): void {
  const range = extremes.get(id) ?? { min: Number.POSITIVE_INFINITY, max: Number.NEGATIVE_INFINITY };
  let { min, max } = range;
  let strange = 0; // 0 as long as no value is infinite or not a number
  for (let i = 0; i < data.length; i++) {
    const v = data[i];
    if (v < min) min = v;
    if (v > max) max = v;
    strange += v - v;
  }
  if (strange !== 0)
    fail('quant.calibration', { reason: `'${graph.tensors[id].name}' becomes infinite or not a number` });
  extremes.set(id, { min, max });
}

/** Adds this sample's mean and peak per channel. */
function addChannels(graph: Graph, { means, peaks }: Statistics, id: TensorId, data: Float32Array): void {
  const channels = Math.max(1, graph.tensors[id].shape.at(-1) ?? 1);
  const sums = means.get(id) ?? new Float64Array(channels);
  const largest = peaks.get(id) ?? new Float64Array(channels);
  means.set(id, sums);
  peaks.set(id, largest);
  const share = channels / Math.max(1, data.length);
  for (let i = 0, c = 0; i < data.length; i++, c = c + 1 === channels ? 0 : c + 1) {
    const v = data[i];
    sums[c] += v * share;
    if (v > largest[c]) largest[c] = v;
    else if (-v > largest[c]) largest[c] = -v;
  }
}

function fillHistogram(histogram: Histogram | undefined, data: Float32Array): void {
  if (!histogram) return;
  const { min, max, counts } = histogram;
  const perValue = max > min ? histogramBins / (max - min) : 0;
  for (let i = 0; i < data.length; i++) {
    // The ends are held: what divides the range may round up to the number of bins.
    const bin = ((data[i] - min) * perValue) | 0;
    counts[bin < 0 ? 0 : bin < histogramBins ? bin : histogramBins - 1]++;
  }
}
