// SPDX-License-Identifier: Apache-2.0
// What the allocator works with: a float model, its calibration, and for every choice of levels the packed graph, its loss
// against float and its bytes. Roundings are kept by layer and level: a plan costs one assembly and one evaluation.
import type { Graph, Node, TensorData, TensorId } from '../../model/graph.js';
import { uses } from '../../model/graph.js';
import { constantBytes } from '../../ops/constantBytes.js';
import type { LowerContext } from '../../ops/op.js';
import { lowerNode } from '../../ops/variants/choose.js';
import { weightRows } from '../../ops/weightMatrix.js';
import { isWeighted } from '../../passes/affine.js';
import type { RoundWeights } from '../../passes/integerWeights.js';
import { specOf } from '../../plan/buffers.js';
import { chooseRanges, collectStatistics } from '../calibrate.js';
import { collectMoments } from '../moments.js';
import { quantizeInt8 } from '../quantize.js';
import { levelRecipe } from '../recipe.js';
import { roundWeights } from '../roundWeights.js';
import type { FloatRunner, MakeIntegerRunner } from '../runner.js';

/** Level of each layer, in the order of `layers`. */
export type LevelPlan = readonly number[];

export interface Workbench {
  layers: readonly { name: string; weights: number }[];
  levels: readonly string[];
  graphOf(plan: LevelPlan): Graph;
  /** Noise over signal of the outputs (of what goes into a last softmax), against float. */
  lossOf(graph: Graph): Promise<number>;
  /** Bytes of all constants of each layer, in the layout of the target's kernel. */
  bytesOf(graph: Graph): number[];
}

export interface WorkbenchInput {
  graph: Graph;
  /** Ranges and moments come from all, losses from the first `lossSamples`. */
  samples: readonly TensorData[][];
  lossSamples: number;
  runner: FloatRunner;
  makeIntegerRunner: MakeIntegerRunner;
  levels: readonly string[];
  target: LowerContext['target'];
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

/** The judged values of each sample. */
function outputsOf(graph: Graph, run: Run, samples: readonly TensorData[][]): Float64Array[][] {
  const wanted = judged(graph);
  return samples.map((sample) => {
    const found = new Map<TensorId, Float64Array>();
    run(
      sample.map((data, i) => toInput(graph, graph.inputs[i], data)),
      (id, data) => {
        if (wanted.includes(id)) found.set(id, toReal(graph, id, data));
      },
    );
    return wanted.map((id) => found.get(id) as Float64Array);
  });
}

function noiseToSignal(clean: readonly Float64Array[][], noisy: readonly Float64Array[][]): number {
  let [signal, noise] = [0, 0];
  clean.forEach((outputs, s) => {
    outputs.forEach((values, o) => {
      values.forEach((v, i) => {
        signal += v * v;
        noise += (v - noisy[s][o][i]) ** 2;
      });
    });
  });
  return signal > 0 ? noise / signal : noise;
}

export async function openWorkbench(input: WorkbenchInput): Promise<Workbench> {
  const { graph, runner, levels } = input;
  const samples = [...input.samples];
  const statistics = await collectStatistics(graph, samples, runner);
  const ranges = await chooseRanges(graph, samples, runner, statistics.extremes, 'mse');
  const moments = collectMoments(graph, samples, runner);
  const nodes = graph.nodes.filter((n) => isWeighted(n) && graph.tensors[n.inputs[1]].data !== undefined);
  const indexOf = new Map(nodes.map((n, i) => [n.outputs[0], i]));
  let current: LevelPlan = [];
  const levelOf = (node: Node): number => current[indexOf.get(node.outputs[0]) ?? 0] ?? 0;
  const round = remembered(
    roundWeights(moments, (node, shape) => levelRecipe(levels[levelOf(node)], node, shape)),
    levelOf,
  );
  const floats = input.samples
    .slice(0, input.lossSamples)
    .map((s) => s.map((d) => Float32Array.from(d as ArrayLike<number>)));
  const clean = outputsOf(graph, (inputs, visit) => runner.run(inputs as Float32Array[], visit), floats);
  return {
    layers: nodes.map((n) => {
      const { shape } = graph.tensors[n.inputs[1]];
      const rows = weightRows(n.op, shape);
      return { name: n.name, weights: rows * (shape.reduce((a, b) => a * b, 1) / rows) };
    }),
    levels,
    graphOf(plan) {
      current = plan;
      return quantizeInt8(graph, ranges, { biasCorrection: statistics.means, round });
    },
    async lossOf(packed) {
      const plain = decoded(packed);
      const integer = await input.makeIntegerRunner(plain);
      return noiseToSignal(
        clean,
        outputsOf(plain, (inputs, visit) => integer.run(inputs, visit), floats),
      );
    },
    bytesOf(packed) {
      const context = { graph: packed, rounding: 'single' as const, target: input.target };
      return packed.nodes.filter((n) => isWeighted(n)).map((n) => constantBytes(lowerNode(specOf(n), n, context)));
    },
  };
}
