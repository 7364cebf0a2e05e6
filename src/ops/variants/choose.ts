// SPDX-License-Identifier: Apache-2.0
// Which kernel a node gets on a target: the variant that the target's cost table predicts to be cheapest, else the
// operator's reference kernel.
import type { Node } from '../../model/graph.js';
import type { KernelCall, LowerContext, OpSpec } from '../op.js';
import { variants } from './index.js';
import type { Work } from './variant.js';

/** Instructions per unit of work, from the target's file. */
export interface Cost {
  perCall: number;
  perPixel: number;
  perOutput: number;
  perMac: number;
}

export const predictInstructions = (cost: Cost, work: Work): number =>
  cost.perCall + cost.perPixel * work.pixels + cost.perOutput * work.outputs + cost.perMac * work.macs;

/** The C call for a node on a target. */
export function lowerNode(spec: OpSpec, node: Node, context: LowerContext): KernelCall {
  const { isa, costs } = context.target;
  const prefer = context.prefer ?? 'balance';
  let best: { call: KernelCall; instructions: number } | undefined;
  for (const variant of variants) {
    const cost = costs?.[variant.kernel];
    if (variant.op !== node.op || !isa.includes(variant.isa) || !cost) continue;
    if (variant.prefers && !variant.prefers.includes(prefer)) continue;
    const lowered = variant.lower(node, context);
    if (!lowered) continue;
    const instructions = predictInstructions(cost, lowered.work);
    if (!best || instructions < best.instructions) best = { call: lowered.call, instructions };
  }
  return best?.call ?? spec.lower(node, context);
}
