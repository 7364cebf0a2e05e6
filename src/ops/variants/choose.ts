// SPDX-License-Identifier: Apache-2.0
// Which kernel a node gets on a target: the variant that the target's cost table predicts to be cheapest, else the
// operator's reference kernel.
import { elementCount, type Node } from '../../model/graph.js';
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

export interface Candidate {
  call: KernelCall;
  /** Predicted. */
  instructions: number;
}

// No target measures its reference kernels: a rough figure, of the Cortex-M4, that keeps them behind any variant. They
// are chosen over one for their memory only.
const referenceCost: Cost = { perCall: 100, perPixel: 60, perOutput: 40, perMac: 12 };

function referenceCandidate(spec: OpSpec, node: Node, context: LowerContext): Candidate {
  const outputs = elementCount(context.graph.tensors[node.outputs[0]].shape);
  const work = { pixels: 0, outputs, macs: spec.macs(node, context.graph) };
  return { call: spec.lower(node, context), instructions: predictInstructions(referenceCost, work) };
}

/** The node with one kernel, or undefined where the target has none such or it does not fit; no name: the reference. */
export function lowerAs(
  kernel: string | undefined,
  spec: OpSpec,
  node: Node,
  context: LowerContext,
): Candidate | undefined {
  if (kernel === undefined) return referenceCandidate(spec, node, context);
  const variant = variants.find((v) => v.kernel === kernel && v.op === node.op);
  const cost = context.target.costs?.[kernel];
  const lowered = variant && cost && variant.lower(node, context);
  return lowered && { call: lowered.call, instructions: predictInstructions(cost, lowered.work) };
}

/** Names of the kernels that may compute the operator on the target; the last one, undefined, is the reference. */
export function kernelsFor(node: Node, { target, prefer = 'balance' }: LowerContext): (string | undefined)[] {
  const fit = variants.filter(
    (v) =>
      v.op === node.op &&
      target.isa.includes(v.isa) &&
      target.costs?.[v.kernel] &&
      (!v.prefers || v.prefers.includes(prefer)),
  );
  return [...fit.map((v) => v.kernel), undefined];
}

/** The C call for a node on a target. */
export function lowerNode(spec: OpSpec, node: Node, context: LowerContext): KernelCall {
  let best: Candidate | undefined;
  for (const kernel of kernelsFor(node, context)) {
    if (kernel === undefined) break;
    const candidate = lowerAs(kernel, spec, node, context);
    if (candidate && (!best || candidate.instructions < best.instructions)) best = candidate;
  }
  return best?.call ?? spec.lower(node, context);
}
