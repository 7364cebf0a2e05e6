// SPDX-License-Identifier: Apache-2.0
// The loss of any plan from measurements of single changes. Around a plan, each level of each layer is measured with all
// other layers as they are; what the change does to the answers is kept as a vector. The answers of another plan are
// predicted as the sum of its changes, so that errors of two layers that point the same way count for more than the sum
// of their squares, and errors that cancel for less; but by a share only, for layers behind clip and mask part of it.
import { lossOf } from './quality.js';
import type { LevelPlan, Workbench } from './workbench.js';

export interface Prediction {
  /** The plan around which was measured, and its loss. */
  around: LevelPlan;
  base: number;
  /** Loss of each single change, as measured: [layer][level]; infinite where it was not worth measuring. */
  single: number[][];
  /** Predicted loss of a plan. */
  lossOf(plan: LevelPlan): number;
  /** By how much the loss changes when one layer of the plan goes to each level: [layer][level]. */
  changes(plan: LevelPlan): number[][];
}

export type Progress = (done: number, all: number) => void;

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

const difference = (a: Float64Array, b: Float64Array): Float64Array => a.map((v, i) => v - b[i]);

/**
 * How much of the product of two layers' changes is found again when both are made. Over 60 random plans of IC and KWS the
 * sum of squares alone (0) predicts 0.3 to 1.1 dB too little noise, full products (1) 1.4 to 3.0 dB too much.
 */
const pairShare = 0.2;

/** Dot products of all pairs of vectors, and with the error that is there already. */
interface Products {
  start: number;
  withStart: number[][];
  /** [layer][level][layer][level] */
  pairs: number[][][][];
}

function productsOf(start: Float64Array, vectors: readonly (readonly Float64Array[])[], signal: number): Products {
  const over = 1 / signal;
  const pairs = vectors.map((levels) =>
    levels.map((a) => vectors.map((others) => others.map((b) => over * dot(a, b)))),
  );
  return {
    start: over * dot(start, start),
    withStart: vectors.map((levels) => levels.map((a) => over * dot(start, a))),
    pairs,
  };
}

export async function predict(
  bench: Workbench,
  around: LevelPlan = bench.layers.map(() => 0),
  onProgress: Progress = () => {},
  worth: (layer: number, level: number) => boolean = () => true,
): Promise<Prediction> {
  const { clean, layers, levels } = bench;
  const base = await bench.answersOf(around);
  const vectors: Float64Array[][] = [];
  const single: number[][] = [];
  const wanted = layers.map((_, layer) => levels.map((_, level) => level === around[layer] || worth(layer, level)));
  const all = wanted.flat().filter(Boolean).length - layers.length;
  let done = 0;
  for (let layer = 0; layer < layers.length; layer++) {
    vectors.push([]);
    single.push([]);
    for (let level = 0; level < levels.length; level++) {
      const same = level === around[layer];
      if (!wanted[layer][level]) {
        vectors[layer].push(new Float64Array(base.length));
        single[layer].push(Number.POSITIVE_INFINITY);
        continue;
      }
      const answers = same ? base : await bench.answersOf(around.map((l, i) => (i === layer ? level : l)));
      vectors[layer].push(difference(answers, base));
      single[layer].push(lossOf(clean, answers));
      if (!same) onProgress(++done, all);
    }
  }
  const signal = dot(clean, clean) || 1;
  const products = productsOf(difference(base, clean), vectors, signal);
  return { around, base: lossOf(clean, base), single, ...quadratic(products, wanted) };
}

function quadratic(
  { start, withStart, pairs }: Products,
  known: readonly (readonly boolean[])[],
): Pick<Prediction, 'lossOf' | 'changes'> {
  const loss = (plan: LevelPlan): number => {
    if (plan.some((level, layer) => !known[layer][level])) return Number.POSITIVE_INFINITY;
    let sum = start;
    plan.forEach((level, layer) => {
      sum += 2 * withStart[layer][level];
      plan.forEach((other, j) => {
        sum += (j === layer ? 1 : pairShare) * pairs[layer][level][j][other];
      });
    });
    return Math.max(sum, 0);
  };
  return {
    lossOf: loss,
    changes: (plan) => {
      const now = loss(plan);
      return withStart.map((levels, layer) =>
        levels.map((_, level) => loss(plan.map((l, i) => (i === layer ? level : l))) - now),
      );
    },
  };
}
