// SPDX-License-Identifier: Apache-2.0
// A board's cost file and its target's cost table -> one table in the board's unit, with the error of each row.
//
// Targets hold the table of emulated instructions (targets/*.json `costs`, fitted by bench/fitCosts.ts). A kernel that the
// board has run gets a row of its own (fitKernel.ts); the others the target's row times what the kernels of the same operator
// took per instruction, or all kernels. Each way is judged by predicting what was counted without looking at it.
import type { CostFile, CostSample, CostSession } from '../generated/costs.js';
import type { Target } from '../generated/target.js';
import { kernelTable } from '../ops/kernels.js';
import { type Cost, predictInstructions, referenceCost } from '../ops/variants/choose.js';
import {
  byShape,
  type FittedKernel,
  fitKernel,
  grouped,
  type Missed,
  ratioTo,
  rootMeanSquare,
  scaledCost,
} from './fitKernel.js';
import { type KernelEnergy, kernelEnergies } from './kernelEnergy.js';
import { shapeKey } from './sampleRun.js';

export type Word = 'emulated' | 'measured';

/** Where a row comes from: samples of the kernel, of its operator's other kernels, of the whole board; or the target. */
export type How = FittedKernel['how'] | 'operator' | 'board' | 'target';

export interface KernelCost extends Cost {
  how: How;
  /** Shapes of this kernel that were counted. */
  shapes: number;
  /** Root mean square on what was left out; null where there is too little to tell. */
  errorPercent: number | null;
  /** What it was learnt from. */
  from: Word;
}

export interface EnergyCost {
  joulesPerCount: number;
  /** Between models, or of the one that was metered. */
  errorPercent: number;
  models: number;
  from: Word;
}

export interface CostTable {
  unit: 'cycles' | 'instructions';
  rows: Readonly<Record<string, KernelCost>>;
  /** Counts per emulated instruction of the target's table, over everything; 1 for the target's own table. */
  ratio: number;
  /** By shapeKey: what this kernel took for this shape. */
  counted: ReadonlyMap<string, CostSample>;
  sessions: readonly CostSession[];
  energy?: EnergyCost;
  /** Microjoules of kernels that a meter measured alone. */
  energies: Readonly<Record<string, KernelEnergy>>;
  /** Samples that were left out: of other versions of their kernels, at another clock. */
  stale: readonly CostSample[];
  otherClock: number;
}

/** The board's file says another clock than this: wait states change, counts too. */
const clockTolerance = 0.03;

/** Of each kernel what silicon said, where it said something. */
const best = (samples: readonly CostSample[]): CostSample[] => {
  const measured = new Set(samples.filter((s) => s.source === 'measured').map((s) => s.kernel));
  return samples.filter((s) => s.source === 'measured' || !measured.has(s.kernel));
};

const wordOf = (samples: readonly CostSample[]): Word =>
  samples.length > 0 && samples.every((s) => s.source === 'measured') ? 'measured' : 'emulated';

interface Known {
  sample: CostSample;
  op: string;
  /** Counted over what the target's table says. */
  ratio: number;
}

/** The samples of kernels that the target's table has. */
function knownOf(samples: readonly CostSample[], costs: Readonly<Record<string, Cost>>): Known[] {
  const opOf = new Map(kernelTable().map((r) => [r.name, r.op]));
  return samples.flatMap((sample): Known[] => {
    const row = costs[sample.kernel];
    const predicted = row ? predictInstructions(row, sample.work) : 0;
    return predicted > 0
      ? [{ sample, op: opOf.get(sample.kernel) ?? sample.kernel, ratio: sample.count / predicted }]
      : [];
  });
}

/** The one ratio with the least squares of errors (ratioTo). */
function ratioOf(known: readonly Known[]): number | undefined {
  const predicted = known.map((k) => k.sample.count / k.ratio);
  const squares = predicted.reduce((sum, p, i) => sum + p / known[i].ratio, 0);
  return squares > 0 ? predicted.reduce((sum, p) => sum + p, 0) / squares : undefined;
}

/** Errors of samples that are predicted by the ratio of others; nothing where there are no others. */
function errorsBy(known: readonly Known[], others: readonly Known[]): Missed[] {
  const ratio = ratioOf(others);
  return ratio === undefined ? [] : known.map((k) => ({ error: ratio / k.ratio - 1, count: k.sample.count }));
}

interface Pooled {
  /** One other shape of the same kernel; other kernels of the operator; other operators. Undefined: nothing to tell from. */
  kernel: number | undefined;
  operator: number | undefined;
  board: number | undefined;
}

/** Each shape of a kernel by the next one. */
function errorsByNext(known: readonly Known[]): Missed[] {
  const shapes = byShape(known.map((k) => ({ ...k.sample, known: k }))).map((shape) => shape.map((s) => s.known));
  return shapes.length > 1 ? shapes.flatMap((s, i) => errorsBy(s, shapes[(i + 1) % shapes.length].slice(0, 1))) : [];
}

function pooledErrors(known: readonly Known[]): Pooled {
  const rms = (errors: Missed[]): number | undefined => (errors.length > 0 ? rootMeanSquare(errors) : undefined);
  const kernels = [...grouped(known, (k) => k.sample.kernel).values()];
  const operators = [...grouped(known, (k) => k.op).values()];
  const ofOperator = (op: string, kernel: string): Known[] =>
    known.filter((o) => o.op === op && o.sample.kernel !== kernel);
  return {
    kernel: rms(kernels.flatMap(errorsByNext)),
    operator: rms(kernels.flatMap((own) => errorsBy(own, ofOperator(own[0].op, own[0].sample.kernel)))),
    board: rms(
      operators.flatMap((own) =>
        errorsBy(
          own,
          known.filter((o) => o.op !== own[0].op),
        ),
      ),
    ),
  };
}

const inPercent = (error: number | undefined): number | null =>
  error === undefined ? null : Number((100 * error).toPrecision(3));

/** Few left-out shapes say little about the next: the spread of the other kernels counts as one more of them. */
function errorOf({ errors }: FittedKernel, pooled: Pooled): number | null {
  const spread = pooled.kernel ?? pooled.operator ?? pooled.board;
  if (errors.length === 0) return inPercent(spread);
  const mean = errors.reduce((sum, e) => sum + e.count, 0) / errors.length;
  return inPercent(rootMeanSquare(spread === undefined ? errors : [...errors, { error: spread, count: mean }]));
}

function learntRows(
  samples: readonly CostSample[],
  costs: Readonly<Record<string, Cost>>,
  pooled: Pooled,
): Record<string, KernelCost> {
  const rows: Record<string, KernelCost> = {};
  for (const [kernel, own] of grouped(samples, (s) => s.kernel)) {
    // A kernel that the target does not choose is not to be chosen for having been counted.
    if (!costs[kernel] && !kernel.endsWith('__ref')) continue;
    const fitted = fitKernel(own, costs[kernel] ?? referenceCost);
    if (!fitted) continue;
    const errorPercent = errorOf(fitted, pooled);
    const shapes = byShape(own).length;
    rows[kernel] = { ...fitted.cost, how: fitted.how, shapes, errorPercent, from: wordOf(own) };
  }
  return rows;
}

/** Rows of kernels that were never counted. */
function derivedRows(
  kernels: readonly string[],
  costs: Readonly<Record<string, Cost>>,
  known: readonly Known[],
  pooled: Pooled,
): Record<string, KernelCost> {
  const opOf = new Map(kernelTable().map((r) => [r.name, r.op]));
  const rows: Record<string, KernelCost> = {};
  for (const kernel of kernels) {
    const related = known.filter((k) => k.op === opOf.get(kernel));
    const used = related.length > 0 ? related : known;
    const how = related.length > 0 ? 'operator' : known.length > 0 ? 'board' : 'target';
    const error = how === 'target' ? undefined : (pooled[how] ?? pooled.board ?? pooled.operator);
    rows[kernel] = {
      ...scaledCost(costs[kernel], ratioOf(used) ?? 1),
      ...{ how, shapes: 0, errorPercent: inPercent(error), from: wordOf(used.map((k) => k.sample)) },
    };
  }
  return rows;
}

/** One figure for the board: a model's energy over its count, and how far it is off for a model that it has not seen. */
function energyOf(sessions: readonly CostSession[]): EnergyCost | undefined {
  const metered = sessions.flatMap((s) => (s.energy ? [{ ...s.energy, count: s.count }] : []));
  const silicon = metered.filter((m) => m.source === 'measured');
  const used = silicon.length > 0 ? silicon : metered;
  if (used.length === 0) return undefined;
  const samples = used.map((m) => ({ work: { pixels: 0, outputs: 0, macs: m.count }, count: m.microjoules / 1e6 }));
  const perCount: Cost = { perCall: 0, perPixel: 0, perOutput: 0, perMac: 1 };
  const joulesPerCount = ratioTo(perCount, samples) as number;
  const others = samples.map((s, i): Missed => {
    const ratio = ratioTo(
      perCount,
      samples.filter((_, k) => k !== i),
    );
    const alone = used[i].uncertaintyMicrojoules / used[i].microjoules;
    return { error: ratio === undefined ? alone : (ratio * s.work.macs) / s.count - 1, count: s.count };
  });
  const errorPercent = inPercent(rootMeanSquare(others)) as number;
  return { joulesPerCount, errorPercent, models: used.length, from: silicon.length > 0 ? 'measured' : 'emulated' };
}

/** `codeOf`: the version of a kernel now, undefined where there is no such kernel. */
export function learntTable(
  file: CostFile,
  target: Pick<Target, 'costs'>,
  clockHz: number,
  codeOf: (kernel: string) => string | undefined,
): CostTable {
  const costs = target.costs ?? {};
  const codes = new Map([...new Set(file.samples.map((s) => s.kernel))].map((k) => [k, codeOf(k)]));
  const stale = file.samples.filter((s) => codes.get(s.kernel) !== s.code);
  const current = file.samples.filter((s) => codes.get(s.kernel) === s.code);
  const atClock = ({ clockHz: hz }: { clockHz: number }): boolean => Math.abs(hz / clockHz - 1) <= clockTolerance;
  const samples = best(current.filter(atClock));
  const known = knownOf(samples, costs);
  const pooled = pooledErrors(known);
  const learnt = learntRows(samples, costs, pooled);
  const missing = Object.keys(costs).filter((k) => !learnt[k]);
  const energy = energyOf(file.sessions.filter(atClock));
  const rows = { ...learnt, ...derivedRows(missing, costs, known, pooled) };
  return {
    unit: file.unit,
    rows,
    energies: kernelEnergies(samples, rows),
    ratio: ratioOf(known) ?? 1,
    counted: new Map(samples.map((s) => [shapeKey(s.kernel, s), s])),
    sessions: file.sessions.filter(atClock),
    ...(energy ? { energy } : {}),
    stale,
    otherClock: current.length - current.filter(atClock).length,
  };
}

/** The target's own table of emulated instructions: no board was looked at. */
export function targetTable({ costs = {} }: Pick<Target, 'costs'>): CostTable {
  const rows = Object.entries(costs).map(([kernel, cost]): [string, KernelCost] => [
    kernel,
    { ...cost, how: 'target', shapes: 0, errorPercent: null, from: 'emulated' },
  ]);
  return {
    unit: 'instructions',
    rows: Object.fromEntries(rows),
    ratio: 1,
    energies: {},
    counted: new Map(),
    sessions: [],
    stale: [],
    otherClock: 0,
  };
}

/** The target with the table instead of its own, for the choice of kernels. */
export const withTable = (target: Target, table: CostTable | undefined): Target =>
  table ? { ...target, costs: table.rows } : target;
