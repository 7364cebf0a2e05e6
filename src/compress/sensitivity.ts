// SPDX-License-Identifier: Apache-2.0
// What errors of a layer's weights do to the network's outputs: |J E|^2 with J the outputs' derivative, over samples and
// places, taken as tr(R E C E^T): R says which output channels matter and make up for each other, C the same of columns
// (two Kronecker factors as in K-FAC, arXiv:1503.05671, here of whole samples' gradients).
import type { Graph, Node, TensorData, TensorId } from '../model/graph.js';
import { isWeighted } from '../passes/affine.js';
import { xorshift32 } from '../xorshift.js';
import { backward } from './gradients.js';
import { layerWindows, type Moments } from './moments.js';
import { judgedOutputs } from './outputSnr.js';
import type { FloatRunner } from './runner.js';

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
  gradient: Float64Array;
  windows: ReturnType<typeof layerWindows>;
  means: readonly Float64Array[];
}

function sumsOf(graph: Graph, node: Node, moments: Moments): Sums {
  const windows = layerWindows(graph, node);
  const { rows, columns: n, groups } = windows;
  return {
    node,
    windows,
    means: moments.means,
    gradient: new Float64Array(rows * n),
    rows: new Float64Array(rows * rows),
    biases: new Float64Array(rows),
    columns: Array.from({ length: groups }, () => new Float64Array(n * n)),
  };
}

/** The sample's gradient of each weight, inputs taken around their mean (the bias takes the rest). */
function weightGradient(s: Sums, x: Float32Array, gradient: Float32Array): Float64Array {
  const { rows, columns: n, groups, positions, read } = s.windows;
  const total = s.gradient.fill(0);
  const biases = addBiases(s, gradient);
  const patch = new Float32Array(n);
  const rowsOfGroup = rows / groups;
  for (let p = 0; p < positions; p++)
    for (let group = 0; group < groups; group++) {
      read(x, p, group, patch);
      for (let r = group * rowsOfGroup; r < (group + 1) * rowsOfGroup; r++) {
        const g = gradient[p * rows + r];
        if (g !== 0) for (let c = 0, at = r * n; c < n; c++, at++) total[at] += g * patch[c];
      }
    }
  for (let r = 0; r < rows; r++) {
    const mean = s.means[Math.floor(r / rowsOfGroup)];
    for (let c = 0; c < n; c++) total[r * n + c] -= biases[r] * mean[c];
  }
  return total;
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

/** Adds the products of the sample's gradient with itself, along columns and along rows; of symmetric sums the upper half. */
function addProducts(s: Sums, total: Float64Array): void {
  const { rows, columns: n, groups } = s.windows;
  const rowsOfGroup = rows / groups;
  s.columns.forEach((matrix, group) => {
    const [first, end] = [group * rowsOfGroup, (group + 1) * rowsOfGroup];
    for (let i = 0; i < n; i++)
      for (let r = first; r < end; r++) {
        const a = total[r * n + i];
        if (a !== 0) for (let j = i; j < n; j++) matrix[i * n + j] += a * total[r * n + j];
      }
  });
  for (let r = 0; r < rows; r++)
    for (let q = r; q < (groups > 1 ? r + 1 : rows); q++) {
      let sum = 0;
      for (let c = 0; c < n; c++) sum += total[r * n + c] * total[q * n + c];
      s.rows[r * rows + q] += sum;
    }
}

/** The whole of a symmetric matrix, divided. */
function mirrored(upper: Float64Array, n: number, divisor: number): Float64Array {
  return upper.map((_, i) => {
    const [row, column] = [Math.floor(i / n), i % n];
    return divisor > 0 ? upper[Math.min(row, column) * n + Math.max(row, column)] / divisor : 0;
  });
}

function finished({ rows, columns, biases, windows }: Sums, samples: number): Sensitivity {
  const n = windows.columns;
  return {
    rows: mirrored(rows, windows.rows, samples),
    biases: biases.map((v) => v / samples),
    columns: columns.map((matrix) => {
      let trace = 0;
      for (let i = 0; i < n; i++) trace += matrix[i * n + i];
      return mirrored(matrix, n, trace);
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
  const next = xorshift32(0x67726164);
  const judged = judgedOutputs(graph);
  for (const sample of samples) {
    const values = new Map<TensorId, Float32Array>();
    const inputs = sample.map((d) => Float32Array.from(d as ArrayLike<number>));
    graph.inputs.forEach((id, i) => void values.set(id, inputs[i]));
    runner.run(inputs, (id, data) => void values.set(id, data.slice()));
    const seeds = new Map(judged.map((id) => [id, signs(values.get(id) ?? none, next)]));
    backward(graph, values, seeds, next, (node, gradient) => {
      const sums = layers.get(node.outputs[0]);
      const x = values.get(node.inputs[0]);
      if (sums && x) addProducts(sums, weightGradient(sums, x, gradient));
    });
  }
  return new Map([...layers].map(([id, sums]) => [id, finished(sums, samples.length)]));
}

const none = new Float32Array();

/** A weighting of the outputs by random signs: on average, its products are those of all outputs' gradients. (Fisher's
 *  information in its place, for answers by softmax, is worse: of some hundred samples few are unsure.) */
const signs = (values: Float32Array, next: () => number): Float32Array => values.map(() => (next() & 1 ? 1 : -1));
