// SPDX-License-Identifier: Apache-2.0
// The whole quantizer: equalize, calibrate, quantize, correct biases, and say how close the result came.
import type { Graph, Quant, TensorData, TensorId } from '../model/graph.js';
import { evaluateGraph } from '../ops/evaluateGraph.js';
import { quantizeValue } from '../passes/integerNodes.js';
import { type CalibrateOptions, chooseRanges, collectStatistics, type Range, type RangeMethod } from './calibrate.js';
import { equalize } from './equalize.js';
import { quantizeInt8 } from './quantize.js';
import { evaluateRunner, type FloatRunner } from './runner.js';

/** A runner for one graph: equalization makes a second graph, which needs its own. */
export type MakeRunner = (graph: Graph) => FloatRunner | Promise<FloatRunner>;

export interface QuantizerOptions extends CalibrateOptions {
  method?: RangeMethod;
  /** `auto` quantizes with and without, and keeps what comes closer to the float outputs. */
  equalize?: boolean | 'auto';
  biasCorrection?: boolean;
  /** Calibration samples on which the result is compared with the float graph. */
  checkSamples?: number;
}

export interface QuantizerReport {
  samples: number;
  method: RangeMethod;
  equalized: boolean;
  biasCorrected: boolean;
  /** Signal-to-noise ratio of the outputs against float, over the checked samples; undefined when none was checked. */
  outputSnrDb: number | undefined;
}

export interface Quantized {
  graph: Graph;
  ranges: Map<TensorId, Range>;
  report: QuantizerReport;
}

export const quantizerDefaults = { method: 'mse', equalize: 'auto', biasCorrection: true, checkSamples: 4 } as const;

export async function quantizeFromCalibration(
  graph: Graph, samples: Iterable<TensorData[]>, makeRunner: MakeRunner = evaluateRunner, options: QuantizerOptions = {},
): Promise<Quantized> {
  const list = [...samples];
  const settings: Settings = { ...quantizerDefaults, ...options };
  const plain = settings.equalize === true ? undefined : await quantizeOne(graph, list, makeRunner, settings, false);
  if (plain && settings.equalize === false) return plain;
  const scaled = equalize(graph);
  if (plain && scaled === graph) return plain;
  const equalized = await quantizeOne(scaled, list, makeRunner, settings, true);
  return plain && !closer(equalized.report, plain.report) ? plain : equalized;
}

type Settings = QuantizerOptions & Required<Pick<QuantizerOptions, keyof typeof quantizerDefaults>>;

const closer = (a: QuantizerReport, b: QuantizerReport): boolean => (a.outputSnrDb ?? 0) > (b.outputSnrDb ?? 0);

async function quantizeOne(
  graph: Graph, samples: TensorData[][], makeRunner: MakeRunner, settings: Settings,
  equalized: boolean,
): Promise<Quantized> {
  const { method, biasCorrection } = settings;
  const runner = await makeRunner(graph);
  const statistics = await collectStatistics(graph, samples, runner);
  const ranges = await chooseRanges(graph, samples, runner, statistics.extremes, method, settings);
  const quantized = quantizeInt8(graph, ranges, biasCorrection ? { biasCorrection: statistics.means } : {});
  const checked = samples.slice(0, settings.checkSamples);
  const outputSnrDb = checked.length > 0 ? outputSnr(graph, quantized, checked, runner) : undefined;
  const report = { samples: samples.length, method, equalized, biasCorrected: biasCorrection, outputSnrDb };
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
