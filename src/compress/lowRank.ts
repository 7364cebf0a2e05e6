// SPDX-License-Identifier: Apache-2.0
// A layer as two thin ones: W = U (U^T W), with U the directions in which the layer's output varies most, the first
// eigenvectors of W C W^T for inputs of covariance C. That is the best there is for these inputs (SVD with whitened
// activations, SVD-LLM, arXiv:2403.07378), without a decomposition of C.
import { addTensor, cloneGraph, type Graph, NO_TENSOR, type Node, type TensorId } from '../model/graph.js';
import { floatTensor } from '../passes/constants.js';
import { centred, type Moments } from './moments.js';
import { eigenvectors } from './round/eigen.js';

/** Name of the first of the two layers; the second keeps the layer's own. */
const suffix = '/low';
export const lowName = (name: string): string => `${name}${suffix}`;
/** The layer that a half of one is from, by name. */
export const wholeName = (name: string): string => (name.endsWith(suffix) ? name.slice(0, -suffix.length) : name);

export const canFactor = (node: Node, graph: Graph): boolean =>
  (node.op === 'fullyConnected' || (node.op === 'conv2d' && Number(node.attrs.groups ?? 1) === 1)) &&
  graph.tensors[node.inputs[1]].data instanceof Float32Array;

/** Rank at which the two layers have as many weights as the one. */
export const evenRank = (rows: number, columns: number): number => (rows * columns) / (rows + columns);

interface Factors {
  /** rows x rank, and rank x columns. */
  left: Float64Array;
  right: Float64Array;
  /** What the directions left out have on average. */
  shift: Float64Array;
}

/** Least variance, of the largest, that a channel between the layers is taken to have. */
const leastVariance = 1e-8;

/** What each channel between the layers is multiplied by: their spreads, by which output varies, fall off fast, but all share
 *  one int8 scale. Made equal, their steps would cost least, and those of the second layer's weights most: so half way. */
const growths = (variances: Float64Array): Float64Array =>
  variances.map((v) => Math.max(v / variances[0], leastVariance) ** -0.25);

/** Best factors for inputs with this covariance and mean. */
export function factors(weights: Float64Array, rows: number, moments: Moments, rank: number): Factors {
  const n = moments.columns;
  const matrix = moments.matrices[0];
  const wc = new Float64Array(rows * n);
  for (let r = 0; r < rows; r++)
    for (let i = 0; i < n; i++) {
      const w = weights[r * n + i];
      if (w !== 0) for (let j = 0; j < n; j++) wc[r * n + j] += w * matrix[i * n + j];
    }
  const gram = new Float64Array(rows * rows);
  for (let a = 0; a < rows; a++)
    for (let b = 0; b < rows; b++) for (let j = 0; j < n; j++) gram[a * rows + b] += wc[a * n + j] * weights[b * n + j];
  const { values, vectors } = eigenvectors(gram, rows);
  const grown = growths(values.subarray(0, rank));
  const left = Float64Array.from({ length: rows * rank }, (_, i) => vectors[(i % rank) * rows + Math.floor(i / rank)]);
  const right = new Float64Array(rank * n);
  for (let k = 0; k < rank; k++)
    for (let r = 0; r < rows; r++)
      for (let j = 0; j < n; j++) right[k * n + j] += left[r * rank + k] * weights[r * n + j];
  for (let i = 0; i < right.length; i++) right[i] *= grown[Math.floor(i / n)];
  for (let i = 0; i < left.length; i++) left[i] /= grown[i % rank];
  const along = (m: Float64Array, at: number, v: Float64Array): number => v.reduce((s, x, j) => s + x * m[at + j], 0);
  const low = Float64Array.from({ length: rank }, (_, k) => along(right, k * n, moments.means[0]));
  const shift = Float64Array.from(
    { length: rows },
    (_, r) => along(weights, r * n, moments.means[0]) - along(left, r * rank, low),
  );
  return { left, right, shift };
}

/** Replaces each layer that `rankOf` gives a rank for. */
export function factorLayers(
  source: Graph,
  raw: ReadonlyMap<TensorId, Moments>,
  rankOf: (node: Node, shape: readonly number[]) => number | undefined,
): Graph {
  const graph = cloneGraph(source);
  graph.nodes = graph.nodes.flatMap((node) => {
    const shape = graph.tensors[node.inputs[1]]?.shape ?? [];
    const rank = canFactor(node, graph) ? rankOf(node, shape) : undefined;
    const own = raw.get(node.outputs[0]);
    if (rank === undefined || !own || rank >= shape[0]) return [node];
    return split(graph, node, centred(own), rank);
  });
  return graph;
}

function split(graph: Graph, node: Node, moments: Moments, rank: number): Node[] {
  const tensor = graph.tensors[node.inputs[1]];
  const rows = tensor.shape[0];
  const weights = Float64Array.from(tensor.data as Float32Array);
  const { left, right, shift } = factors(weights, rows, moments, rank);
  const biasId = node.inputs[2] ?? NO_TENSOR;
  const given = biasId === NO_TENSOR ? undefined : (graph.tensors[biasId].data as Float32Array);
  const constant = (name: string, shape: number[], data: Float64Array): TensorId =>
    addTensor(graph, floatTensor(name, shape, data));
  const { activation, ...bare } = node.attrs;
  const dense = node.op === 'fullyConnected';
  const output = graph.tensors[node.outputs[0]];
  const middle = addTensor(graph, {
    name: `${lowName(output.name)}`,
    dtype: 'float32',
    shape: [...output.shape.slice(0, -1), rank],
  });
  const first = constant(lowName(tensor.name), [rank, ...tensor.shape.slice(1)], right);
  const zero = constant(`${lowName(tensor.name)}/bias`, [rank], new Float64Array(rank));
  const second = constant(tensor.name, dense ? [rows, rank] : [rows, 1, 1, rank], left);
  const bias = constant(
    `${tensor.name}/bias`,
    [rows],
    shift.map((s, r) => s + (given?.[r] ?? 0)),
  );
  const unit = { strides: [1, 1], pads: [0, 0, 0, 0], dilations: [1, 1], groups: 1 };
  return [
    { ...node, name: lowName(node.name), inputs: [node.inputs[0], first, zero], outputs: [middle], attrs: bare },
    { ...node, inputs: [middle, second, bias], attrs: { ...bare, ...(dense ? {} : unit), activation } },
  ];
}
