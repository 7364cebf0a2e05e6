// SPDX-License-Identifier: Apache-2.0
// Rounding each layer against what the layers before it, rounded already, really give it (asymmetric calibration, GPTAQ,
// arXiv:2504.02692). With x the float model's inputs of the layer and y the packed one's, |W x - Q y|^2 is, but for a
// constant, (Q - V) C (Q - V)^T with C the covariance of y and V = W cov(x, y) C^-1: so the other engines round V, with C.
// The bias takes what is left of the mean: W E[x] - Q E[y].
import { addTensor, cloneGraph, type Graph, NO_TENSOR, type Node, type TensorData } from '../model/graph.js';
import { matrixIndex } from '../ops/weightMatrix.js';
import { isWeighted } from '../passes/affine.js';
import type { RoundWeights } from '../passes/integerWeights.js';
import { covariances as plainCovariances } from './covariances.js';
import { type Frontier, openFrontier, startOf } from './frontier.js';
import { type JointMoments, jointMoments } from './jointMoments.js';
import type { RecipeOf } from './layerRecipe.js';
import { layerWindows, windowsPerLayer } from './moments.js';
import { dampedCholesky, solveCholesky, timesMatrix } from './round/linearAlgebra.js';
import { roundLayer } from './roundWeights.js';
import type { FloatRunner, MakeRunner } from './runner.js';

/** GPTQ's damping is enough for the inverse; the inputs' noise must not be fitted, so the step takes ten times as much. */
const damping = 0.1;

/** Rounding for a rate takes up every direction that the inputs seem to leave free: it wants to know them better. */
const windowsWhenCoded = 4 * windowsPerLayer;

/** Every weighted layer gets a bias of zeros where it has none, so that all can be corrected. */
export function withBiases(source: Graph): Graph {
  const graph = cloneGraph(source);
  for (const node of graph.nodes) {
    if (!isWeighted(node) || (node.inputs[2] ?? NO_TENSOR) !== NO_TENSOR) continue;
    const { rows } = layerWindows(graph, node);
    const bias = { name: `${node.name}/bias`, dtype: 'float32' as const, shape: [rows], data: new Float32Array(rows) };
    node.inputs = [node.inputs[0], node.inputs[1], addTensor(graph, bias)];
  }
  return graph;
}

/** The real weights that come nearest to W x when they meet y. */
export function aimed(weights: Float64Array, m: JointMoments, share = damping): Float64Array {
  const n = m.columns;
  const perGroup = m.rowsPerMatrix * n;
  const aim = weights.slice();
  m.matrices.forEach((matrix, group) => {
    const span = [group * perGroup, (group + 1) * perGroup] as const;
    const steps = timesRows(weights.subarray(...span), m.differences[group], n);
    solveCholesky(dampedCholesky(matrix, n, share), n, steps);
    for (let i = 0; i < perGroup; i++) if (Number.isFinite(steps[i])) aim[span[0] + i] += steps[i];
  });
  return aim;
}

/** Each row times a matrix. */
function timesRows(rows: Float64Array, matrix: Float64Array, n: number): Float64Array {
  const all = new Float64Array(rows.length);
  for (let at = 0; at < rows.length; at += n) all.set(timesMatrix(rows.subarray(at, at + n), matrix), at);
  return all;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

/** The biases' part: W E[x] - Q E[y], for rounded weights Q. */
export function meanShift(weights: Float64Array, rounded: Float64Array, m: JointMoments): Float64Array {
  const n = m.columns;
  return Float64Array.from({ length: weights.length / n }, (_, row) => {
    const group = Math.floor(row / m.rowsPerMatrix);
    const span = [row * n, (row + 1) * n] as const;
    return dot(weights.subarray(...span), m.cleanMeans[group]) - dot(rounded.subarray(...span), m.means[group]);
  });
}

export interface SequentialInput {
  graph: Graph;
  samples: readonly TensorData[][];
  makeRunner: MakeRunner;
  recipeOf: RecipeOf;
}

/** Rounds layer after layer, as quantizeGraph comes to them in the graph's order. */
export async function roundSequentially(input: SequentialInput): Promise<RoundWeights> {
  const graph = withBiases(input.graph);
  const [clean, packed] = [await input.makeRunner(graph), await input.makeRunner(graph)];
  const covariances = packed.covariances ?? plainCovariances;
  const samples = input.samples.map((s) => s.map((d) => Float32Array.from(d as ArrayLike<number>)));
  const at = startOf(graph, samples);
  const fronts = { clean: openFrontier(graph, clean, at), packed: openFrontier(graph, packed, at) };
  const nodeOf = new Map(graph.nodes.map((n) => [n.outputs[0], n]));
  return (node, real, shape, leastScales, mostScale) => {
    const own = nodeOf.get(node.outputs[0]);
    const recipe = input.recipeOf(node, shape);
    if (!own || !recipe) return undefined;
    const seen = { clean: inputsOf(fronts.clean, own), packed: inputsOf(fronts.packed, own) };
    const windows = recipe.rate === undefined ? windowsPerLayer : windowsWhenCoded;
    const moments = jointMoments(graph, own, seen, windows, covariances);
    const place = matrixIndex(node.op, shape);
    const weights = new Float64Array(real.length);
    real.forEach((v, i) => {
      weights[place(i)] = v;
    });
    const aim = recipe.method === 'output' ? aimed(weights, moments) : weights;
    const rounded = roundLayer(node, aim, shape, leastScales, recipe, moments, mostScale);
    const values = new Float64Array(real.length);
    real.forEach((_, i) => {
      values[place(i)] = rounded.data[i] * rounded.scales[Math.floor(place(i) / moments.columns)];
    });
    const shift = meanShift(weights, values, moments);
    setLayer(
      packed,
      graph,
      own,
      Float32Array.from(real, (_, i) => values[place(i)]),
      shift,
    );
    return { ...rounded, shift };
  };
}

export function inputsOf(front: Frontier, node: Node): Float32Array[] {
  front.goTo(node);
  return front.values(node.inputs[0]);
}

/** Gives a layer other weights, and biases that are the graph's own and a shift. */
export function setLayer(
  runner: FloatRunner,
  graph: Graph,
  node: Node,
  weights: Float32Array,
  shift?: Float64Array,
): void {
  if (!runner.setConstants) throw new Error('this runner cannot exchange constants');
  const bias = graph.tensors[node.inputs[2]].data as Float32Array;
  runner.setConstants(
    new Map([
      [node.inputs[1], { data: weights }],
      [node.inputs[2], { data: bias.map((b, c) => b + (shift?.[c] ?? 0)) }],
    ]),
  );
}
