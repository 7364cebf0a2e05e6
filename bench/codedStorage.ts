// SPDX-License-Identifier: Apache-2.0
// npm run bench -- --only compression --table coded [--model ic|kws]: what entropy-coded storage takes, by kind, and what it
// loses. Everything that a pack for cortex-m4 stores of its layers' constants is counted; parameter structs are not.
import { loadTarget } from '../src/build/boards.js';
import { encodeConstants } from '../src/compress/code/constantsCode.js';
import { type Piece, piecesOf, readPieces } from '../src/compress/code/pieces.js';
import { quantizeFromCalibration } from '../src/compress/quantizeFromCalibration.js';
import { uniformRecipe } from '../src/compress/recipe.js';
import { openWasmRunners } from '../src/device/wasmRunner.js';
import type { Graph } from '../src/model/graph.js';
import type { ConstArray } from '../src/ops/op.js';
import type { Plan } from '../src/plan/plan.js';
import { planGraph } from '../src/plan/planGraph.js';
import { totalWeightBytes } from '../src/plan/sharedConstants.js';
import { storedOrderFor } from '../src/plan/storedOrder.js';
import { grouped, right, table } from '../src/report/table.js';
import { loadProblem, openJudge } from './compressionProblems.js';

type Kind = 'weights' | 'biases' | 'rescaling';

export interface CodedRow {
  model: string;
  weights: string;
  bytes: number;
  /** Each with its tables of frequencies. */
  byKind: Record<Kind, number>;
  floatBytes: number;
  top1: number;
  snrDb: number;
  floatTop1: number;
}

/** As `pack` takes them for coded weights. */
const codedSamples = 512;
const rates: Readonly<Record<string, readonly string[]>> = {
  ic: ['coded2.8', 'coded2.65', 'coded2', 'trellis2'],
  kws: ['coded3.5', 'coded3.1', 'coded3', 'coded2', 'trellis2.2', 'trellis2', 'trellis1.8'],
};

/** Weights are bytes and halfwords; of words biases come first, then multipliers, roundings and shifts. */
function kindsOf(pieces: readonly Piece[]): Kind[] {
  const firstWord = pieces.findIndex((p) => p.unit === 4);
  return pieces.map((p, i) => (p.unit < 4 ? 'weights' : i === firstWord ? 'biases' : 'rescaling'));
}

/** A sequence alone, without the four bytes of a stream's end. */
const codedBytes = (values: readonly number[]): number => Math.max(0, encodeConstants([alone(values)]).length - 2);

const alone = (values: readonly number[]): ConstArray => ({
  name: 'alone',
  dtype: 'int32',
  data: Int32Array.from(values),
  shape: [values.length],
});

function byKind(plan: Plan): Record<Kind, number> {
  const sums: Record<Kind, number> = { weights: 0, biases: 0, rescaling: 0 };
  for (const { coded } of plan.steps)
    for (const { array } of coded?.arrays ?? []) {
      const pieces = piecesOf(array);
      const kinds = kindsOf(pieces);
      readPieces(array.data, pieces).forEach((values, i) => {
        sums[kinds[i]] += codedBytes(values);
      });
    }
  return sums;
}

const floatBytesOf = (graph: Graph): number =>
  4 *
  graph.nodes.reduce(
    (sum, n) => sum + n.inputs.slice(1).reduce((s, id) => s + (graph.tensors[id]?.data?.length ?? 0), 0),
    0,
  );

export async function codedRows(only?: string): Promise<CodedRow[]> {
  const runners = await openWasmRunners();
  const rows: CodedRow[] = [];
  const context = { rounding: 'single', target: loadTarget('cortex-m4') } as const;
  for (const [name, levels] of Object.entries(rates).filter(([m]) => only === undefined || m === only)) {
    const problem = loadProblem(name, codedSamples);
    const judge = await openJudge(problem, runners);
    for (const weights of levels) {
      const { graph } = await quantizeFromCalibration(problem.graph, problem.calibration, runners.float, {
        makeIntegerRunner: runners.integer,
        equalize: 'none',
        recipeOf: uniformRecipe(weights),
        storedOrder: storedOrderFor(context),
      });
      const plan = planGraph(graph, context, undefined, 'stream');
      const bytes = totalWeightBytes(plan);
      const { top1 = 0, snrDb } = await judge.judge(graph);
      const floatBytes = floatBytesOf(problem.graph);
      rows.push({
        model: problem.name,
        weights,
        bytes,
        byKind: byKind(plan),
        floatBytes,
        top1,
        snrDb,
        floatTop1: judge.float ?? 0,
      });
    }
  }
  return rows;
}

export const codedLines = (rows: readonly CodedRow[]): string[] =>
  table(
    [
      { title: 'model' },
      { title: 'weights' },
      right('bytes'),
      right('of weights'),
      right('biases'),
      right('rescaling'),
      right('float32'),
      right('times'),
      right('SNR dB'),
      right('top-1 %'),
      right('float %'),
    ],
    rows.map((r) => [
      r.model,
      r.weights,
      grouped(r.bytes),
      grouped(r.byKind.weights),
      grouped(r.byKind.biases),
      grouped(r.byKind.rescaling),
      grouped(r.floatBytes),
      (r.floatBytes / r.bytes).toFixed(2),
      r.snrDb.toFixed(1),
      r.top1.toFixed(2),
      r.floatTop1.toFixed(2),
    ]),
    120,
  );
