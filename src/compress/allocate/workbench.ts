// SPDX-License-Identifier: Apache-2.0
// What the allocator works with: a float model, its calibration, what every level of every layer takes and does to the
// answers, and any plan rounded and measured as pack rounds it.
import type { Graph, Node, TensorData, TensorId } from '../../model/graph.js';
import { uses } from '../../model/graph.js';
import type { LowerContext } from '../../ops/op.js';
import { matrixIndex } from '../../ops/weightMatrix.js';
import { isWeighted } from '../../passes/affine.js';
import type { RoundedWeights, RoundWeights } from '../../passes/integerWeights.js';
import { chooseRanges, collectStatistics, type RangeMethod } from '../calibrate.js';
import { centred, collectMoments, type Moments } from '../moments.js';
import { quantizeInt8 } from '../quantize.js';
import { levelRecipe } from '../recipe.js';
import { rowError } from '../round/descend.js';
import { roundWeights } from '../roundWeights.js';
import type { MakeIntegerRunner, MakeRunner } from '../runner.js';
import { roundSequentially, withBiases } from '../sequential.js';
import { type LayerCost, layerCosts } from './layerCosts.js';
import { openProbes } from './probes.js';
import { lossOf, type Quality, viewOf } from './quality.js';

/** Level of each layer, in the order of `layers`. */
export type LevelPlan = readonly number[];

/** A plan, rounded layer after layer as `pack --recipe` does it, and measured on this machine's int8 kernels. */
export interface Verified {
  graph: Graph;
  loss: number;
}

export interface Workbench {
  layers: readonly { name: string; weights: number }[];
  levels: readonly string[];
  /** Each layer rounded by itself: for what plans take. */
  graphOf(plan: LevelPlan): Graph;
  /** What `quality` looks at in the float model's outputs for the loss samples, one after another. */
  clean: Float64Array;
  /** The same when one layer has a level's weights and those behind it are calibrated on that. */
  probe(layer: number, level: number): Float64Array;
  verify(plan: LevelPlan): Promise<Verified>;
  /** [layer][level] */
  costs: readonly (readonly LayerCost[])[];
  /** Squared error of each layer's own output at each level: [layer][level]. */
  ownLosses: readonly (readonly number[])[];
  /** Whether any plan could be better with the level: [layer][level]. */
  offered: readonly (readonly boolean[])[];
}

export interface WorkbenchInput {
  graph: Graph;
  /** Ranges and moments come from all, losses from `lossSamples` of them, evenly spread. */
  samples: readonly TensorData[][];
  lossSamples: number;
  makeRunner: MakeRunner;
  makeIntegerRunner: MakeIntegerRunner;
  levels: readonly string[];
  target: LowerContext['target'];
  quality?: Quality;
  ranges?: RangeMethod;
  /** What is limited; bytes are unless given. */
  matters?: readonly Amount[];
}

type Amount = 'bytes' | 'instructions' | 'scratchBytes';

/** Remembers each layer's rounding for each level. */
function remembered(
  round: RoundWeights,
  levelOf: (node: Node) => number,
): { round: RoundWeights; known: ReadonlyMap<string, RoundedWeights | undefined> } {
  const known = new Map<string, RoundedWeights | undefined>();
  return {
    known,
    round: (node, ...rest) => {
      const key = keyOf(node, levelOf(node));
      if (!known.has(key)) known.set(key, round(node, ...rest));
      return known.get(key);
    },
  };
}

const keyOf = (node: Node, level: number): string => `${node.outputs[0]} ${level}`;

/** The same layers with plain int8 weights: equal in every bit, and fast on this machine. */
export const decoded = (graph: Graph): Graph => ({
  ...graph,
  tensors: graph.tensors.map(({ stored: _, ...t }) => t),
});

/** What the loss is taken of: the graph's outputs, or the inputs of softmaxes that make them. */
function judgedOf(graph: Graph): TensorId[] {
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
  const [scale, zero] = [quant.scales[0], quant.zeroPoints[0]];
  const integers = new Int8Array(data.length);
  for (let i = 0; i < data.length; i++)
    integers[i] = Math.min(127, Math.max(-128, Math.round(Number(data[i]) / scale) + zero));
  return integers;
}

type Run = (inputs: TensorData[], visit: (id: TensorId, data: TensorData) => void) => void;

/** The judged values of each sample, one after another. */
function outputsOf(graph: Graph, run: Run, samples: readonly TensorData[][]): Float64Array[] {
  const wanted = judgedOf(graph);
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

const evenly = <T>(list: readonly T[], count: number): T[] =>
  Array.from(
    { length: Math.min(count, list.length) },
    (_, i) => list[Math.floor((i * list.length) / Math.min(count, list.length))],
  );

/** Real weights of a rounding, as the layer's tensor has them. */
function realOf({ data, scales }: RoundedWeights, node: Node, shape: readonly number[]): Float32Array {
  const at = matrixIndex(node.op, shape);
  const columns = data.length / scales.length;
  return Float32Array.from(data, (q, i) => q * scales[Math.floor(at(i) / columns)]);
}

/** What a layer's output loses by itself. */
function ownLoss(graph: Graph, node: Node, real: Float32Array, moments: Moments): number {
  const { data, shape } = graph.tensors[node.inputs[1]];
  const at = matrixIndex(node.op, shape);
  const errors = new Float64Array(real.length);
  real.forEach((v, i) => {
    errors[at(i)] = v - Number((data as Float32Array)[i]);
  });
  let loss = 0;
  const n = moments.columns;
  for (let row = 0; row * n < errors.length; row++)
    loss += rowError(
      moments.matrices[Math.floor(row / moments.rowsPerMatrix)],
      errors.subarray(row * n, (row + 1) * n),
    );
  return loss;
}

/** A level is of no use where another loses no more, takes no more of anything that is limited, and less of something. */
function usefulLevels(costs: readonly LayerCost[], losses: readonly number[], matters: readonly Amount[]): boolean[] {
  const figures = costs.map((c, k) => [losses[k], ...matters.map((m) => c[m])]);
  return figures.map((own, k) =>
    figures.every((other, j) => {
      const noMore = other.every((v, i) => v <= own[i]);
      return j === k || k === 0 || !noMore || (other.every((v, i) => v === own[i]) && j > k);
    }),
  );
}

export async function openWorkbench(input: WorkbenchInput): Promise<Workbench> {
  const { levels, target, makeRunner, quality, matters = ['bytes'] } = input;
  const graph = withBiases(input.graph);
  const samples = [...input.samples];
  const runner = await makeRunner(graph);
  const statistics = await collectStatistics(graph, samples, runner);
  const ranges = await chooseRanges(graph, samples, runner, statistics.extremes, input.ranges ?? 'mse');
  const moments = new Map([...collectMoments(graph, samples, runner)].map(([id, m]) => [id, centred(m)]));
  const nodes = graph.nodes.filter((n) => isWeighted(n) && graph.tensors[n.inputs[1]].data !== undefined);
  const indexOf = new Map(nodes.map((n, i) => [n.outputs[0], i]));
  let current: LevelPlan = [];
  const levelOf = (node: Node): number => current[indexOf.get(node.outputs[0]) ?? 0] ?? 0;
  const recipeFor =
    (level: (node: Node) => number) =>
    (node: Node, shape: readonly number[]): ReturnType<typeof levelRecipe> =>
      levelRecipe(levels[level(node)], node, shape);
  const alone = remembered(roundWeights(moments, recipeFor(levelOf)), levelOf);
  const graphOf = (plan: LevelPlan): Graph => {
    current = plan;
    return quantizeInt8(graph, ranges, { biasCorrection: statistics.means, round: alone.round });
  };
  const byLevel = levels.map((_, level) => layerCosts(graphOf(nodes.map(() => level)), target));
  const costs = nodes.map((_, layer) => byLevel.map((c) => c[layer]));
  const shapeOf = (node: Node): readonly number[] => graph.tensors[node.inputs[1]].shape;
  const realAt = (layer: number, level: number): Float32Array =>
    realOf(alone.known.get(keyOf(nodes[layer], level)) as RoundedWeights, nodes[layer], shapeOf(nodes[layer]));
  const ownLosses = nodes.map((node, layer) => {
    const own = moments.get(node.outputs[0]) as Moments;
    return levels.map((_, level) => ownLoss(graph, node, realAt(layer, level), own));
  });
  const floatOf = (s: TensorData[]): Float32Array[] => s.map((d) => Float32Array.from(d as ArrayLike<number>));
  const chosen = evenly(samples, input.lossSamples);
  const floats = chosen.map(floatOf);
  const others = samples.filter((s) => !chosen.includes(s)).map(floatOf);
  const probes = await openProbes({
    ...{ graph, nodes, makeRunner, judged: judgedOf(graph) },
    samples: [...floats, ...others],
    answered: floats.length,
  });
  const view = viewOf(quality ?? 'snr', probes.clean);
  const clean = concatenated(view(probes.clean));
  return {
    layers: nodes.map((n) => ({ name: n.name, weights: shapeOf(n).reduce((a, b) => a * b, 1) })),
    levels,
    graphOf,
    clean,
    costs,
    ownLosses,
    offered: nodes.map((_, layer) => usefulLevels(costs[layer], ownLosses[layer], matters)),
    probe: (layer, level) => concatenated(view(probes.answers(layer, realAt(layer, level)))),
    async verify(plan) {
      const level = (node: Node): number => plan[indexOf.get(node.outputs[0]) as number];
      const round = await roundSequentially({ graph: input.graph, samples, makeRunner, recipeOf: recipeFor(level) });
      const packed = quantizeInt8(input.graph, ranges, { biasCorrection: statistics.means, round });
      const plain = decoded(packed);
      const integer = await input.makeIntegerRunner(plain);
      const outputs = outputsOf(plain, (inputs, visit) => integer.run(inputs, visit), floats);
      return { graph: packed, loss: lossOf(clean, concatenated(view(outputs))) };
    },
  };
}
