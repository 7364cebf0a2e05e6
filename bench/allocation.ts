// SPDX-License-Identifier: Apache-2.0
// Mixed formats against one format for all layers: at 60, 45 and 35 % of the bytes of int8, the allocator's plan beside
// the best uniform plan of as many bytes or fewer, sample by sample too; and how predicted loss ranks random plans. Judged on data that was in no
// calibration.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { argmax } from '../src/argmax.js';
import { loadTarget } from '../src/build/boards.js';
import { layerCosts } from '../src/compress/allocate/layerCosts.js';
import type { LevelPlan } from '../src/compress/allocate/levelPlan.js';
import { defaultLevels, levelNames } from '../src/compress/allocate/levels.js';
import { decoded } from '../src/compress/allocate/outputs.js';
import { openJudge } from '../src/compress/allocate/polish.js';
import { type Prediction, predict } from '../src/compress/allocate/predict.js';
import { decibels, type Quality } from '../src/compress/allocate/quality.js';
import { search } from '../src/compress/allocate/search.js';
import { openSolver } from '../src/compress/allocate/solve.js';
import { openWorkbench, type Verified, type Workbench } from '../src/compress/allocate/workbench.js';
import { outputSnr } from '../src/compress/outputSnr.js';
import type { FloatRunner } from '../src/compress/runner.js';
import { openWasmRunners } from '../src/device/wasmRunner.js';
import type { Graph, TensorData, TensorId } from '../src/model/graph.js';
import { readNpy } from '../src/model/npy.js';
import { type InputPort, type InputScale, samplesFor } from '../src/model/samples.js';
import { packageRoot } from '../src/packageRoot.js';
import { importModel, usedForCalibration } from '../src/packModel.js';
import { quantizeValue } from '../src/passes/integerOperands.js';
import { tuneDefaults } from '../src/tuneModel.js';
import { xorshift32 } from '../src/xorshift.js';
import { type Paired, paired } from './paired.js';

export interface AllocationRow {
  model: string;
  /** Share of int8 that was asked for, or the format of all layers. */
  plan: string;
  bytes: number;
  ofInt8: number;
  /** Corrected by other plans, and as the probes alone say. */
  predictedDb?: number;
  probedDb?: number;
  /** On the calibration samples that judge plans. */
  calibrationDb: number;
  /** On data of its own. */
  snrDb: number;
  top1: number;
  /** Share of that data for which the answer is the float model's. */
  agrees: number;
}

/** A plan of the allocator against the uniform one with the best answers of as many bytes or fewer. */
export interface PairRow {
  model: string;
  plan: string;
  uniform: string;
  right: Paired;
  asFloat: Paired;
}

interface JudgedRow extends AllocationRow {
  /** Sample by sample. */
  right: boolean[];
  asFloat: boolean[];
}

export interface RankRow {
  model: string;
  plans: number;
  spearman: number;
  /** Root mean square of predicted against measured, dB. */
  errorDb: number;
}

export interface AllocationCase {
  name: string;
  graph: Graph;
  calibration: TensorData[][];
  test: TensorData[][];
  labels: number[];
}

const shared = join(packageRoot, '..', 'shared');
const models = join(shared, 'models', 'mlperf-tiny');

const read = (path: string): ReturnType<typeof readNpy> => readNpy(readFileSync(path), path);
const model = (file: string): Graph => importModel(readFileSync(join(models, file)), file);
const port = (graph: Graph): InputPort => graph.tensors[graph.inputs[0]];

function inputs(graph: Graph, path: string, scale: InputScale): TensorData[][] {
  return samplesFor(read(path), port(graph), scale, path).data.map((d) => [d]);
}

const labelsOf = (path: string): number[] => Array.from(read(path).data as ArrayLike<number>, Number);

function icCase(): AllocationCase {
  const graph = model('pretrainedResnet.tflite');
  const data = join(shared, 'data', 'cifar10');
  return {
    name: 'ic',
    graph,
    calibration: usedForCalibration(inputs(graph, join(data, 'calib_x.npy'), 'auto')),
    test: inputs(graph, join(data, 'test_x.npy'), 'auto'),
    labels: labelsOf(join(data, 'test_y.npy')),
  };
}

const kwsCalibration = 100;

/** Its data are the int8 model's inputs: dequantized with that model's own scale; the first 100 calibrate. */
function kwsCase(): AllocationCase {
  const graph = model('kws_float.tflite');
  const int8 = model('kws_ref_model.tflite');
  const quant = int8.tensors[int8.inputs[0]].quant;
  if (!quant) throw new Error('kws_ref_model.tflite has no input scale');
  const data = join(shared, 'data', 'kws');
  const all = inputs(graph, join(data, 'test_x.npy'), { scale: quant.scales[0], zero: quant.zeroPoints[0] });
  return {
    name: 'kws',
    graph,
    calibration: all.slice(0, kwsCalibration),
    test: all.slice(kwsCalibration),
    labels: labelsOf(join(data, 'test_y.npy')).slice(kwsCalibration),
  };
}

export const allocationCases: Readonly<Record<string, () => AllocationCase>> = { ic: icCase, kws: kwsCase };
export const hasAllocationData = (): boolean => existsSync(models) && existsSync(join(shared, 'data', 'kws'));

export interface OpenCase {
  of: AllocationCase;
  bench: Workbench;
  float: FloatRunner;
}

const lossSamples = 48;

export async function openCase(
  of: AllocationCase,
  quality: Quality = 'snr',
  levels: readonly string[] = defaultLevels,
): Promise<OpenCase> {
  const runners = await openWasmRunners();
  const float = await runners.float(of.graph);
  const bench = await openWorkbench({
    graph: of.graph,
    samples: of.calibration,
    lossSamples,
    makeRunner: runners.float,
    makeIntegerRunner: runners.integer,
    levels,
    target: loadTarget('cortex-m4'),
    quality,
  });
  return { of, bench: bench.evenSlow(), float };
}

function ranks(values: readonly number[]): number[] {
  const order = values.map((_, i) => i).sort((a, b) => values[a] - values[b]);
  const rank = new Array<number>(values.length);
  order.forEach((i, k) => {
    rank[i] = k;
  });
  return rank;
}

/** Spearman's rank correlation; ties do not occur among measured losses. */
export function spearman(a: readonly number[], b: readonly number[]): number {
  const [x, y] = [ranks(a), ranks(b)];
  const n = a.length;
  return 1 - (6 * x.reduce((sum, rank, i) => sum + (rank - y[i]) ** 2, 0)) / (n * (n * n - 1));
}

export interface Ranked {
  spearman: number;
  /** Measured over predicted loss, in dB, at worst and on average. */
  errorsDb: number[];
}

/** How predictions rank random plans, which are rounded sequentially; `levels`: only the first so many formats occur. */
export async function rankPlans(
  { bench }: OpenCase,
  prediction: Prediction,
  plans: number,
  levels: number = bench.levels.length,
): Promise<Ranked> {
  const next = xorshift32(0x706c616e);
  const known = prediction.added.map((row) =>
    row.flatMap((loss, k) => (k < levels && Number.isFinite(loss) ? [k] : [])),
  );
  const drawn = Array.from({ length: plans }, (): LevelPlan => known.map((k) => k[next() % k.length]));
  const measured: number[] = [];
  for (const plan of drawn) measured.push((await bench.verify(plan)).loss);
  const predicted = drawn.map(prediction.lossOf);
  return {
    spearman: spearman(predicted, measured),
    errorsDb: measured.map((m, i) => decibels(predicted[i]) - decibels(m)),
  };
}

const bytesOf = (bench: Workbench, plan: LevelPlan): number =>
  plan.reduce((sum, level, layer) => sum + bench.costs[layer][level].bytes, 0);

/** Constants of the weighted layers as they came out: those of coded ones go with the integers. */
function madeBytes(bench: Workbench, { graph }: Verified, plan: LevelPlan): number {
  const recipe = bench.recipeOf(plan);
  const costs = layerCosts(graph, loadTarget('cortex-m4'), (name) => recipe[name]?.coded);
  return [...costs.values()].reduce((sum, c) => sum + c.bytes, 0);
}

function answerOf<T extends TensorData>(
  runner: { run(inputs: T[], visit: (id: TensorId, data: TensorData) => void): void },
  { outputs: [output] }: Graph,
  x: T,
): number {
  let answer = -1;
  runner.run([x], (id, data) => {
    if (id === output) answer = argmax(data);
  });
  return answer;
}

async function rowOf({ of, bench, float }: OpenCase, plan: LevelPlan, what: string): Promise<JudgedRow> {
  const verified = await bench.verify(plan);
  const graph = decoded(verified.graph);
  const integer = await (await openWasmRunners()).integer(graph);
  const { quant } = graph.tensors[graph.inputs[0]];
  const answers = of.test.map(([x]) => {
    const given = quant ? Int8Array.from(x as Float32Array, (v) => quantizeValue(v, quant)) : x;
    return answerOf(integer, graph, given);
  });
  const right = answers.map((a, k) => a === of.labels[k]);
  const asFloat = answers.map((a, k) => a === answerOf(float, of.graph, of.test[k][0] as Float32Array));
  const share = (list: boolean[]): number => list.filter(Boolean).length / list.length;
  const int8Bytes = bytesOf(
    bench,
    bench.layers.map(() => 0),
  );
  return {
    model: of.name,
    plan: what,
    bytes: madeBytes(bench, verified, plan),
    ofInt8: madeBytes(bench, verified, plan) / int8Bytes,
    calibrationDb: decibels(verified.loss),
    snrDb: outputSnr({ graph: of.graph, runner: float }, { graph, runner: integer }, of.test),
    ...{ top1: share(right), agrees: share(asFloat), right, asFloat },
  };
}

const shares = [0.6, 0.45, 0.35];

/** The plan of the allocator at a share of int8's bytes. */
export async function allocate(open: OpenCase, prediction: Prediction, share: number, what = ''): Promise<JudgedRow> {
  const { bench } = open;
  const limit =
    share *
    bytesOf(
      bench,
      bench.layers.map(() => 0),
    );
  const budget = { limit, costs: bench.costs.map((levels) => levels.map((c) => c.bytes)) };
  const found = await search(bench, await openSolver(), prediction, [budget], {
    seed: 1,
    evaluations: tuneDefaults.evaluations,
    // Other points of the front correct the prediction.
    frontLimits: [0.3, 0.4, 0.5, 0.7].map((s) => (s / share) * limit),
    judging: openJudge(bench, (verified, plan) => [madeBytes(bench, verified, plan) - limit]),
  });
  if (!found) throw new Error(`nothing fits ${share}`);
  const row = await rowOf(open, found.plan, `tuned ${Math.round(100 * share)} %${what}`);
  return { ...row, predictedDb: decibels(found.predicted), probedDb: decibels(found.probed) };
}

export const uniform = (open: OpenCase, level: number): Promise<JudgedRow> =>
  rowOf(
    open,
    open.bench.layers.map(() => level),
    open.bench.levels[level].name,
  );

function pairOf(row: JudgedRow, uniforms: readonly JudgedRow[], share: number): PairRow | undefined {
  const [best] = uniforms.filter((u) => u.ofInt8 <= share).sort((a, b) => b.top1 - a.top1 || b.snrDb - a.snrDb);
  return (
    best && {
      ...{ model: row.model, plan: row.plan, uniform: best.plan },
      right: paired(row.right, best.right),
      asFloat: paired(row.asFloat, best.asFloat),
    }
  );
}

const printed = ({ right: _, asFloat: _same, ...row }: JudgedRow): AllocationRow => row;

const rankedPlans = 40;

export interface Allocation {
  rows: AllocationRow[];
  pairs: PairRow[];
  ranks: RankRow[];
}

export async function benchAllocation(model?: string): Promise<Allocation> {
  const rows: AllocationRow[] = [];
  const pairs: PairRow[] = [];
  const rankRows: RankRow[] = [];
  if (!hasAllocationData()) return { rows, pairs, ranks: rankRows };
  for (const [name, make] of Object.entries(allocationCases)) {
    if (model !== undefined && model !== name) continue;
    const open = await openCase(make());
    const prediction = await predict(open.bench);
    const uniforms: JudgedRow[] = [];
    for (let level = 0; level < open.bench.levels.length; level++) uniforms.push(await uniform(open, level));
    rows.push(...uniforms.map(printed));
    const tuneEach = async (of: OpenCase, predicted: Prediction, what: string): Promise<void> => {
      for (const share of shares) {
        const row = await allocate(of, predicted, share, what);
        const pair = pairOf(row, uniforms, share);
        rows.push(printed(row));
        if (pair) pairs.push(pair);
      }
    };
    await tuneEach(open, prediction, '');
    const agreeing = await openCase(open.of, 'top1');
    await tuneEach(agreeing, await predict(agreeing.bench), ' for top-1');
    const coded = await openCase(open.of, 'snr', levelNames({ cycles: false, coded: 'stream' }));
    await tuneEach(coded, await predict(coded.bench), ' with coded');
    const ranked = await rankPlans(open, prediction, rankedPlans);
    const squares = ranked.errorsDb.reduce((sum, e) => sum + e * e, 0);
    rankRows.push({
      ...{ model: name, plans: rankedPlans, spearman: ranked.spearman },
      errorDb: Math.sqrt(squares / rankedPlans),
    });
  }
  return { rows, pairs, ranks: rankRows };
}
