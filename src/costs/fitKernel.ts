// SPDX-License-Identifier: Apache-2.0
// Counts of one kernel on some shapes -> a cost row, and how far it is off on shapes that it has not seen. The row starts from
// the one that is known already (the target's, fitted to emulated instructions) times one ratio; how far the samples may
// bend it away from there is what leaving shapes out decides. Squared errors are weighted as those of counts: by 1 / count.
import { type Cost, predictInstructions } from '../ops/variants/choose.js';
import type { Work } from '../ops/variants/variant.js';
import { fitNonNegative } from './leastSquares.js';

export interface Counted {
  work: Work;
  count: number;
}

/** A prediction against what was counted. */
export interface Missed {
  /** Relative. */
  error: number;
  count: number;
}

export interface FittedKernel {
  cost: Cost;
  /** `ratio`: the known row times one number. `fit`: its terms moved one by one. */
  how: 'fit' | 'ratio';
  /** Of each sample, predicted from those of other shapes; empty where all are of one. */
  errors: Missed[];
}

const termNames = ['perCall', 'perPixel', 'perOutput', 'perMac'] as const;
const termsOf = (work: Work): number[] => [work.calls ?? 1, work.pixels, work.outputs, work.macs];

/** Row times ratio. */
export const scaledCost = (row: Cost, ratio: number): Cost => ({
  perCall: row.perCall * ratio,
  perPixel: row.perPixel * ratio,
  perOutput: row.perOutput * ratio,
  perMac: row.perMac * ratio,
});

/** The ratio with the least squares of errors; undefined where the row predicts nothing. */
export function ratioTo(row: Cost, samples: readonly Counted[]): number | undefined {
  const predicted = samples.map(({ work }) => predictInstructions(row, work));
  const squares = predicted.reduce((sum, p, i) => sum + (p * p) / samples[i].count, 0);
  return squares > 0 ? predicted.reduce((sum, p) => sum + p, 0) / squares : undefined;
}

/**
 * The row with the least squares of errors, no term below 0; `stiffness` weighs by what part each term leaves `start`. A term
 * that is 0 there is pulled to 0 by what all samples have of it.
 */
function bent(samples: readonly Counted[], start: Cost, stiffness: number): Cost {
  const mean = samples.reduce((sum, s) => sum + s.count, 0) / samples.length;
  const rows = samples.map(({ work, count }) => termsOf(work).map((t) => t / Math.sqrt(count * mean)));
  const goals = samples.map(({ count }) => Math.sqrt(count / mean));
  const pulls = termNames.map((name, k) => {
    const all = rows.reduce((sum, r) => sum + r[k], 0);
    const weight = Math.sqrt(stiffness) * (start[name] > 0 ? 1 / start[name] : all);
    return { row: termNames.map((_, i) => (i === k ? weight : 0)), goal: weight * start[name] };
  });
  const [perCall, perPixel, perOutput, perMac] = fitNonNegative(
    [...rows, ...pulls.map((p) => p.row)],
    [...goals, ...pulls.map((p) => p.goal)],
  );
  return { perCall, perPixel, perOutput, perMac };
}

type Make = (samples: readonly Counted[]) => Cost | undefined;

/** From stiff to freer: below 0.1 a row follows small layers where large ones should be predicted (test/costs.test.ts). */
const stiffnesses = [1, 0.1] as const;

const ways = (known: Cost): { how: FittedKernel['how']; make: Make }[] => {
  const ratio: Make = (samples) => {
    const r = ratioTo(known, samples);
    return r === undefined ? undefined : scaledCost(known, r);
  };
  const bend = (stiffness: number): Make => {
    return (samples) => {
      const start = ratio(samples);
      return start && bent(samples, start, stiffness);
    };
  };
  return [{ how: 'ratio', make: ratio }, ...stiffnesses.map((s) => ({ how: 'fit' as const, make: bend(s) }))];
};

/** Many shapes are left out in so many groups. */
const maxFolds = 20;

export function grouped<T>(list: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of list) {
    const group = groups.get(keyOf(item));
    if (group) group.push(item);
    else groups.set(keyOf(item), [item]);
  }
  return groups;
}

/** Samples of equal work, which predict each other all too well. */
export const byShape = <T extends Counted>(samples: readonly T[]): T[][] => [
  ...grouped(samples, (s) => termsOf(s.work).join()).values(),
];

/** Error of each sample when a row is made from other shapes; undefined where none can be made. */
function leftOut(samples: readonly Counted[], make: Make): Missed[] | undefined {
  const shapes = byShape(samples);
  const folds = Math.min(shapes.length, maxFolds);
  const errors: Missed[] = [];
  for (let fold = 0; fold < folds; fold++) {
    const cost = make(shapes.filter((_, i) => i % folds !== fold).flat());
    if (!cost) return undefined;
    for (const { work, count } of shapes.filter((_, i) => i % folds === fold).flat())
      errors.push({ error: predictInstructions(cost, work) / count - 1, count });
  }
  return errors;
}

/** Root mean square of relative errors, weighted by counts: what is off in a small layer matters little. */
export function rootMeanSquare(list: readonly Missed[]): number {
  const all = list.reduce((sum, m) => sum + m.count, 0);
  return all > 0 ? Math.sqrt(list.reduce((sum, m) => sum + m.count * m.error ** 2, 0) / all) : 0;
}

/** A freer row must be better than a stiffer one by so many parts, and by a thousandth of the counts. */
const worthBending = 0.9;
const worthError = 0.001;

/** undefined where `known` predicts nothing for any of the samples. */
export function fitKernel(samples: readonly Counted[], known: Cost): FittedKernel | undefined {
  let best: (FittedKernel & { error: number }) | undefined;
  for (const { how, make } of ways(known)) {
    const cost = make(samples);
    if (!cost) continue;
    const errors = byShape(samples).length > 1 ? leftOut(samples, make) : [];
    if (!errors) continue;
    const error = rootMeanSquare(errors);
    if (!best || error < worthBending * best.error - worthError) best = { cost, how, errors, error };
  }
  return best && { cost: best.cost, how: best.how, errors: best.errors };
}
