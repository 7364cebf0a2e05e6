// SPDX-License-Identifier: Apache-2.0
// What errors of a layer's weights do to the network's outputs: |J E|^2 with J the outputs' derivative, over samples and
// places, taken as tr(R E C E^T): R says which output channels matter and make up for each other, C the same of columns
// (two Kronecker factors as in K-FAC, arXiv:1503.05671, here of whole samples' gradients).
import type { Graph, Node, TensorData, TensorId } from '../model/graph.js';
import { matrixIndex } from '../ops/weightMatrix.js';
import { isWeighted } from '../passes/affine.js';
import { xorshift32 } from '../xorshift.js';
import { backward } from './gradients.js';
import { type LayerWindows, layerWindows, type Moments } from './moments.js';
import { judgedOutputs } from './outputSnr.js';
import { type Products, products as plainProducts } from './products.js';
import type { FloatRunner } from './runner.js';
import { geometryOf, type LayerGeometry, plainWeightGradients, type WeightGradients } from './weightGradients.js';

export interface Sensitivity {
  /** rows x rows; the scale of the cost is in here. Diagonal where output channels see inputs of their own. */
  rows: Float64Array;
  /** columns x columns of each group of output channels, trace 1. */
  columns: Float64Array[];
  /** What an error of each channel's bias costs. */
  biases: Float64Array;
}

interface Sums extends Sensitivity {
  node: Node;
  windows: LayerWindows;
  geometry: LayerGeometry;
  means: readonly Float64Array[];
  /** A sample's gradient as the weights lie in the graph, where each goes, and as a matrix. */
  native: Float32Array;
  at: (i: number) => number;
  gradient: Float32Array;
  /** Gradients of some samples side by side, a row for each column: products of many rows at once are faster. */
  pending: Float32Array;
  width: number;
  filled: number;
}

/** Columns of gradients that are multiplied at once. */
const pendingRows = 512;
const upTo4 = (n: number): number => Math.ceil(n / 4) * 4;

function sumsOf(graph: Graph, node: Node, moments: Moments): Sums {
  const windows = layerWindows(graph, node);
  const { rows, columns: n, groups } = windows;
  const width = upTo4(Math.max(rows, pendingRows));
  return {
    node,
    windows,
    geometry: geometryOf(graph, node),
    means: moments.means,
    native: new Float32Array(rows * n),
    at: matrixIndex(node.op, graph.tensors[node.inputs[1]].shape),
    gradient: new Float32Array(rows * upTo4(n)),
    pending: new Float32Array(groups > 1 ? 0 : n * width),
    width,
    filled: 0,
    rows: new Float64Array(rows * rows),
    biases: new Float64Array(rows),
    columns: Array.from({ length: groups }, () => new Float64Array(n * n)),
  };
}

/** The sample's gradient of each weight, inputs taken around their mean (the bias takes the rest). */
function setGradient(s: Sums, engine: WeightGradients, x: Float32Array, gradient: Float32Array): void {
  const { rows, columns: n, groups } = s.windows;
  const stride = upTo4(n);
  const biases = addBiases(s, gradient);
  engine.weights(s.geometry, x, gradient, s.native.fill(0));
  for (let i = 0; i < s.native.length; i++) {
    const at = s.at(i);
    const row = Math.floor(at / n);
    const column = at - row * n;
    s.gradient[row * stride + column] = s.native[i] - biases[row] * s.means[Math.floor((row * groups) / rows)][column];
  }
}

/** The gradients of the biases, which are counted. */
function addBiases({ biases }: Sums, gradient: Float32Array): Float64Array {
  const sums = new Float64Array(biases.length);
  for (let i = 0; i < gradient.length; i++) sums[i % sums.length] += gradient[i];
  sums.forEach((v, r) => {
    biases[r] += v * v;
  });
  return sums;
}

/** Adds the products of the sample's gradient with itself, along columns and along rows. */
function addProducts(s: Sums, products: Products): void {
  const { rows, columns: n, groups } = s.windows;
  if (groups > 1) {
    addOwnProducts(s);
    return;
  }
  const stride = upTo4(n);
  products(s.gradient, s.gradient, rows, stride, s.rows);
  for (let r = 0; r < rows; r++)
    for (let c = 0; c < n; c++) s.pending[c * s.width + s.filled + r] = s.gradient[r * stride + c];
  s.filled += rows;
  if (s.filled + rows > s.width) addPending(s, products);
}

function addPending(s: Sums, products: Products): void {
  if (s.filled > 0) products(s.pending, s.pending, s.windows.columns, s.width, s.columns[0]);
  s.filled = 0;
  s.pending.fill(0);
}

/** Of output channels that see inputs of their own: nothing is between rows. */
function addOwnProducts(s: Sums): void {
  const { rows, columns: n, groups } = s.windows;
  const stride = upTo4(n);
  for (let r = 0; r < rows; r++) {
    const matrix = s.columns[Math.floor((r * groups) / rows)];
    const own = s.gradient.subarray(r * stride, r * stride + n);
    for (let i = 0; i < n; i++) {
      s.rows[r * (rows + 1)] += own[i] * own[i];
      for (let j = 0; j < n; j++) matrix[i * n + j] += own[i] * own[j];
    }
  }
}

const divided = (sums: Float64Array, by: number): Float64Array => sums.map((v) => (by > 0 ? v / by : 0));

function finished(s: Sums, count: number, products: Products): Sensitivity {
  if (s.windows.groups === 1) addPending(s, products);
  const n = s.windows.columns;
  return {
    rows: divided(s.rows, count),
    biases: divided(s.biases, count),
    columns: s.columns.map((matrix) => {
      let trace = 0;
      for (let i = 0; i < n; i++) trace += matrix[i * n + i];
      return divided(matrix, trace);
    }),
  };
}

/** By the tensor id of each layer's output. */
export function sensitivities(
  graph: Graph,
  samples: readonly TensorData[][],
  runner: FloatRunner,
  moments: ReadonlyMap<TensorId, Moments>,
): Map<TensorId, Sensitivity> {
  const layers = new Map<TensorId, Sums>();
  for (const node of graph.nodes) {
    const own = moments.get(node.outputs[0]);
    if (isWeighted(node) && own) layers.set(node.outputs[0], sumsOf(graph, node, own));
  }
  const engine = runner.gradients ?? plainWeightGradients;
  const products = runner.products ?? plainProducts;
  const next = xorshift32(0x67726164);
  const judged = judgedOutputs(graph);
  for (const sample of samples) {
    const values = new Map<TensorId, Float32Array>();
    const inputs = sample.map((d) => Float32Array.from(d as ArrayLike<number>));
    graph.inputs.forEach((id, i) => void values.set(id, inputs[i]));
    runner.run(inputs, (id, data) => void values.set(id, data.slice()));
    const visit = (node: Node, gradient: Float32Array): void => {
      const sums = layers.get(node.outputs[0]);
      const x = values.get(node.inputs[0]);
      if (!sums || !x) return;
      setGradient(sums, engine, x, gradient);
      addProducts(sums, products);
    };
    for (let k = 0; k < weightings; k++) {
      const seeds = new Map(judged.map((id) => [id, signs(values.get(id) ?? none, next)]));
      backward(graph, values, seeds, next, visit, engine);
    }
  }
  const count = samples.length * weightings;
  return new Map([...layers].map(([id, sums]) => [id, finished(sums, count, products)]));
}

/** Weightings of the outputs for each sample: rows and columns of a layer are known better with each. */
const weightings = 6;

const none = new Float32Array();

/** A weighting of the outputs by random signs: on average, its products are those of all outputs' gradients. (Fisher's
 *  information in its place, for answers by softmax, is worse: of some hundred samples few are unsure.) */
const signs = (values: Float32Array, next: () => number): Float32Array => values.map(() => (next() & 1 ? 1 : -1));
