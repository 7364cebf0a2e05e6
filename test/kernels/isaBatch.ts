// SPDX-License-Identifier: Apache-2.0
// Many random layers that one kernel computes, as one model: every buffer apart from the others, between guard bytes,
// aligned no better than its elements; or each output over its input, as near as the kernel allows.
import { loadTarget } from '../../src/build/boards.js';
import { guardValue, type Part } from '../../src/emit/testing/partsProgram.js';
import {
  addTensor,
  emptyGraph,
  type Graph,
  makeData,
  type Node,
  type TensorData,
  type TensorId,
  tensorBytes,
} from '../../src/model/graph.js';
import { bytesOf } from '../../src/model/tensorData.js';
import { opSpec } from '../../src/ops/index.js';
import { kernelTable } from '../../src/ops/kernels.js';
import type { OpSpec, Overlap, Prefer, Rounding } from '../../src/ops/op.js';
import type { Cost } from '../../src/ops/variants/choose.js';
import { variants } from '../../src/ops/variants/index.js';
import type { Plan } from '../../src/plan/plan.js';
import { planGraph } from '../../src/plan/planGraph.js';
import { inputData } from './binaryDrafts.js';
import type { Draft } from './draft.js';
import { drafters } from './drafts.js';
import type { Random } from './random.js';

const attempts = 4000;
const guardBytes = 32;
const noCost: Cost = { perCall: 0, perPixel: 0, perOutput: 0, perMac: 0 };

const specOf = (node: Node): OpSpec => {
  const spec = opSpec(node.op);
  if (!spec) throw new Error(`no operator ${node.op}`);
  return spec;
};

/** A random one-node graph that this kernel takes, or undefined. */
function drawDraft(kernel: string, rounding: Rounding, random: Random): Draft | undefined {
  const row = kernelTable().find((r) => r.name === kernel);
  if (!row) throw new Error(`${kernel} is not in the table`);
  const made = variants.filter((v) => v.kernel === kernel);
  const variant = made.length ? random.pick(made) : undefined;
  const op = variant?.op ?? row.op;
  const d = drafters[row.op === 'packedConv' ? row.op : op]({ ...row, op }, random);
  const { graph, node } = d;
  try {
    specOf(node)
      .infer(node, graph)
      .forEach((t, i) => void Object.assign(graph.tensors[node.outputs[i]], t));
  } catch (error) {
    if (/larger than the padded image|wholly in the padding/.test(String(error))) return undefined;
    throw error;
  }
  if (specOf(node).unsupported?.(node, graph)) return undefined;
  const context = { graph, rounding, prefer: preferOf(kernel), target: { id: row.isa, isa: [row.isa, 'ref'] } };
  const call = variant ? variant.lower(node, context)?.call : specOf(node).lower(node, context);
  return call?.kernel === kernel ? d : undefined;
}

/** A preference under which the kernel is considered. */
const preferOf = (kernel: string): Prefer | undefined => variants.find((v) => v.kernel === kernel)?.prefers?.[0];

/** Adds the draft's tensors and node to the batch. */
function adopt(batch: Graph, { graph, node }: Draft, index: number): void {
  const ids = graph.tensors.map((t) => addTensor(batch, { ...t, name: `${t.name}_${index}` }));
  const map = (list: TensorId[]): TensorId[] => list.map((id) => (id < 0 ? id : ids[id]));
  batch.nodes.push({ ...node, name: `case${index}`, inputs: map(node.inputs), outputs: map(node.outputs) });
  batch.inputs.push(...map(graph.inputs));
  batch.outputs.push(...map(graph.outputs));
}

/** How far before its input an output is laid: the nearest that the call allows, in place, or another
 *  distance at which they meet. */
function distanceOf(
  { lagBytes, stepBytes }: Overlap & { stepBytes: number },
  outputBytes: number,
  inputBytes: number,
  random: Random,
): number {
  const meeting = Math.floor((outputBytes - 1 - lagBytes) / stepBytes);
  const first = Math.max(0, Math.floor((-inputBytes - lagBytes) / stepBytes) + 1);
  const last = Math.max(first, meeting);
  const inPlace = Math.min(last, Math.max(first, Math.ceil(-lagBytes / stepBytes)));
  const n = random.pick([first, first, inPlace, random.int(first, last)]);
  return lagBytes + n * stepBytes;
}

/** Lays each output over its input as the call allows; both leave `free`. */
function layOver(
  plan: Plan,
  graph: Graph,
  free: Set<TensorId>,
  offsetOf: Map<TensorId, number>,
  random: Random,
): number {
  let at = guardBytes;
  for (const { node, call } of plan.steps) {
    if (!call.overlap) continue;
    const [output] = node.outputs;
    const input = node.inputs[call.overlap.input];
    const [outputBytes, inputBytes] = [output, input].map((id) => tensorBytes(graph.tensors[id]));
    const elementBytes = makeData(graph.tensors[output].dtype, 1).BYTES_PER_ELEMENT;
    const distance = distanceOf({ stepBytes: elementBytes, ...call.overlap }, outputBytes, inputBytes, random);
    at = Math.ceil(at / 8) * 8 + (elementBytes % 8);
    const [outputAt, inputAt] = [at + Math.max(0, -distance), at + Math.max(0, distance)];
    offsetOf.set(output, outputAt);
    offsetOf.set(input, inputAt);
    at = Math.max(outputAt + outputBytes, inputAt + inputBytes) + guardBytes;
    free.delete(output);
    free.delete(input);
  }
  return at;
}

/** Gives every buffer its own place between guards, off every alignment above its element size; with `random`, outputs
 *  over inputs where the kernel allows it. */
function spread(plan: Plan, graph: Graph, random: Random | undefined): Plan {
  const offsetOf = new Map<TensorId, number>();
  const free = new Set([...graph.inputs, ...graph.outputs]);
  let at = random ? layOver(plan, graph, free, offsetOf, random) : guardBytes;
  for (const id of free) {
    const element = makeData(graph.tensors[id].dtype, 1).BYTES_PER_ELEMENT;
    at = Math.ceil(at / 8) * 8 + (element % 8);
    offsetOf.set(id, at);
    at += tensorBytes(graph.tensors[id]) + guardBytes;
  }
  const scratchAt = Math.ceil(at / 8) * 8;
  const scratch = Math.max(0, ...plan.steps.map((s) => s.call.scratchBytes));
  const steps = plan.steps.map((s) => ({ ...s, scratchOffset: scratchAt }));
  return { ...plan, steps, offsetOf, viewOf: new Map(), arenaBytes: scratchAt + scratch + guardBytes };
}

export interface Batch {
  kernel: string;
  target: string;
  rounding: Rounding;
  graph: Graph;
  plan: Plan;
  inputs: TensorData[];
  /** Outputs of the graph; the plan's steps may be in another order. */
  expected: TensorData[];
  /** Description of each node, for messages. */
  texts: string[];
}

/** A batch of up to `count` cases whose buffers stay below `limitBytes`. */
export interface BatchRequest {
  kernel: string;
  target: string;
  rounding: Rounding;
  random: Random;
  count: number;
  limitBytes: number;
  /** Outputs over their inputs where the kernel allows it. */
  overlapping: boolean;
}

export function makeBatch({
  kernel,
  target: targetId,
  rounding,
  random,
  count,
  limitBytes,
  overlapping,
}: BatchRequest): Batch {
  const graph = emptyGraph('batch', { format: 'mote', quantized: true });
  const texts: string[] = [];
  let bytes = 0;
  for (let i = 0; i < attempts && texts.length < count; i++) {
    const d = drawDraft(kernel, rounding, random);
    if (!d) continue;
    const activations = [...d.graph.inputs, ...d.graph.outputs].reduce(
      (n, id) => n + tensorBytes(d.graph.tensors[id]) + guardBytes + 16,
      0,
    );
    if (bytes + activations > limitBytes) continue;
    bytes += activations;
    adopt(graph, d, texts.length);
    texts.push(
      `${d.node.op} ${JSON.stringify(d.node.attrs)} ${d.graph.tensors.map((t) => `${t.name} [${t.shape.join(',')}]`).join(' ')}`,
    );
  }
  if (texts.length < 5) throw new Error(`${kernel}: only ${texts.length} cases in ${attempts} draws`);
  const target = loadTarget(targetId);
  const plan = spread(
    planGraph(graph, { rounding, prefer: preferOf(kernel), target: { ...target, costs: { [kernel]: noCost } } }),
    graph,
    overlapping ? random : undefined,
  );
  const wrong = plan.steps.find((s) => s.call.kernel !== kernel);
  if (wrong) throw new Error(`${wrong.node.name} takes ${wrong.call.kernel}`);
  const inputs = graph.inputs.map((id) =>
    inputData(
      random,
      graph.tensors[id],
      graph.nodes.find((n) => n.inputs.includes(id)),
    ),
  );
  const known = new Map(graph.inputs.map((id, i) => [id, inputs[i]]));
  const expected = graph.nodes.flatMap((node) =>
    specOf(node).evaluate(
      node,
      node.inputs.map((id) => known.get(id) ?? graph.tensors[id]?.data),
      { graph, rounding },
    ),
  );
  return { kernel, target: targetId, rounding, graph, plan, inputs, expected, texts };
}

/** The arena before the first step (inputs among guard bytes), and what it must be after the last one. */
export function arenasOf({ graph, plan, inputs, expected }: Batch): { start: Uint8Array; end: Uint8Array } {
  const start = new Uint8Array(plan.arenaBytes).fill(guardValue);
  for (const [i, id] of graph.inputs.entries()) start.set(bytesOf(inputs[i]), plan.offsetOf.get(id) as number);
  const end = start.slice();
  for (const [i, id] of graph.outputs.entries()) end.set(bytesOf(expected[i]), plan.offsetOf.get(id) as number);
  return { start, end };
}

/** The part of the arena that kernels may leave as they like. */
const scratchOf = ({ plan }: Batch): Part['scratch'] => ({
  at: plan.steps[0].scratchOffset,
  end: plan.arenaBytes - guardBytes,
});

export const partOf = (batch: Batch): Part => ({
  ...batch,
  ...arenasOf(batch),
  file: batch.kernel,
  scratch: scratchOf(batch),
});

/** What differs from the expected arena, all of the board's: the first byte of each defect, in words. */
export function judge(batch: Batch, arena: Uint8Array): string[] {
  const { graph, plan } = batch;
  const { end } = arenasOf(batch);
  const scratch = scratchOf(batch);
  const owner = (at: number): string => {
    const id = [...graph.inputs, ...graph.outputs].find(
      (t) =>
        at >= (plan.offsetOf.get(t) as number) && at < (plan.offsetOf.get(t) as number) + tensorBytes(graph.tensors[t]),
    );
    if (id === undefined) return `guard byte at ${at}`;
    const step = Number(/_(\d+)$/.exec(graph.tensors[id].name)?.[1]);
    return `${graph.tensors[id].name} byte ${at - (plan.offsetOf.get(id) as number)} of ${batch.texts[step]}`;
  };
  const defects = new Map<string, string>();
  for (let at = 0; at < arena.length; at++) {
    const wanted = end[at] ?? guardValue;
    if (arena[at] === wanted || (at >= scratch.at && at < scratch.end)) continue;
    const where = owner(at);
    const key = where.split(' byte ')[0];
    if (!defects.has(key)) defects.set(key, `${where}: ${(arena[at] << 24) >> 24}, must be ${(wanted << 24) >> 24}`);
  }
  return [...defects.values()];
}
