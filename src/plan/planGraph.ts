// SPDX-License-Identifier: Apache-2.0
// Graph -> Plan: which call runs when, and where in the arena each tensor lies. Input and output buffers count.
import { type Graph, type Node, type TensorId, tensorBytes } from '../model/graph.js';
import type { KernelCall, LowerContext } from '../ops/op.js';
import { type Candidate, chooseKernels, lowerNode } from '../ops/variants/choose.js';
import type { Work } from '../ops/variants/variant.js';
import { type Buffer, findBuffers, specOf } from './buffers.js';
import { type CodedConstants, type CodedMode, codeConstants } from './codedConstants.js';
import { orderNodes } from './orderNodes.js';
import { findPins } from './pins.js';
import { place, type Share } from './place.js';
import type { Plan, Step } from './plan.js';
import { type Segment, segmentsLike, smallestPlan } from './ram.js';
import type { Stream } from './stream.js';
import { streamNode, withStreams } from './streamNode.js';

/** Enough for int64 and for every load that a 32-bit core makes; kernels assume no more than element alignment. */
const arenaAlignBytes = 8;
const bufferAlignBytes = 4;
/** An NPU's memory begins at multiples of this (blobAlignBytes of npuBlob.ts). */
const pinnedAlignBytes = 16;

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
    if (!all.includes(input) || !all.includes(output)) return [];
    // Another input of the same call must not be in that buffer.
    if (node.inputs.some((id, i) => i !== overlap.input && bufferOf.get(id) === input)) return [];
    const { lagBytes, stepBytes } = overlap;
    return [{ output: all.indexOf(output), input: all.indexOf(input), lagBytes, stepBytes }];
  });
}

/** A streamed run as a call: of the function that is generated for it. */
function streamCall(graph: Graph, stream: Stream): KernelCall {
  const { inputs, lagBytes, bytes } = stream;
  // The output can lie over one input: over the largest it gains most.
  const size = (i: number): number => tensorBytes(graph.tensors[inputs[i]]);
  const over = inputs.map((_, i) => i).reduce((a, b) => (size(b) > size(a) ? b : a));
  return {
    kernel: '',
    params: { type: '', fields: [] },
    inputs: inputs.map((_, i) => i),
    outputs: [0],
    scratchBytes: bytes,
    overlap: { input: over, lagBytes: lagBytes[over] },
  };
}

/** How constants are stored: plainly where nothing is said. */
export type Coding = CodedMode | ((node: Node) => CodedMode | undefined);

const codedAs = (call: KernelCall, mode: CodedMode | undefined): CodedConstants | undefined =>
  // An NPU reads its constants where they are.
  mode && !call.pinned ? codeConstants(call, mode) : undefined;
type Chosen = Pick<Candidate, 'call' | 'instructions'> & { work?: Work | undefined };

/** Places everything; a segment is a step. */
export function layOut(whole: Graph, segments: readonly Segment[], coding?: Coding): Plan {
  const streams = new Map<Node, Stream>();
  const candidateOf = new Map<Node, Chosen>();
  const runs = segments.flatMap((s) => {
    if (!('stream' in s)) {
      candidateOf.set(s.node, { call: s.call, work: s.work, instructions: s.instructions });
      return [];
    }
    const node = streamNode(s.members, s.stream.inputs);
    streams.set(node, s.stream);
    candidateOf.set(node, { call: streamCall(whole, s.stream), instructions: s.stream.instructions });
    return [{ members: s.members, node }];
  });
  const graph = runs.length ? withStreams(whole, runs) : whole;
  const { nodes, buffers, bufferOf, viewOf } = findBuffers(graph);
  const chosen = nodes.map((node) => candidateOf.get(node) as Chosen);
  const calls = chosen.map((c) => c.call);
  const scratch = calls.flatMap((call, step): Buffer[] => {
    if (call.scratchBytes === 0) return [];
    const what = streams.has(nodes[step]) ? 'rows between the layers up to' : 'scratch of';
    return [{ name: `${what} ${nodes[step].name}`, bytes: call.scratchBytes, first: step, last: step, tensors: [] }];
  });
  const scratchOf = new Map(scratch.map((b) => [b.first, b]));
  const pins = findPins(nodes, calls, bufferOf, scratchOf);
  const isPinned = calls.some((c) => c.pinned);
  const coded = calls.map((call, step) =>
    streams.has(nodes[step]) ? undefined : codedAs(call, typeof coding === 'function' ? coding(nodes[step]) : coding),
  );
  const decoded = coded.flatMap((constants, step): Buffer[] => {
    if (!constants) return [];
    const name = `constants of ${nodes[step].name}`;
    const [first, last] = constants.mode === 'start' ? [0, nodes.length] : [step, step];
    return [{ name, bytes: constants.decodedBytes, first, last, tensors: [] }];
  });
  const all = [...buffers.filter((b) => !pins.has(b)), ...scratch, ...decoded];
  const shares = findShares(nodes, calls, bufferOf, all);
  const placement = place(all, isPinned ? pinnedAlignBytes : bufferAlignBytes, shares);
  const offsetOfBuffer = new Map(all.map((b, i) => [b, placement.offsets[i]]));
  for (const [buffer, { into, offset }] of pins)
    offsetOfBuffer.set(buffer, (offsetOfBuffer.get(into) as number) + offset);
  const offsetOf = new Map<TensorId, number>();
  for (const [id, buffer] of bufferOf) offsetOf.set(id, offsetOfBuffer.get(buffer) as number);
  const scratchAt = new Map([...scratchOf].map(([step, b]) => [step, offsetOfBuffer.get(b) as number]));
  let nextDecoded = 0;
  const steps = nodes.map((node, i): Step => {
    const stream = streams.get(node);
    const constants = coded[i];
    return {
      node,
      call: calls[i],
      ...(chosen[i].work ? { work: chosen[i].work } : {}),
      instructions: chosen[i].instructions,
      macs: stream ? stream.stages.reduce((sum, s) => sum + s.macs, 0) : specOf(node).macs(node, graph),
      scratchOffset: scratchAt.get(i) ?? 0,
      ...(stream ? { stream } : {}),
      ...(constants ? { coded: { ...constants, offset: offsetOfBuffer.get(decoded[nextDecoded++]) as number } } : {}),
    };
  });
  return {
    steps,
    offsetOf,
    viewOf,
    arenaBytes: placement.totalBytes,
    alignBytes: isPinned ? pinnedAlignBytes : arenaAlignBytes,
    boundBytes: placement.boundBytes,
    buffers: all.map((b, i) => ({ ...b, offset: placement.offsets[i] })),
  };
}

/**
 * Plans the whole graph; every node must be lowerable. `like`: another plan of the same graph, whose layers this one is to
 * have, streamed ones too.
 */
export function planGraph(source: Graph, context: Omit<LowerContext, 'graph'>, like?: Plan, coding?: Coding): Plan {
  const graph = orderNodes(source);
  const full = { ...context, graph };
  if (like)
    return layOut(
      graph,
      segmentsLike(graph, context, like, (node) => lowerNode(specOf(node), node, full)),
    );
  const nodes = graph.nodes.filter((n) => !specOf(n).alias);
  const chosen = chooseKernels(
    nodes.map((node) => ({ spec: specOf(node), node })),
    full,
  );
  const usual = layOut(
    graph,
    nodes.map((node, i) => ({ node, ...chosen[i] })),
    coding,
  );
  return context.prefer === 'ram' ? smallestPlan(graph, context, layOut, usual) : usual;
}
