// SPDX-License-Identifier: Apache-2.0
// The whole quantizer: equalize, calibrate, quantize, correct biases, and say how close the result came.
import type { Graph, Quant, TensorData, TensorId } from '../model/graph.js';
import { evaluateGraph } from '../ops/evaluateGraph.js';
import { quantizeValue } from '../passes/integerNodes.js';
import {
  type CalibrateOptions, chooseRanges, collectStatistics, type Range, type RangeMethod, type Statistics,
} from './calibrate.js';
import { equalize } from './equalize.js';
import { equalizeActivations } from './equalizeActivations.js';
import { quantizeInt8 } from './quantize.js';
import { evaluateRunner, type FloatRunner } from './runner.js';

/** A runner for one graph: equalization makes a second graph, which needs its own. */
export type MakeRunner = (graph: Graph) => FloatRunner | Promise<FloatRunner>;

/** What is scaled before quantizing: nothing, weights against weights, or activations against weights. */
export type Equalization = 'none' | 'weights' | 'activations';

const equalizers: Record<Equalization, (graph: Graph, statistics: Statistics) => Graph> = {
  none: (graph) => graph,
  weights: (graph) => equalize(graph),
  activations: (graph, { peaks }) => equalizeActivations(graph, peaks),
};
const equalizations = Object.keys(equalizers) as Equalization[];

export interface QuantizerOptions extends CalibrateOptions {
  method?: RangeMethod;
  /** `auto` tries all and keeps what comes closest to the float outputs. */
  equalize?: Equalization | 'auto';
  biasCorrection?: boolean;
  /** Calibration samples on which the result is compared with the float graph. */
  checkSamples?: number;
}

export interface QuantizerReport {
  samples: number;
  method: RangeMethod;
  equalization: Equalization;
  biasCorrected: boolean;
  /** Signal-to-noise ratio of the outputs against float, over the checked samples; undefined when none was checked. */
  outputSnrDb: number | undefined;
}

export interface Quantized {
  graph: Graph;
  ranges: Map<TensorId, Range>;
  report: QuantizerReport;
}

export const quantizerDefaults = { method: 'minmax', equalize: 'auto', biasCorrection: true, checkSamples: 4 } as const;

export async function quantizeFromCalibration(
  graph: Graph, samples: Iterable<TensorData[]>, makeRunner: MakeRunner = evaluateRunner, options: QuantizerOptions = {},
): Promise<Quantized> {
  const list = [...samples];
  const settings: Settings = { ...quantizerDefaults, ...options };
  const wanted = settings.equalize === 'auto' ? equalizations : [settings.equalize];
  const runner = await makeRunner(graph);
  const statistics = await collectStatistics(graph, list, runner);
  let best: Quantized | undefined;
  for (const equalization of wanted) {
    const scaled = equalizers[equalization](graph, statistics);
    if (best && scaled === graph) continue;
    const candidate = scaled === graph
      ? await quantizeOne(graph, list, runner, statistics, settings, equalization)
      : await quantizeScaled(scaled, list, makeRunner, settings, equalization);
    if (!best || (candidate.report.outputSnrDb ?? 0) > (best.report.outputSnrDb ?? 0)) best = candidate;
  }
  return best as Quantized;
}

type Settings = QuantizerOptions & Required<Pick<QuantizerOptions, keyof typeof quantizerDefaults>>;

async function quantizeScaled(
  graph: Graph, samples: TensorData[][], makeRunner: MakeRunner, settings: Settings, equalization: Equalization,
): Promise<Quantized> {
  const runner = await makeRunner(graph);
  return quantizeOne(graph, samples, runner, await collectStatistics(graph, samples, runner), settings, equalization);
}

async function quantizeOne(
  graph: Graph, samples: TensorData[][], runner: FloatRunner, statistics: Statistics, settings: Settings,
  equalization: Equalization,
): Promise<Quantized> {
  const { method, biasCorrection } = settings;
  const ranges = await chooseRanges(graph, samples, runner, statistics.extremes, method, settings);
  const quantized = quantizeInt8(graph, ranges, biasCorrection ? { biasCorrection: statistics.means } : {});
  const checked = samples.slice(0, settings.checkSamples);
  const outputSnrDb = checked.length > 0 ? outputSnr(graph, quantized, checked, runner) : undefined;
  const report = { samples: samples.length, method, equalization, biasCorrected: biasCorrection, outputSnrDb };
  return { graph: quantized, ranges, report };
}

/** 10 log10(sum of squares of the float outputs / sum of squares of the differences). */
function outputSnr(float: Graph, quantized: Graph, samples: TensorData[][], runner: FloatRunner): number {
  let [signal, noise] = [0, 0];
  for (const sample of samples) {
    const inputs = sample.map((data) => Float32Array.from(data as ArrayLike<number>, Number));
    const exact = new Map<TensorId, Float32Array>();
    runner.run(inputs, (id, data) => {
      if (float.outputs.includes(id)) exact.set(id, data.slice());
    });
    const integers = quantized.inputs.map((id, i) => quantizeArray(inputs[i], quantized.tensors[id].quant));
    const outputs = evaluateGraph(quantized, integers, { rounding: 'single' });
    float.outputs.forEach((id, i) => {
      const { quant } = quantized.tensors[quantized.outputs[i]];
      exact.get(id)?.forEach((v, k) => {
        signal += v * v;
        noise += (v - dequantizeValue(Number(outputs[i][k]), quant)) ** 2;
      });
    });
  }
  return noise === 0 ? Number.POSITIVE_INFINITY : 10 * Math.log10(signal / noise);
}

function quantizeArray(values: Float32Array, quant: Quant | undefined): TensorData {
  return quant ? Int8Array.from(values, (v) => quantizeValue(v, quant)) : values;
}

const dequantizeValue = (q: number, quant: Quant | undefined): number =>
  quant ? quant.scales[0] * (q - quant.zeroPoints[0]) : q;
