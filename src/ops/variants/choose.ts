// SPDX-License-Identifier: Apache-2.0
// Which kernel a node gets on a target: the variant that the target's cost table predicts to be cheapest, else the
// operator's reference kernel. Under `size`, the kernels that make all nodes together smallest (smallest.ts).
import { elementCount, type Node } from '../../model/graph.js';
import { outputOf } from '../attributes.js';
import { flashBytes } from '../constantBytes.js';
import type { KernelCall, LowerContext, OpSpec } from '../op.js';
import { variants } from './index.js';
import { smallestKernels } from './smallest.js';
import type { Work } from './variant.js';

/** Per unit of work: instructions, from the target's file, or what a board counted (costs/boardCosts.ts). */
export interface Cost {
  perCall: number;
  perPixel: number;
  perOutput: number;
  perMac: number;
}

export const predictInstructions = (cost: Cost, work: Work): number =>
  cost.perCall * (work.calls ?? 1) +
  cost.perPixel * work.pixels +
  cost.perOutput * work.outputs +
  cost.perMac * work.macs;

/** A way to compute a node. */
export interface Candidate {
  call: KernelCall;
  work: Work;
  /** Estimated; undefined where the kernel has no cost row. In the unit of the target's costs. */
  instructions: number | undefined;
}

/** The variants that fit a node under the context's preference. */
function variantsFor(node: Node, context: LowerContext): Candidate[] {
  const { isa, costs } = context.target;
  const prefer = context.prefer ?? 'balance';
  return variants.flatMap((variant) => {
    const cost = costs?.[variant.kernel];
    if (variant.op !== node.op || !isa.includes(variant.isa) || !cost) return [];
    if (variant.prefers && !variant.prefers.includes(prefer)) return [];
    const lowered = variant.lower(node, context);
    return lowered ? [{ ...lowered, instructions: predictInstructions(cost, lowered.work) }] : [];
  });
}

export function workOfReference(spec: OpSpec, node: Node, { graph }: LowerContext): Work {
  if (spec.work) return spec.work(node, graph);
  const { shape } = outputOf(node, graph);
  const outputs = elementCount(shape);
  return { pixels: outputs / (shape.at(-1) ?? 1), outputs, macs: spec.macs(node, graph) };
}

function reference(spec: OpSpec, node: Node, context: LowerContext): Candidate {
  const call = spec.lower(node, context);
  const cost = context.target.costs?.[call.kernel];
  const work = workOfReference(spec, node, context);
  return { call, work, instructions: cost && predictInstructions(cost, work) };
}

const slowest = (c: Candidate): number => c.instructions ?? Number.POSITIVE_INFINITY;

function fastest(spec: OpSpec, node: Node, context: LowerContext): Candidate {
  const [first, ...rest] = variantsFor(node, context);
  if (!first) return reference(spec, node, context);
  return rest.reduce((best, c) => (slowest(c) < slowest(best) ? c : best), first);
}

/** The kernels of all nodes, in their order. */
export function chooseKernels(nodes: readonly { spec: OpSpec; node: Node }[], context: LowerContext): Candidate[] {
  if (context.prefer !== 'size') return nodes.map(({ spec, node }) => fastest(spec, node, context));
  const code = context.target.codeBytes ?? {};
  const choices = nodes.map(({ spec, node }) => {
    const measured = variantsFor(node, context).filter((c) => code[c.call.kernel] !== undefined);
    return [...measured, reference(spec, node, context)];
  });
  const options = choices.map((list) =>
    list.map((c) => ({ kernel: c.call.kernel, bytes: flashBytes(c.call), instructions: slowest(c) })),
  );
  return smallestKernels(options, (kernel) => code[kernel] ?? 0).map((at, i) => choices[i][at]);
}

/** The C call for one node on a target. */
export const lowerNode = (spec: OpSpec, node: Node, context: LowerContext): KernelCall =>
  chooseKernels([{ spec, node }], context)[0].call;

export type Estimated = Candidate & { instructions: number };

// Where a target does not measure its reference kernels: a rough figure, of the Cortex-M4, that keeps them behind any
// variant. They are chosen over one for their memory only.
export const referenceCost: Cost = { perCall: 100, perPixel: 60, perOutput: 40, perMac: 12 };

const estimated = (c: Candidate): Estimated & { rough: boolean } => ({
  ...c,
  instructions: c.instructions ?? predictInstructions(referenceCost, c.work),
  rough: c.instructions === undefined,
});

/** The chosen call and what it takes; `rough` where the target has no cost row for its kernel. */
export const estimateNode = (spec: OpSpec, node: Node, context: LowerContext): Estimated & { rough: boolean } =>
  estimated(chooseKernels([{ spec, node }], context)[0]);

/** Every way to compute a node on the target, the reference kernel last. */
export const candidatesOf = (spec: OpSpec, node: Node, context: LowerContext): Estimated[] =>
  [...variantsFor(node, context), reference(spec, node, context)].map(estimated);
