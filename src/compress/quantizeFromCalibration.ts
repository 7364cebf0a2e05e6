// SPDX-License-Identifier: Apache-2.0
// The whole quantizer: equalize, calibrate, quantize, correct biases, and say how close the result came.
import type { Graph, TensorData, TensorId } from '../model/graph.js';
import type { ActivationType } from '../passes/integerOperands.js';
import type { RoundWeights } from '../passes/integerWeights.js';
import type { StoredOrder } from '../plan/storedOrder.js';
import {
  type CalibrateOptions,
  chooseRanges,
  collectStatistics,
  type HistogramMethod,
  type RangeMethod,
  type Statistics,
} from './calibrate.js';
import { codedRecipe, hasCodedLayers } from './codedRecipe.js';
import { equalize } from './equalize.js';
import { equalizeActivations } from './equalizeActivations.js';
import type { RecipeOf } from './layerRecipe.js';
import { centred, collectMoments } from './moments.js';
import { outputSnr } from './outputSnr.js';
import { positivePowers } from './positivePowers.js';
import { quantizeGraph } from './quantize.js';
import type { Range } from './range.js';
import { type Rewrite, rewriteGraph } from './rewrite.js';
import { roundWeights } from './roundWeights.js';
import {
  evaluateIntegerRunner,
  evaluateRunner,
  type FloatRunner,
  type MakeIntegerRunner,
  type MakeRunner,
} from './runner.js';
import { roundSequentially } from './sequential.js';
import { tuneRanges } from './tuneRanges.js';

/** What the loss of rounding is taken of: the float model's inputs of each layer, the same around their mean (the bias
 *  takes the rest), or what the layers before, rounded already, give. */
export type LossInputs = 'float' | 'centred' | 'sequential';

/** What is scaled before quantizing: nothing, weights against weights, or activations against weights. */
export type Equalization = 'none' | 'weights' | 'activations';

export const equalizers: Record<Equalization, (graph: Graph, statistics: Statistics) => Graph> = {
  none: (graph) => graph,
  weights: (graph) => equalize(graph),
  activations: (graph, { peaks }) => equalizeActivations(graph, peaks),
};
export const equalizations = Object.keys(equalizers) as Equalization[];

export interface QuantizerOptions extends CalibrateOptions {
  /** Type of the activations; int8 unless given. With int16 ranges are of all values unless `method` says otherwise, and
   *  weights are int8. */
  activations?: ActivationType;
  method?: RangeMethod;
  /** `auto` tries all and keeps what comes closest to the float outputs. */
  equalize?: Equalization | 'auto';
  biasCorrection?: boolean;
  /** Weight formats below eight bits, layer by layer. */
  recipeOf?: RecipeOf;
  lossInputs?: LossInputs;
  /** Channels that go, and layers that split, before all else. */
  rewrite?: Rewrite;
  /** Calibration samples, spread over all, on which the result is compared with the float graph. */
  checkSamples?: number;
  /** Where weights along a trellis will lie (`trellis2.2`). */
  storedOrder?: StoredOrder;
  /** Runs the integer graph for that comparison; the operators' own evaluation unless given. */
  makeIntegerRunner?: MakeIntegerRunner;
}

export interface QuantizerReport {
  activations: ActivationType;
  samples: number;
  method: RangeMethod;
  equalization: Equalization;
  biasCorrected: boolean;
  /** Signal-to-noise ratio of the outputs (of what goes into a softmax at the end) against float, over the checked
   *  samples; undefined when none was checked. */
  outputSnrDb: number | undefined;
}

export interface Quantized {
  graph: Graph;
  /** The float graph that was quantized: the given one, perhaps with its channels scaled. */
  source: Graph;
  ranges: Map<TensorId, Range>;
  report: QuantizerReport;
}

export const quantizerDefaults = {
  method: 'mse',
  equalize: 'auto',
  biasCorrection: true,
  checkSamples: 8,
  lossInputs: 'sequential',
} as const;

export async function quantizeFromCalibration(
  source: Graph,
  samples: Iterable<TensorData[]>,
  makeRunner: MakeRunner = evaluateRunner,
  options: QuantizerOptions = {},
): Promise<Quantized> {
  const list = [...samples];
  const { recipeOf } = options;
  const coded = recipeOf !== undefined && hasCodedLayers({ graph: source, recipeOf });
  const settings: Settings = {
    ...quantizerDefaults,
    ...(coded ? { method: 'outputs' } : {}),
    ...(options.activations === 'int16' ? { method: 'minmax' } : {}),
    ...options,
  };
  const exact = { graph: source, runner: await makeRunner(source) };
  // Before anything else looks at the samples: fails on what is no calibration set.
  const given = await collectStatistics(source, list, exact.runner);
  const powers = positivePowers(source, given.extremes);
  const graph = settings.rewrite ? await rewriteGraph(powers, list, makeRunner, settings.rewrite) : powers;
  const runner = graph === source ? exact.runner : await makeRunner(graph);
  const statistics = graph === source ? given : await collectStatistics(graph, list, runner);
  const input = { graph, samples: list, runners: { runner, makeRunner, exact }, statistics };
  const wanted = settings.equalize === 'auto' ? equalizations : [settings.equalize];
  if (wanted.length === 1 || !settings.recipeOf) return bestOf(input, settings, wanted);
  // Rounding takes long: what to scale is found out at eight bits.
  const { report } = await bestOf(input, { ...settings, method: options.method ?? 'mse', recipeOf: undefined }, wanted);
  return bestOf(input, settings, [report.equalization]);
}

interface Input {
  graph: Graph;
  samples: TensorData[][];
  runners: Runners;
  statistics: Statistics;
}

async function bestOf(input: Input, settings: Settings, wanted: readonly Equalization[]): Promise<Quantized> {
  const { graph, samples, runners, statistics } = input;
  let best: Quantized | undefined;
  for (const equalization of wanted) {
    const scaled = equalizers[equalization](graph, statistics);
    if (best && scaled === graph) continue;
    const candidate =
      scaled === graph
        ? await quantizeOne(graph, samples, runners, statistics, settings, equalization)
        : await quantizeScaled(scaled, samples, runners, settings, equalization);
    if (!best || (candidate.report.outputSnrDb ?? 0) > (best.report.outputSnrDb ?? 0)) best = candidate;
  }
  return best as Quantized;
}

type Settings = QuantizerOptions & Required<Pick<QuantizerOptions, keyof typeof quantizerDefaults>>;

async function quantizeScaled(
  graph: Graph,
  samples: TensorData[][],
  { makeRunner, exact }: Runners,
  settings: Settings,
  equalization: Equalization,
): Promise<Quantized> {
  const runner = await makeRunner(graph);
  const statistics = await collectStatistics(graph, samples, runner);
  return quantizeOne(graph, samples, { runner, makeRunner, exact }, statistics, settings, equalization);
}

/** How the recipe's layers are rounded. Without bias correction nothing takes a mean error back. */
async function roundingOf(
  graph: Graph,
  samples: TensorData[][],
  { runner, makeRunner }: Runners,
  { recipeOf: given, lossInputs, biasCorrection, storedOrder }: Settings,
  quantize: (round: RoundWeights) => Graph,
): Promise<RoundWeights | undefined> {
  if (!given) return undefined;
  const order = storedOrder ? { storedOrder } : {};
  const recipeOf = await codedRecipe({ graph, samples, runner, makeRunner, recipeOf: given, quantize, ...order });
  if (!biasCorrection || lossInputs === 'float') return roundWeights(collectMoments(graph, samples, runner), recipeOf);
  if (lossInputs === 'sequential' && runner.setConstants && runner.runPart)
    return roundSequentially({ graph, samples, makeRunner, recipeOf });
  const moments = collectMoments(graph, samples, runner);
  return roundWeights(new Map([...moments].map(([id, m]) => [id, centred(m)])), recipeOf);
}

interface Runners {
  runner: FloatRunner;
  makeRunner: MakeRunner;
  /** The model as it was given: what the result is compared with. */
  exact: { graph: Graph; runner: FloatRunner };
}

/** Samples that judge ranges. */
const rangeJudges = 64;

async function rangesOf(
  graph: Graph,
  samples: TensorData[][],
  { runner, exact }: Runners,
  { extremes, means }: Statistics,
  settings: Settings,
): Promise<Map<TensorId, Range>> {
  const by = (method: HistogramMethod) => chooseRanges(graph, samples, runner, extremes, method, settings);
  if (settings.method !== 'outputs') return by(settings.method);
  const makeInteger = settings.makeIntegerRunner ?? evaluateIntegerRunner;
  const judges = spread(samples, rangeJudges);
  const candidates = [await by('mse'), await by('percentile'), await by('minmax')];
  const judge = async (ranges: Map<TensorId, Range>): Promise<number> => {
    const quantized = quantizeGraph(graph, ranges, { biasCorrection: means, activations: settings.activations });
    return outputSnr(exact, { graph: quantized, runner: await makeInteger(quantized) }, judges);
  };
  return tuneRanges({ candidates, judge });
}

async function quantizeOne(
  graph: Graph,
  samples: TensorData[][],
  runners: Runners,
  statistics: Statistics,
  settings: Settings,
  equalization: Equalization,
): Promise<Quantized> {
  const { method, biasCorrection } = settings;
  const ranges = await rangesOf(graph, samples, runners, statistics, settings);
  const quantize = (round?: RoundWeights): Graph =>
    quantizeGraph(graph, ranges, {
      activations: settings.activations,
      ...(biasCorrection ? { biasCorrection: statistics.means } : {}),
      ...(round ? { round } : {}),
    });
  const quantized = quantize(await roundingOf(graph, samples, runners, settings, quantize));
  const checked = spread(samples, settings.checkSamples);
  const integer = await (settings.makeIntegerRunner ?? evaluateIntegerRunner)(quantized);
  const outputSnrDb =
    checked.length > 0 ? outputSnr(runners.exact, { graph: quantized, runner: integer }, checked) : undefined;
  const activations = settings.activations ?? 'int8';
  const report = {
    activations,
    samples: samples.length,
    method,
    equalization,
    biasCorrected: biasCorrection,
    outputSnrDb,
  };
  return { graph: quantized, source: graph, ranges, report };
}

/** `count` samples at equal distances. */
function spread(samples: TensorData[][], count: number): TensorData[][] {
  const n = Math.min(count, samples.length);
  return Array.from({ length: n }, (_, i) => samples[Math.floor((i * samples.length) / n)]);
}
