// SPDX-License-Identifier: Apache-2.0
// npm run bench -- --only compression [--model ic|kws|vww|ad]: what each engine of src/compress is worth, on held-out data.
import type { Output } from '../src/cli/output.js';
import { parseEncoding } from '../src/compress/formats/encoding.js';
import type { RecipeOf } from '../src/compress/layerRecipe.js';
import { evenRank, factorLayers } from '../src/compress/lowRank.js';
import { centred, collectMoments, importanceOf, type Moments } from '../src/compress/moments.js';
import { pruneChannels } from '../src/compress/pruneChannels.js';
import { type QuantizerOptions, quantizeFromCalibration } from '../src/compress/quantizeFromCalibration.js';
import { uniformRecipe } from '../src/compress/recipe.js';
import { descend, rowError } from '../src/compress/round/descend.js';
import type { Grid, GridRequest } from '../src/compress/round/grid.js';
import { gridOf } from '../src/compress/round/grids.js';
import { nearest } from '../src/compress/round/nearest.js';
import { secondOrder } from '../src/compress/round/secondOrder.js';
import { sensitivities } from '../src/compress/sensitivity.js';
import { openWasmRunners } from '../src/device/wasmRunner.js';
import type { Graph, Node, TensorId } from '../src/model/graph.js';
import { matrixIndex, weightRows } from '../src/ops/weightMatrix.js';
import { isWeighted } from '../src/passes/affine.js';
import { grouped, right, table } from '../src/report/table.js';
import { type Judge, loadProblem, openJudge, type Problem, problemNames } from './compressionProblems.js';
import { learn } from './learnedRounding.js';
import { matchVariances } from './matchVariances.js';
import { weightImportances } from './weightImportances.js';

type Runners = Awaited<ReturnType<typeof openWasmRunners>>;

interface Bench {
  problem: Problem;
  judge: Judge;
  runners: Runners;
  moments: Map<TensorId, Moments>;
}

/** One packed model, judged. */
export interface CompressionRow {
  model: string;
  what: string;
  weights: number;
  top1?: number;
  snrDb: number;
  seconds: number;
}

const weightCount = (graph: Graph): number =>
  graph.nodes
    .filter((n) => isWeighted(n))
    .reduce((sum, n) => sum + graph.tensors[n.inputs[1]].shape.reduce((a, b) => a * b, 1), 0);

async function row(
  b: Bench,
  what: string,
  options: QuantizerOptions,
  graph = b.problem.graph,
): Promise<CompressionRow> {
  const started = performance.now();
  const packed = await quantizeFromCalibration(graph, b.problem.calibration, b.runners.float, {
    makeIntegerRunner: b.runners.integer,
    // The scaling that `auto` chooses for the model at int8; all rows of a model share it.
    equalize: b.problem.name === 'VWW' ? 'activations' : 'none',
    ...options,
  });
  const seconds = (performance.now() - started) / 1000;
  return { model: b.problem.name, what, weights: weightCount(graph), ...(await b.judge.judge(packed.graph)), seconds };
}

/** Question 1: what rounding is worth, step by step. */
export async function roundingRows(b: Bench, formats: readonly string[]): Promise<CompressionRow[]> {
  const rows = [await row(b, 'int8', {})];
  for (const f of formats) {
    const near = uniformRecipe(f, 'nearest');
    const output = uniformRecipe(f);
    rows.push(await row(b, `${f} nearest`, { recipeOf: near, lossInputs: 'float' }));
    rows.push(await row(b, `${f} nearest, biases re-estimated`, { recipeOf: near, lossInputs: 'sequential' }));
    rows.push(await row(b, `${f} output`, { recipeOf: output, lossInputs: 'float' }));
    rows.push(await row(b, `${f} output, around the mean`, { recipeOf: output, lossInputs: 'centred' }));
    rows.push(await row(b, `${f} output, sequential`, { recipeOf: output, lossInputs: 'sequential' }));
  }
  return rows;
}

/** Question 3: whole channels. */
export async function channelRows(b: Bench): Promise<CompressionRow[]> {
  const rows: CompressionRow[] = [];
  for (const share of [0.1, 0.2, 0.3])
    for (const compensate of ['bias', 'weights'] as const) {
      const graph = pruneChannels(b.problem.graph, b.moments, { share, compensate });
      rows.push(await row(b, `${100 * share} % of channels gone, ${compensate} make up`, {}, graph));
    }
  return rows;
}

/** Question 4: two thin layers for one, at a share of its weights; int8. */
export async function rankRows(b: Bench): Promise<CompressionRow[]> {
  const rows: CompressionRow[] = [];
  for (const share of [0.9, 0.75, 0.5]) {
    const rank = (_: Node, shape: readonly number[]): number =>
      Math.max(
        1,
        Math.floor(
          share *
            evenRank(
              shape[0],
              shape.slice(1).reduce((a, b) => a * b, 1),
            ),
        ),
      );
    rows.push(await row(b, `rank at ${100 * share} % of weights`, {}, factorLayers(b.problem.graph, b.moments, rank)));
  }
  return rows;
}

/** Question 2: masks, end to end. */
export async function maskRows(b: Bench): Promise<CompressionRow[]> {
  const rows: CompressionRow[] = [];
  for (const f of ['sparse2:4', 'sparse1:4', 'block8-int4']) rows.push(await row(b, f, { recipeOf: uniformRecipe(f) }));
  return rows;
}

/** Question 6: variances of every layer's outputs matched again, as batch norm re-estimated would. */
export async function varianceRows(b: Bench): Promise<CompressionRow[]> {
  const rows: CompressionRow[] = [];
  for (const f of ['int4', 'int3g32'])
    for (const method of ['nearest', 'output'] as const) {
      const started = performance.now();
      const { graph, calibration, name } = b.problem;
      const made = await matchVariances(graph, calibration, b.runners.float, uniformRecipe(f, method));
      const seconds = (performance.now() - started) / 1000;
      const common = { model: name, weights: weightCount(graph), seconds };
      for (const [what, packed] of [
        [`${f} ${method}`, made.plain],
        [`${f} ${method}, variances matched`, made.matched],
      ] as const)
        rows.push({ ...common, what, ...(await b.judge.judge(packed)) });
    }
  return rows;
}

const sensitiveFormats = ['palette16', 'palette8', 'palette4', 'palette4c', 'int4+out', 'int3+out', 'int2+out'];

/** Question 5: palettes and outliers by what an error costs at the network's output, not at the layer's own. */
export async function sensitiveRows(b: Bench): Promise<CompressionRow[]> {
  const { graph, calibration } = b.problem;
  const felt = sensitivities(graph, calibration, await b.runners.float(graph), b.moments);
  const by =
    (recipeOf: RecipeOf): RecipeOf =>
    (node, shape) => {
      const recipe = recipeOf(node, shape);
      const own = felt.get(node.outputs[0]);
      const [rows, count] = [weightRows(node.op, shape), shape.reduce((a, b) => a * b, 1)];
      return recipe && own ? { ...recipe, importances: weightImportances(own, rows, count / rows) } : recipe;
    };
  const rows: CompressionRow[] = [];
  for (const f of sensitiveFormats)
    for (const method of ['nearest', 'output'] as const) {
      const recipeOf = uniformRecipe(f, method);
      const plain = method === 'nearest' ? 'all weights alike' : 'by the inputs';
      rows.push(await row(b, `${f} ${method}, ${plain}`, { recipeOf }));
      rows.push(await row(b, `${f} ${method}, by sensitivity`, { recipeOf: by(recipeOf) }));
    }
  return rows;
}

/** One layer's loss by several methods, in dB below the layer's output variance. */
export interface LayerRow {
  model: string;
  layer: string;
  lossDb: Record<string, number>;
  milliseconds: Record<string, number>;
}

interface LayerProblem {
  request: GridRequest;
  momentOf: (row: number) => Float64Array;
}

function layerProblem(b: Bench, node: Node, format: string): LayerProblem {
  const w = b.problem.graph.tensors[node.inputs[1]];
  const rows = weightRows(node.op, w.shape);
  const at = matrixIndex(node.op, w.shape);
  const own = centred(b.moments.get(node.outputs[0]) as Moments);
  const weights = new Float64Array(rows * own.columns);
  (w.data as Float32Array).forEach((v, i) => {
    weights[at(i)] = v;
  });
  const encoding = parseEncoding(format);
  if (!encoding) throw new Error(`${format} is no format`);
  const leastScales = new Float64Array(rows).fill(1e-9);
  return {
    momentOf: (r) => own.matrices[Math.floor(r / own.rowsPerMatrix)],
    request: { rows, columns: own.columns, weights, encoding, leastScales, importance: importanceOf(own) },
  };
}

function lossOf({ request, momentOf }: LayerProblem, grid: Grid | undefined, integers: Int8Array): number {
  const { rows, columns: n, weights } = request;
  let total = 0;
  for (let r = 0; r < rows; r++)
    total += rowError(
      momentOf(r),
      Float64Array.from({ length: n }, (_, c) => weights[r * n + c] - integers[r * n + c] * (grid?.scales[r] ?? 0)),
    );
  return total;
}

type Method = (p: LayerProblem) => { grid: Grid; integers: Int8Array };

const descended = (p: LayerProblem, grid: Grid, integers: Int8Array): Int8Array => {
  descend(p.request, grid, p.momentOf, integers);
  return integers;
};

const plainMethods: Record<string, Method> = {
  nearest: (p) => {
    const grid = gridOf(p.request);
    return { grid, integers: nearest(p.request, grid).values };
  },
  'second order': (p) => {
    const grid = gridOf(p.request);
    return { grid, integers: secondOrder(p.request, grid, p.momentOf) };
  },
  '+ descent': (p) => {
    const grid = gridOf(p.request);
    return { grid, integers: descended(p, grid, secondOrder(p.request, grid, p.momentOf)) };
  },
  learned: (p) => {
    const grid = gridOf(p.request);
    return { grid, integers: learn(p.request, grid, p.momentOf) };
  },
  'learned + descent': (p) => {
    const grid = gridOf(p.request);
    return { grid, integers: descended(p, grid, learn(p.request, grid, p.momentOf)) };
  },
};

const maskMethods: Record<string, Method> = {
  'by magnitude': plainMethods['+ descent'],
  'second order': (p) => {
    const grid = gridOf({ ...p.request, momentOf: p.momentOf });
    return { grid, integers: descended(p, grid, secondOrder(p.request, grid, p.momentOf)) };
  },
};

/** The same layers by each method. */
export function layerRows(b: Bench, format: string, methods: Record<string, Method>): LayerRow[] {
  return b.problem.graph.nodes
    .filter((n) => isWeighted(n))
    .map((node) => {
      const p = layerProblem(b, node, format);
      const { rows, columns } = p.request;
      const all = lossOf(p, undefined, new Int8Array(rows * columns));
      const result: LayerRow = {
        model: b.problem.name,
        layer: `${node.op} ${rows}x${columns}`,
        lossDb: {},
        milliseconds: {},
      };
      for (const [name, method] of Object.entries(methods)) {
        const started = performance.now();
        const { grid, integers } = method(p);
        result.milliseconds[name] = performance.now() - started;
        result.lossDb[name] = 10 * Math.log10(all / Math.max(Number.MIN_VALUE, lossOf(p, grid, integers)));
      }
      return result;
    });
}

const lines = (rows: readonly CompressionRow[]): string[] =>
  table(
    [{ title: 'model' }, { title: 'what' }, right('weights'), right('top-1 %'), right('SNR dB'), right('seconds')],
    rows.map((r) => [
      r.model,
      r.what,
      grouped(r.weights),
      r.top1?.toFixed(2) ?? '–',
      r.snrDb.toFixed(2),
      r.seconds.toFixed(1),
    ]),
    110,
  );

const layerLines = (rows: readonly LayerRow[]): string[] => {
  const methods = Object.keys(rows[0]?.lossDb ?? {});
  return table(
    [
      { title: 'model' },
      { title: 'layer' },
      ...methods.map((m) => right(`${m}, dB`)),
      ...methods.map((m) => right(`${m}, ms`)),
    ],
    rows.map((r) => [
      r.model,
      r.layer,
      ...methods.map((m) => r.lossDb[m].toFixed(2)),
      ...methods.map((m) => r.milliseconds[m].toFixed(0)),
    ]),
    200,
  );
};

export const compressionTables = [
  'rounding',
  'learned',
  'variances',
  'masks',
  'channels',
  'rank',
  'sensitivity',
] as const;
export type CompressionTable = (typeof compressionTables)[number];

async function tableLines(b: Bench, name: CompressionTable): Promise<string[]> {
  const formats = b.problem.labels ? ['int4', 'int4g32', 'int3g32'] : ['int4', 'int4g32'];
  const tables: Record<CompressionTable, () => Promise<string[]>> = {
    rounding: async () => lines(await roundingRows(b, formats)),
    learned: async () => layerLines(layerRows(b, 'int4', plainMethods)),
    variances: async () => lines(await varianceRows(b)),
    masks: async () => [...layerLines(layerRows(b, 'sparse2:4', maskMethods)), ...lines(await maskRows(b))],
    channels: async () => lines(await channelRows(b)),
    rank: async () => lines(await rankRows(b)),
    sensitivity: async () => lines(await sensitiveRows(b)),
  };
  return tables[name]();
}

/** Prints the tables for one model, or all. */
export async function benchCompression(
  { model, table: only }: { model?: string; table?: string },
  out: Output,
): Promise<void> {
  const runners = await openWasmRunners();
  for (const name of problemNames.filter((p) => model === undefined || p === model)) {
    const problem = loadProblem(name);
    const judge = await openJudge(problem, runners);
    const moments = collectMoments(problem.graph, problem.calibration, await runners.float(problem.graph));
    const b = { problem, judge, runners, moments };
    out.plain(
      `${problem.name}: float ${judge.float === undefined ? 'has no labels here' : `${judge.float.toFixed(2)} %`}\n`,
    );
    for (const t of compressionTables)
      if (only === undefined || only === t) out.plain(`${t}\n${(await tableLines(b, t)).join('\n')}\n\n`);
  }
}
