// SPDX-License-Identifier: Apache-2.0
// Integer addition as one linear form. TensorFlow Lite rounds three times; with 20 spare bits that almost never moves a
// result, so some (a * aFactor + b * bFactor + offset) >> shift usually gives the same for every pair of int8. Usually is
// not enough: here all 65,536 pairs decide, and where no form passes there is none.

export interface LinearForm {
  aFactor: number;
  bFactor: number;
  offset: number;
  shift: number;
}

export interface LinearGoal {
  /** Results for a, b in [-128, 127], b fastest. */
  results: Int8Array;
  /** Bounds of the results: beyond them only the side counts. */
  min: number;
  max: number;
  /** Roughly the change of the result per step of a and of b. */
  aSlope: number;
  bSlope: number;
}

const values = Array.from({ length: 256 }, (_, i) => i - 128);

/** The offsets with which both factors give every result: [from, to), empty where there are none. */
function offsetRange(goal: LinearGoal, aFactor: number, bFactor: number, unit: number): [from: number, to: number] {
  let [from, to] = [-Infinity, Infinity];
  let at = 0;
  for (const a of values) {
    for (const b of values) {
      const result = goal.results[at++];
      const rest = result * unit - a * aFactor - b * bFactor;
      if (result > goal.min && rest > from) from = rest;
      if (result < goal.max && rest + unit < to) to = rest + unit;
      if (from >= to) return [0, 0];
    }
  }
  return [from, to];
}

/** Whether every sum is an int32 before the shift. */
function fits(aFactor: number, bFactor: number, offset: number): boolean {
  const sums = [-128, 127].flatMap((a) => [-128, 127].map((b) => a * aFactor + b * bFactor + offset));
  return sums.every((s) => s >= -(2 ** 31) && s < 2 ** 31) && Math.abs(offset) < 2 ** 31;
}

const nearby = [0, 1, -1, 2, -2];

function formAt(goal: LinearGoal, shift: number): LinearForm | undefined {
  const unit = 2 ** shift;
  for (const da of nearby) {
    for (const db of nearby) {
      const [aFactor, bFactor] = [Math.round(goal.aSlope * unit) + da, Math.round(goal.bSlope * unit) + db];
      const [from, to] = offsetRange(goal, aFactor, bFactor, unit);
      if (from >= to || !Number.isFinite(from) || !Number.isFinite(to)) continue;
      const offset = Math.floor((from + to - 1) / 2);
      if (fits(aFactor, bFactor, offset)) return { aFactor, bFactor, offset, shift };
    }
  }
  return undefined;
}

/** A form that gives every result, or undefined. More bits below the point come closer, so the largest shift is first. */
export function linearForm(goal: LinearGoal): LinearForm | undefined {
  for (let shift = 25; shift >= 16; shift--) {
    if ((Math.abs(goal.aSlope) + Math.abs(goal.bSlope)) * 2 ** shift * 128 >= 2 ** 32) continue;
    const form = formAt(goal, shift);
    if (form) return form;
  }
  return undefined;
}
