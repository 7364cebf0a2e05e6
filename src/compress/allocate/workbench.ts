// SPDX-License-Identifier: Apache-2.0
// What the allocator works with: a float model, its calibration, and for every choice of levels the packed graph, what it
// answers and what it takes. Roundings are kept by layer and level, and weights are exchanged in one runner: a plan costs
// one assembly and one run of the samples.
import type { Graph, Node, TensorData, TensorId } from '../../model/graph.js';
import { uses } from '../../model/graph.js';
import { bytesOf } from '../../model/tensorData.js';
import { constantBytes } from '../../ops/constantBytes.js';
import type { LowerContext } from '../../ops/op.js';
import { estimateNode } from '../../ops/variants/choose.js';
import { weightRows } from '../../ops/weightMatrix.js';
import { isWeighted } from '../../passes/affine.js';
import type { RoundWeights } from '../../passes/integerWeights.js';
import { specOf } from '../../plan/buffers.js';
import { chooseRanges, collectStatistics, type RangeMethod } from '../calibrate.js';
import { collectMoments } from '../moments.js';
import { quantizeInt8 } from '../quantize.js';
import { levelRecipe } from '../recipe.js';
import { roundWeights } from '../roundWeights.js';
import type { FloatRunner, IntegerRunner, MakeIntegerRunner, TensorChange } from '../runner.js';
import { type Quality, viewOf } from './quality.js';

/** Level of each layer, in the order of `layers`. */
export type LevelPlan = readonly number[];

/** What a layer takes at one level on the target. */
export interface LayerCost {
  /** All constants, in the layout of the target's kernel. */
  bytes: number;
  instructions: number;
  /** The target's cost table has no row for the kernel: the instructions are a rough figure. */
  rough: boolean;
  kernel: string;
  scratchBytes: number;
}

export interface Workbench {
  layers: readonly { name: string; weights: number }[];
  levels: readonly string[];
  graphOf(plan: LevelPlan): Graph;
  /** What `quality` looks at in the outputs of the loss samples (of what goes into a last softmax), one after another. */
  answersOf(plan: LevelPlan): Promise<Float64Array>;
  /** The same of the float model. */
  clean: Float64Array;
  /** [layer][level] */
  costs: readonly (readonly LayerCost[])[];
}

export interface WorkbenchInput {
  graph: Graph;
  /** Ranges and moments come from all, losses from `lossSamples` of them, evenly spread. */
  samples: readonly TensorData[][];
  lossSamples: number;
  runner: FloatRunner;
  makeIntegerRunner: MakeIntegerRunner;
  levels: readonly string[];
  target: LowerContext['target'];
  quality?: Quality;
  ranges?: RangeMethod;
}

/** Remembers each layer's rounding for each level. */
function remembered(round: RoundWeights, levelOf: (node: Node) => number): RoundWeights {
  const known = new Map<string, ReturnType<RoundWeights>>();
  return (node, real, shape, leastScales) => {
    const key = `${node.outputs[0]} ${levelOf(node)}`;
    if (!known.has(key)) known.set(key, round(node, real, shape, leastScales));
    return known.get(key);
  };
}

/** The same layers with plain int8 weights: equal in every bit, and fast on this machine. */
export const decoded = (graph: Graph): Graph => ({
  ...graph,
  tensors: graph.tensors.map(({ stored: _, ...t }) => t),
});

/** What the loss is taken of: the graph's outputs, or the inputs of softmaxes that make them. */
function judged(graph: Graph): TensorId[] {
  const { producer } = uses(graph);
  return graph.outputs.map((id) => {
    let at = id;
    for (let node = producer.get(at); node && (node.op === 'softmax' || node.op === 'reshape'); node = producer.get(at))
      at = node.inputs[0];
    return at;
  });
}

function toReal(graph: Graph, id: TensorId, data: TensorData): Float64Array {
  const { quant } = graph.tensors[id];
  const values = Float64Array.from(data as ArrayLike<number>, Number);
  return quant ? values.map((q) => quant.scales[0] * (q - quant.zeroPoints[0])) : values;
}

function toInput(graph: Graph, id: TensorId, data: TensorData): TensorData {
  const { quant } = graph.tensors[id];
  if (!quant) return data;
  const { scales, zeroPoints } = quant;
  return Int8Array.from(data as ArrayLike<number>, (v) =>
    Math.min(127, Math.max(-128, Math.round(v / scales[0]) + zeroPoints[0])),
  );
}

type Run = (inputs: TensorData[], visit: (id: TensorId, data: TensorData) => void) => void;

/** The judged values of each sample, one after another. */
function outputsOf(graph: Graph, run: Run, samples: readonly TensorData[][]): Float64Array[] {
  const wanted = judged(graph);
  return samples.map((sample) => {
    const found = new Map<TensorId, Float64Array>();
    run(
      sample.map((data, i) => toInput(graph, graph.inputs[i], data)),
      (id, data) => {
        if (wanted.includes(id)) found.set(id, toReal(graph, id, data));
      },
    );
    return concatenated(wanted.map((id) => found.get(id) as Float64Array));
  });
}

function concatenated(parts: readonly Float64Array[]): Float64Array {
  const all = new Float64Array(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

const sameBytes = (a: TensorData, b: TensorData): boolean => Buffer.compare(bytesOf(a), bytesOf(b)) === 0;
const sameScales = (a: Float64Array | undefined, b: Float64Array | undefined): boolean =>
  a?.length === b?.length && (a?.every((v, i) => v === b?.[i]) ?? true);

/** Constants of `to` that are not those of `from`; both are the same graph but for weights and biases. */
function changedConstants(from: Graph, to: Graph): Map<TensorId, TensorChange> {
  const changes = new Map<TensorId, TensorChange>();
  to.tensors.forEach(({ data, quant }, id) => {
    const old = from.tensors[id];
    if (!data || !old.data) return;
    if (!sameBytes(data, old.data) || !sameScales(quant?.scales, old.quant?.scales)) changes.set(id, { data, quant });
  });
  return changes;
}

/** Runs one graph after another; a runner that can exchange constants stays. */
function exchanging(make: MakeIntegerRunner): (graph: Graph) => Promise<IntegerRunner> {
  let last: { graph: Graph; runner: IntegerRunner } | undefined;
  return async (graph) => {
    if (last?.runner.setTensors) last.runner.setTensors(changedConstants(last.graph, graph));
    else last = { graph, runner: await make(graph) };
    last = { graph, runner: last.runner };
    return last.runner;
  };
}

function layerCosts(graph: Graph, target: LowerContext['target']): LayerCost[] {
  const context = { graph, rounding: 'single' as const, target };
  return graph.nodes
    .filter((n) => isWeighted(n))
    .map((node) => {
      const { call, instructions, rough } = estimateNode(specOf(node), node, context);
      return { bytes: constantBytes(call), instructions, rough, kernel: call.kernel, scratchBytes: call.scratchBytes };
    });
}

const evenly = <T>(list: readonly T[], count: number): T[] =>
  Array.from(
    { length: Math.min(count, list.length) },
    (_, i) => list[Math.floor((i * list.length) / Math.min(count, list.length))],
  );

export async function openWorkbench(input: WorkbenchInput): Promise<Workbench> {
  const { graph, runner, levels } = input;
  const samples = [...input.samples];
  const statistics = await collectStatistics(graph, samples, runner);
  const ranges = await chooseRanges(graph, samples, runner, statistics.extremes, input.ranges ?? 'mse');
  const moments = collectMoments(graph, samples, runner);
  const nodes = graph.nodes.filter((n) => isWeighted(n) && graph.tensors[n.inputs[1]].data !== undefined);
  const indexOf = new Map(nodes.map((n, i) => [n.outputs[0], i]));
  let current: LevelPlan = [];
  const levelOf = (node: Node): number => current[indexOf.get(node.outputs[0]) ?? 0] ?? 0;
  const round = remembered(
    roundWeights(moments, (node, shape) => levelRecipe(levels[levelOf(node)], node, shape)),
    levelOf,
  );
  const graphOf = (plan: LevelPlan): Graph => {
    current = plan;
    return quantizeInt8(graph, ranges, { biasCorrection: statistics.means, round });
  };
  const floats = evenly(input.samples, input.lossSamples).map((s) =>
    s.map((d) => Float32Array.from(d as ArrayLike<number>)),
  );
  const clean = outputsOf(graph, (inputs, visit) => runner.run(inputs as Float32Array[], visit), floats);
  const view = viewOf(input.quality ?? 'snr', clean);
  const runnerOf = exchanging(input.makeIntegerRunner);
  const byLevel = levels.map((_, level) => layerCosts(graphOf(nodes.map(() => level)), input.target));
  return {
    layers: nodes.map((n) => {
      const { shape } = graph.tensors[n.inputs[1]];
      const rows = weightRows(n.op, shape);
      return { name: n.name, weights: rows * (shape.reduce((a, b) => a * b, 1) / rows) };
    }),
    levels,
    graphOf,
    clean: concatenated(view(clean)),
    async answersOf(plan) {
      const plain = decoded(graphOf(plan));
      const integer = await runnerOf(plain);
      const outputs = outputsOf(plain, (inputs, visit) => integer.run(inputs, visit), floats);
      return concatenated(view(outputs));
    },
    costs: nodes.map((_, layer) => byLevel.map((costs) => costs[layer])),
  };
}
