// SPDX-License-Identifier: Apache-2.0
// What --prefer speed or size gave for what, against balance, in a sentence for the pack's notes.
import type { Target } from '../generated/target.js';
import { flashBytes } from '../ops/constantBytes.js';
import type { Prefer } from '../ops/op.js';
import { grouped } from '../report/table.js';
import type { Plan } from './plan.js';

const signed = (n: number): string => (n < 0 ? `-${grouped(-n)}` : `+${grouped(n)}`);

/** Constants, parameters, and the code of each kernel once. */
function flashOf({ steps }: Plan, target: Target): number {
  const constants = steps.reduce((sum, s) => sum + flashBytes(s.call), 0);
  const kernels = new Set(steps.map((s) => s.call.kernel));
  return constants + [...kernels].reduce((sum, k) => sum + (target.codeBytes?.[k] ?? 0), 0);
}

/** Estimated instructions of the steps that do not have the same kernel in both; undefined where one with products has no
 *  estimate. (A softmax or the like without one is left out: it is next to nothing.) */
function instructionsMore(plan: Plan, other: Plan): number | undefined {
  let more: number | undefined = 0;
  for (const [i, step] of plan.steps.entries()) {
    const before = other.steps[i];
    if (step.call.kernel === before.call.kernel) continue;
    if (step.instructions === undefined || before.instructions === undefined) {
      if (step.macs > 0) return undefined;
      continue;
    }
    more += step.instructions - before.instructions;
  }
  return more;
}

/** Undefined where there is nothing to weigh: both plans have the same kernels. */
export function tradeOffNote(
  prefer: Prefer,
  plan: Plan,
  balance: Plan,
  target: Target,
  unit: 'cycles' | 'instructions',
): string | undefined {
  if (plan.steps.every((s, i) => s.call.kernel === balance.steps[i].call.kernel)) return undefined;
  const flash = signed(flashOf(plan, target) - flashOf(balance, target));
  const more = instructionsMore(plan, balance);
  const instructions =
    more === undefined
      ? `more ${unit} (no estimate)`
      : `${grouped(Math.round(Math.abs(more)))} ${more < 0 ? 'fewer' : 'more'} ${unit}`;
  return `prefer ${prefer}: ${flash} bytes of flash for ${instructions}, against balance (estimated)`;
}
