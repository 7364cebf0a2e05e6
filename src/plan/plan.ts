// SPDX-License-Identifier: Apache-2.0
// Graph -> Plan: which call runs when, and where in the arena each tensor lies. Input and output buffers count.
import type { Graph, Node, TensorId } from '../model/graph.js';
import type { KernelCall, LowerContext } from '../ops/op.js';
import { lowerNode } from '../ops/variants/choose.js';
import { type Buffer, findBuffers, specOf } from './buffers.js';
import { orderNodes } from './orderNodes.js';
import { place, type Share } from './place.js';

/** Enough for int64 and for every load that a 32-bit core makes; kernels assume no more than element alignment. */
export const arenaAlignBytes = 8;
const bufferAlignBytes = 4;

export interface Step {
  node: Node;
  call: KernelCall;
  macs: number;
  /** Arena offset of the call's scratch, when it has any. */
  scratchOffset: number;
}

export interface Plan {
  steps: Step[];
  offsetOf: Map<TensorId, number>;
  viewOf: Map<TensorId, TensorId>;
  arenaBytes: number;
  /** Proved: no plan for this operator order and these calls can need less. arenaBytes === boundBytes: optimal. */
  boundBytes: number;
  /** For the picture of the arena over time. */
  buffers: (Buffer & { offset: number })[];
}

/** The pairs of buffers that may overlap: an output, and the input that dies where it is made. */
function findShares(
  nodes: readonly Node[],
  calls: readonly KernelCall[],
  bufferOf: ReadonlyMap<TensorId, Buffer>,
  all: readonly Buffer[],
): Share[] {
  return nodes.flatMap((node, step): Share[] => {
    const { overlap } = calls[step];
    if (!overlap) return [];
    const input = bufferOf.get(node.inputs[overlap.input]);
    const output = bufferOf.get(node.outputs[0]);
    if (!input || !output || input === output || input.last !== step || output.first !== step) return [];
    // Another input of the same call must not be in that buffer.
    if (node.inputs.some((id, i) => i !== overlap.input && bufferOf.get(id) === input)) return [];
    const { lagBytes, stepBytes } = overlap;
    return [{ output: all.indexOf(output), input: all.indexOf(input), lagBytes, stepBytes }];
  });
}

/** Plans the whole graph; every node must be lowerable. */
export function planGraph(graph: Graph, context: Omit<LowerContext, 'graph'>): Plan {
  const { nodes, buffers, bufferOf, viewOf } = findBuffers(orderNodes(graph));
  const calls = nodes.map((node) => lowerNode(specOf(node), node, { ...context, graph }));
  const scratch = calls.flatMap((call, step): Buffer[] =>
    call.scratchBytes > 0
      ? [{ name: `scratch of ${nodes[step].name}`, bytes: call.scratchBytes, first: step, last: step, tensors: [] }]
      : [],
  );
  const all = [...buffers, ...scratch];
  const placement = place(all, bufferAlignBytes, findShares(nodes, calls, bufferOf, all));
  const placed = all.map((b, i) => ({ ...b, offset: placement.offsets[i] }));
  const offsetOfBuffer = new Map(all.map((b, i) => [b, placement.offsets[i]]));

  const offsetOf = new Map<TensorId, number>();
  for (const [id, buffer] of bufferOf) offsetOf.set(id, offsetOfBuffer.get(buffer) as number);
  const scratchAt = new Map(scratch.map((b) => [b.first, offsetOfBuffer.get(b) as number]));
  const steps = nodes.map((node, i) => ({
    node,
    call: calls[i],
    macs: specOf(node).macs(node, graph),
    scratchOffset: scratchAt.get(i) ?? 0,
  }));
  return {
    steps,
    offsetOf,
    viewOf,
    arenaBytes: placement.totalBytes,
    boundBytes: placement.boundBytes,
    buffers: placed,
  };
}

/** Bytes of all constant arrays of the plan: weights, biases, multipliers, tables. */
export function weightBytes(call: KernelCall): number {
  return call.params.fields.reduce((sum, [, value]) => {
    if (value === null || typeof value !== 'object' || !('const' in value)) return sum;
    return sum + value.const.data.byteLength;
  }, 0);
}
