// SPDX-License-Identifier: Apache-2.0
// `--prefer ram`: which layers are streamed in bands of rows, and which kernels the others take, so that the arena is
// smallest; among equal arenas the predicted fastest. Every run of layers that can be streamed is an option with the bytes
// and instructions it needs; the best sequence of options is found step by step, and then laid out for real, since what
// lies in memory across steps may not fit as tightly as its sum.
import { type Graph, type Node, type TensorId, tensorBytes } from '../model/graph.js';
import type { KernelCall, LowerContext } from '../ops/op.js';
import { type BandLowering, bandLowering } from './bandLowering.js';
import { rowGeometry } from './bandNode.js';
import { specOf } from './buffers.js';
import type { Plan } from './plan.js';
import { isRowMean } from './rowMean.js';
import { makeStream, type Stream, type StreamRequest, scratchSizes } from './stream.js';

/** A layer as a whole, or a run of layers in bands. */
export type Segment = { node: Node; call: KernelCall } | { members: readonly Node[]; stream: Stream };

export type Layout = (graph: Graph, segments: readonly Segment[]) => Plan;

interface Option {
  first: number;
  last: number;
  peakBytes: number;
  instructions: number;
  isStreamed: boolean;
  make(): Segment;
}

/** Rows that the last layer of a run may make in a band. */
const rowChoices = [1, 2, 4];
const longestRun = 16;
/** Layouts that are made to find the smallest. */
const maxLayouts = 12;

const alignBytes = 4;
const up = (n: number): number => Math.ceil(n / alignBytes) * alignBytes;

interface Life {
  bytes: number;
  /** Step that makes it; -1: an input of the graph. */
  first: number;
  /** Last step that reads it; one past the end for an output of the graph. */
  last: number;
}

interface Steps {
  graph: Graph;
  nodes: Node[];
  lives: Map<TensorId, Life>;
  root(id: TensorId): TensorId;
}

function stepsOf(graph: Graph): Steps {
  const nodes = graph.nodes.filter((n) => !specOf(n).alias);
  const viewOf = new Map<TensorId, TensorId>();
  for (const n of graph.nodes) if (specOf(n).alias) viewOf.set(n.outputs[0], viewOf.get(n.inputs[0]) ?? n.inputs[0]);
  const root = (id: TensorId): TensorId => viewOf.get(id) ?? id;
  const lives = new Map<TensorId, Life>();
  const open = (id: TensorId, first: number): void =>
    void lives.set(id, { bytes: up(tensorBytes(graph.tensors[id])), first, last: first });
  for (const id of graph.inputs) open(id, -1);
  nodes.forEach((node, step) => {
    for (const id of node.inputs) {
      const life = lives.get(root(id));
      if (life) life.last = step;
    }
    for (const id of node.outputs) open(id, step);
  });
  for (const id of graph.outputs) {
    const life = lives.get(root(id));
    if (life) life.last = nodes.length;
  }
  return { graph, nodes, lives, root };
}

/** Bytes that steps first … last need beside their own: tensors made before that are still there afterwards, and their
 *  inputs, less what the output can share with an input that dies there. */
function surroundingBytes(s: Steps, first: number, last: number, output: TensorId, lagBytes: Map<TensorId, number>) {
  const outputBytes = s.lives.get(output)?.bytes ?? 0;
  let [sum, saved] = [outputBytes, 0];
  for (const [id, life] of s.lives) {
    if (life.first >= first || life.last < first) continue;
    sum += life.bytes;
    const lag = lagBytes.get(id);
    if (lag === undefined || life.last > last) continue;
    const together = Math.max(outputBytes, up(lag) + life.bytes);
    saved = Math.max(saved, outputBytes + life.bytes - together);
  }
  return sum - saved;
}

/** Lags of a whole layer's inputs; writing over an input element by element is a lag of 0. */
function wholeLags({ graph, root }: Steps, node: Node, { overlap }: KernelCall): Map<TensorId, number> {
  const lags = new Map<TensorId, number>();
  for (const i of specOf(node).inPlace?.(node, graph) ?? []) lags.set(root(node.inputs[i]), 0);
  if (overlap) {
    const id = root(node.inputs[overlap.input]);
    const alone = node.inputs.filter((other) => other >= 0 && root(other) === id).length === 1;
    if (alone) lags.set(id, Math.min(overlap.lagBytes, lags.get(id) ?? Infinity));
  }
  return lags;
}

function wholeOptions(s: Steps, lowering: BandLowering, step: number): Option[] {
  const node = s.nodes[step];
  return lowering.candidates(node).map(({ call, instructions }) => ({
    first: step,
    last: step,
    peakBytes: surroundingBytes(s, step, step, node.outputs[0], wholeLags(s, node, call)) + up(call.scratchBytes),
    instructions,
    isStreamed: false,
    make: () => ({ node, call }),
  }));
}

/** Whether the tensors between the layers of a run are read by the run alone. */
function isClosed({ graph, nodes }: Steps, first: number, last: number): boolean {
  const members = new Set(nodes.slice(first, last + 1));
  const inside = new Set(nodes.slice(first, last).flatMap((n) => n.outputs));
  return (
    graph.outputs.every((id) => !inside.has(id)) &&
    graph.nodes.every((n) => members.has(n) || n.inputs.every((id) => !inside.has(id)))
  );
}

function streamOptions(s: Steps, lowering: BandLowering, first: number, last: number): Option[] {
  const members = s.nodes.slice(first, last + 1);
  return rowChoices.flatMap((rowsPerBand) =>
    scratchSizes(lowering, members, rowsPerBand).flatMap((maxScratchBytes): Option[] => {
      const request: StreamRequest = { members, rowsPerBand, maxScratchBytes };
      const stream = makeStream(lowering, { ...request, estimate: true });
      if (!stream) return [];
      const lags = new Map(stream.inputs.map((id, i) => [s.root(id), stream.lagBytes[i]]));
      const around = surroundingBytes(s, first, last, stream.output, lags);
      const make = (): Segment => {
        const exact = makeStream(lowering, request);
        if (!exact) throw new Error(`${members[0].name}: no stream`);
        return { members, stream: exact };
      };
      return [
        { first, last, peakBytes: around + stream.bytes, instructions: stream.instructions, isStreamed: true, make },
      ];
    }),
  );
}

function allOptions(s: Steps, lowering: BandLowering): Option[] {
  const options: Option[] = [];
  // A mean ends a run.
  const means = s.nodes.map((n) => isRowMean(n, s.graph));
  const streamable = s.nodes.map((n, i) => means[i] || rowGeometry(n, s.graph) !== undefined);
  s.nodes.forEach((_, first) => {
    options.push(...wholeOptions(s, lowering, first));
    const end = Math.min(s.nodes.length, first + longestRun);
    for (let last = first; last < end && streamable[last]; last++) {
      if (isClosed(s, first, last)) options.push(...streamOptions(s, lowering, first, last));
      if (means[last]) break;
    }
  });
  return options;
}

/** The sequence of options over all steps that is least by `compare` of what `join` makes of an option and the rest. */
function bestPath<T>(
  count: number,
  options: readonly Option[],
  start: T,
  join: (before: T, option: Option) => T | undefined,
  less: (a: T, b: T) => boolean,
): { value: T; path: Option[] } | undefined {
  const best: ({ value: T; path: Option[] } | undefined)[] = [{ value: start, path: [] }];
  for (let step = 0; step < count; step++) {
    for (const option of options) {
      const before = option.last === step ? best[option.first] : undefined;
      const value = before && join(before.value, option);
      if (!before || value === undefined) continue;
      const known = best[step + 1];
      if (!known || less(value, known.value)) best[step + 1] = { value, path: [...before.path, option] };
    }
  }
  return best[count];
}

/** The sequence with the smallest peak, and those that are fastest below larger and larger peaks, as long as asked for. */
function* pathsByPeak(count: number, options: readonly Option[]): Generator<{ peakBytes: number; path: Option[] }> {
  const smallest = bestPath(
    count,
    options,
    0,
    (peak, o) => Math.max(peak, o.peakBytes),
    (a, b) => a < b,
  );
  if (!smallest) return;
  const limits = [...new Set(options.map((o) => o.peakBytes))].sort((a, b) => a - b);
  for (const limit of limits.filter((l) => l >= smallest.value)) {
    const fastest = bestPath(
      count,
      options,
      0,
      (sum, o) => (o.peakBytes <= limit ? sum + o.instructions : undefined),
      (a, b) => a < b,
    );
    if (fastest) yield { peakBytes: limit, path: fastest.path };
  }
}

/** Predicted instructions where every layer is computed as a whole by its fastest kernel. */
const fastestWhole = (count: number, options: readonly Option[]): number =>
  bestPath(
    count,
    options.filter((o) => !o.isStreamed),
    0,
    (sum, o) => sum + o.instructions,
    (a, b) => a < b,
  )?.value ?? 0;

const instructionsOf = (path: readonly Option[]): number => path.reduce((sum, o) => sum + o.instructions, 0);

/** How many times the instructions of the fastest plan without streaming a smaller arena may cost, as predicted: beyond it
 *  a few bytes would be bought with kernels that are several times slower. */
const maxSlowdown = 1.25;

/** The plan with the smallest arena that was found. `usual`: the plan without streaming, which it never exceeds. */
export function smallestPlan(graph: Graph, context: Omit<LowerContext, 'graph'>, layout: Layout, usual: Plan): Plan {
  const s = stepsOf(graph);
  const options = allOptions(s, bandLowering(graph, context));
  let best = { plan: usual, instructions: Infinity };
  const allowed = maxSlowdown * fastestWhole(s.nodes.length, options);
  let layouts = 0;
  let tried = '';
  for (const { peakBytes, path } of pathsByPeak(s.nodes.length, options)) {
    if (peakBytes > best.plan.arenaBytes || layouts >= maxLayouts) break;
    if (instructionsOf(path) > allowed) continue;
    const key = path.map((o) => options.indexOf(o)).join();
    if (key === tried) continue;
    tried = key;
    layouts++;
    const plan = layout(
      graph,
      path.map((o) => o.make()),
    );
    const instructions = instructionsOf(path);
    const smaller = plan.arenaBytes < best.plan.arenaBytes;
    if (smaller || (plan.arenaBytes === best.plan.arenaBytes && instructions < best.instructions))
      best = { plan, instructions };
  }
  return best.plan;
}

/** The layers streamed as in another plan of the graph, with the kernels of this target. */
export function segmentsLike(
  graph: Graph,
  context: Omit<LowerContext, 'graph'>,
  like: Plan,
  lower: (node: Node) => KernelCall,
): Segment[] {
  const lowering = bandLowering(graph, context);
  return like.steps.map((step): Segment => {
    if (!step.stream) return { node: step.node, call: lower(step.node) };
    const members = step.stream.stages.map((stage) => stage.node);
    const rowsPerBand = step.stream.stages[members.length - 1].schedule.rowsPerBand;
    const stream = makeStream(lowering, { members, rowsPerBand, maxScratchBytes: Infinity });
    if (!stream) throw new Error(`${members[0].name}: no stream`);
    return { members, stream };
  });
}
