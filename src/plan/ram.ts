// SPDX-License-Identifier: Apache-2.0
// `--prefer ram`: which layers are streamed in bands of rows, and which kernels the others take, so that the arena is
// smallest; among equal arenas the predicted fastest. Every run of layers that can be streamed is an option with the bytes
// and instructions it needs; the best sequence of options is found step by step, and then laid out for real, since what
// lies in memory across steps may not fit as tightly as its sum.
import { type Graph, type Node, type TensorId, tensorBytes } from '../model/graph.js';
import { stateTensors, stateViews } from '../model/state.js';
import type { KernelCall, LowerContext } from '../ops/op.js';
import type { Work } from '../ops/variants/variant.js';
import { type BandLowering, bandLowering } from './bandLowering.js';
import { rowGeometry } from './bandNode.js';
import { specOf } from './buffers.js';
import type { Plan } from './plan.js';
import { isRowMean } from './rowMean.js';
import { makeRun, makeStream, type Stream, scratchSizes } from './stream.js';

/** A layer as a whole, or a run of layers in bands. */
export type Segment =
  | { node: Node; call: KernelCall; work?: Work; instructions?: number | undefined }
  | { members: readonly Node[]; stream: Stream };

export type Layout = (graph: Graph, segments: readonly Segment[]) => Plan;

interface Option {
  first: number;
  last: number;
  peakBytes: number;
  instructions: number;
  make(): Segment;
}

/** Rows that the last layer of a run may make in a band. */
const rowChoices = [1, 2, 4];
const longestRun = 16;
/** Layouts that are made of whole paths, and of changes of one part of the best path. */
const maxLayouts = 8;
const maxChanges = 60;

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
  const written = stateViews(graph);
  const open = (id: TensorId, first: number): void => {
    // What state becomes lies where it was.
    const bytes = written.has(id) ? 0 : up(tensorBytes(graph.tensors[id]));
    lives.set(id, { bytes, first, last: first });
  };
  for (const id of [...graph.inputs, ...stateTensors(graph)]) open(id, -1);
  nodes.forEach((node, step) => {
    for (const id of node.inputs) {
      const life = lives.get(root(id));
      if (life) life.last = step;
    }
    for (const id of node.outputs) open(id, step);
  });
  for (const id of [...graph.outputs, ...stateTensors(graph)]) {
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
  return lowering.candidates(node).map(({ call, work, instructions }) => ({
    first: step,
    last: step,
    peakBytes: surroundingBytes(s, step, step, node.outputs[0], wholeLags(s, node, call)) + up(call.scratchBytes),
    instructions,
    make: () => ({ node, call, work, instructions }),
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
  return rowChoices.flatMap((rowsPerBand): Option[] => {
    const run = makeRun(members, s.graph, rowsPerBand);
    if (!run) return [];
    return scratchSizes(lowering, run).map((maxScratchBytes): Option => {
      const { inputs, lagBytes, bytes, output, instructions } = makeStream(lowering, run, {
        maxScratchBytes,
        estimate: true,
      });
      const lags = new Map(inputs.map((id, i) => [s.root(id), lagBytes[i]]));
      const peakBytes = surroundingBytes(s, first, last, output, lags) + bytes;
      const make = (): Segment => ({ members, stream: makeStream(lowering, run, { maxScratchBytes }) });
      return { first, last, peakBytes, instructions, make };
    });
  });
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

interface Path {
  options: Option[];
  peakBytes: number;
  instructions: number;
}

interface Link {
  instructions: number;
  option?: Option;
}

/** The fastest sequence of options over all steps that needs less than `limitBytes` at each. */
function fastestPath(byLast: readonly (readonly Option[])[], limitBytes: number): Path | undefined {
  const best: (Link | undefined)[] = [{ instructions: 0 }];
  byLast.forEach((list, step) => {
    for (const option of list) {
      const before = best[option.first];
      if (!before || option.peakBytes >= limitBytes) continue;
      const instructions = before.instructions + option.instructions;
      const known = best[step + 1];
      if (!known || instructions < known.instructions) best[step + 1] = { instructions, option };
    }
  });
  const end = best[byLast.length];
  if (!end) return undefined;
  const options: Option[] = [];
  for (let link: Link | undefined = end; link?.option; link = best[link.option.first]) options.unshift(link.option);
  return { options, peakBytes: Math.max(...options.map((o) => o.peakBytes)), instructions: end.instructions };
}

/** Every sequence of which none is both smaller and faster, the fastest first. */
function paretoPaths(count: number, options: readonly Option[]): Path[] {
  const byLast = Array.from({ length: count }, (_, step) => options.filter((o) => o.last === step));
  const paths: Path[] = [];
  let limit = Infinity;
  for (let path = fastestPath(byLast, limit); path; path = fastestPath(byLast, limit)) {
    paths.push(path);
    limit = path.peakBytes;
  }
  return paths;
}

/** Less is better: an arena smaller by 1 % may cost 2 % more instructions. Without a price the last bytes would be bought
 *  with reference kernels that are several times slower. */
const cost = (arenaBytes: number, instructions: number): number => arenaBytes * Math.sqrt(instructions);

interface Found {
  plan: Plan;
  path: Path;
  cost: number;
}

/** The path with an option in place of those over the same steps, or undefined where it does not begin and end with them. */
function withOption(path: Path, option: Option): Path | undefined {
  const from = path.options.findIndex((o) => o.first === option.first);
  const to = path.options.findIndex((o) => o.last === option.last);
  if (from < 0 || to < from || path.options[from] === option) return undefined;
  const options = [...path.options.slice(0, from), option, ...path.options.slice(to + 1)];
  return {
    options,
    peakBytes: Math.max(...options.map((o) => o.peakBytes)),
    instructions: options.reduce((sum, o) => sum + o.instructions, 0),
  };
}

const estimatedCost = (p: Path): number => cost(p.peakBytes, p.instructions);
const cheapestFirst = (paths: readonly Path[]): Path[] =>
  [...paths].sort((a, b) => estimatedCost(a) - estimatedCost(b));

/**
 * The best plan that was found: `usual`, the plan without streaming, or one with a smaller arena. Only a layout tells
 * what a path really needs: an output that lies over its input begins before it, so a chain of them wanders down.
 */
export function smallestPlan(graph: Graph, context: Omit<LowerContext, 'graph'>, layout: Layout, usual: Plan): Plan {
  const s = stepsOf(graph);
  const lowering = bandLowering(graph, context);
  const options = allOptions(s, lowering);
  const usualInstructions = s.nodes.reduce((sum, n) => sum + lowering.candidates(n)[0].instructions, 0);
  const segments = new Map<Option, Segment>();
  const segmentOf = (option: Option): Segment => {
    const segment = segments.get(option) ?? option.make();
    segments.set(option, segment);
    return segment;
  };
  const paths = paretoPaths(s.nodes.length, options);
  const usualPath = { options: [], peakBytes: usual.arenaBytes, instructions: usualInstructions };
  let best: Found = { plan: usual, path: usualPath, cost: cost(usual.arenaBytes, usualInstructions) };
  let layouts = 0;
  /** Lays out the promising ones, the most promising first, until one is better. */
  const improve = (candidates: readonly Path[], atMost: number): boolean => {
    for (const path of cheapestFirst(candidates)) {
      if (estimatedCost(path) >= best.cost || layouts >= atMost) return false;
      layouts++;
      const plan = layout(graph, path.options.map(segmentOf));
      const found = cost(plan.arenaBytes, path.instructions);
      if (plan.arenaBytes >= usual.arenaBytes || found >= best.cost) continue;
      best = { plan, path, cost: found };
      return true;
    }
    return false;
  };
  while (improve(paths, maxLayouts));
  while (
    improve(
      options.flatMap((o) => withOption(best.path, o) ?? []),
      maxLayouts + maxChanges,
    )
  );
  const trade = { usualArenaBytes: usual.arenaBytes, instructions: best.path.instructions, usualInstructions };
  return { ...best.plan, trade };
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
    const run = makeRun(members, graph, step.stream.stages[members.length - 1].schedule.rowsPerBand);
    if (!run) throw new Error(`${step.node.name}: no stream`);
    return { members, stream: makeStream(lowering, run, { maxScratchBytes: Infinity }) };
  });
}
