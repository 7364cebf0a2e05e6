// SPDX-License-Identifier: Apache-2.0
// Constants that several layers have (an embedding that is the classifier too) are stored once: by the first layer that has them.
import { createHash } from 'node:crypto';
import type { ConstArray } from '../ops/op.js';
import { callsOf, constantsOf, type Plan, type Step } from './plan.js';

/** Smaller ones are seldom equal, and what a layer needs is easier to read beside it. */
const leastBytes = 512;

const isPlain = (step: Step): boolean => step.stream === undefined && step.coded === undefined;

function keyOf({ dtype, data, alignBytes }: ConstArray): string {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return `${dtype} ${alignBytes ?? 0} ${data.length} ${createHash('sha256').update(bytes).digest('hex')}`;
}

/** For an array that an earlier layer stores as well, that layer's. */
export function sharedArrays(plan: Plan): ReadonlyMap<ConstArray, ConstArray> {
  const shared = new Map<ConstArray, ConstArray>();
  const known = new Map<string, ConstArray>();
  for (const array of plan.steps.filter(isPlain).flatMap((s) => constantsOf(s.call))) {
    if (array.data.byteLength < leastBytes) continue;
    const key = keyOf(array);
    const first = known.get(key);
    if (first === undefined) known.set(key, array);
    else if (first !== array) shared.set(array, first);
  }
  return shared;
}

/** Bytes of all constant arrays that a step stores: weights, biases, multipliers, tables. Bands share theirs. */
export const weightBytes = (step: Step, shared: ReadonlyMap<ConstArray, ConstArray>): number =>
  step.coded?.bytes.length ??
  [...new Set(callsOf(step).flatMap(constantsOf))].reduce(
    (sum, array) => sum + (shared.has(array) ? 0 : array.data.byteLength),
    0,
  );

/** Of the whole plan. */
export function totalWeightBytes(plan: Plan): number {
  const shared = sharedArrays(plan);
  return plan.steps.reduce((sum, step) => sum + weightBytes(step, shared), 0);
}
