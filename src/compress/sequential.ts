// SPDX-License-Identifier: Apache-2.0
// Rounding each layer against what the layers before it, rounded already, really give it (asymmetric calibration, GPTAQ,
// arXiv:2504.02692). With x the float model's inputs of the layer and y the packed one's, |W x - Q y|^2 is, but for a
// constant, (Q - V) C (Q - V)^T with C the covariance of y and V = W cov(x, y) C^-1: so the other engines round V, with C.
// The bias takes what is left of the mean: W E[x] - Q E[y].
import {
  addTensor,
  cloneGraph,
  type Graph,
  NO_TENSOR,
  type Node,
  type TensorData,
  type TensorId,
} from '../model/graph.js';
import { matrixIndex } from '../ops/weightMatrix.js';
import { isWeighted } from '../passes/affine.js';
import type { RoundWeights } from '../passes/integerWeights.js';
import { xorshift32 } from '../xorshift.js';
import { layerWindows, type Moments, minusOuter, windowsPerLayer } from './moments.js';
import type { RecipeOf } from './recipe.js';
import { dampedInverse } from './round/linearAlgebra.js';
import { roundLayer } from './roundWeights.js';
import type { FloatRunner, MakeRunner } from './runner.js';

/** Of one layer: moments of the packed model's inputs, and how the float model's go with them. */
interface JointMoments extends Moments {
  /** E[x], and cov(x, y) - cov(y, y), of each matrix. */
  cleanMeans: Float64Array[];
  differences: Float64Array[];
}

/** GPTQ's damping is enough for the inverse; the inputs' noise must not be fitted, so the step takes ten times as much. */
const damping = 0.1;

/** Every weighted layer gets a bias of zeros where it has none, so that all can be corrected. */
function withBiases(source: Graph): Graph {
  const graph = cloneGraph(source);
  for (const node of graph.nodes) {
    if (!isWeighted(node) || (node.inputs[2] ?? NO_TENSOR) !== NO_TENSOR) continue;
    const { rows } = layerWindows(graph, node);
    const bias = { name: `${node.name}/bias`, dtype: 'float32' as const, shape: [rows], data: new Float32Array(rows) };
    node.inputs = [node.inputs[0], node.inputs[1], addTensor(graph, bias)];
  }
  return graph;
}

interface Sums {
  yy: Float64Array;
  /** x - y times y. */
  dy: Float64Array;
  x: Float64Array;
  y: Float64Array;
}

function addWindow({ yy, dy, x: sumX, y: sumY }: Sums, x: Float32Array, y: Float32Array): void {
  const n = x.length;
  for (let i = 0; i < n; i++) {
    const [a, d] = [y[i], x[i] - y[i]];
    sumX[i] += x[i];
    sumY[i] += a;
    const row = i * n;
    if (a !== 0) for (let j = 0; j < n; j++) yy[row + j] += a * y[j];
    if (d !== 0) for (let j = 0; j < n; j++) dy[row + j] += d * y[j];
  }
}

function inputSeen(runner: FloatRunner, graph: Graph, sample: readonly Float32Array[], id: TensorId): Float32Array {
  const given = graph.inputs.indexOf(id);
  if (given >= 0) return sample[given];
  let seen: Float32Array | undefined;
  runner.run([...sample], (at, data) => {
    if (at === id) seen = data.slice();
  });
  if (!seen) throw new Error(`'${graph.tensors[id].name}' was never computed`);
  return seen;
}

export function jointMoments(
  graph: Graph,
  node: Node,
  samples: readonly Float32Array[][],
  clean: FloatRunner,
  packed: FloatRunner,
): JointMoments {
  const { rows, columns: n, groups, positions, read } = layerWindows(graph, node);
  const all = Array.from(
    { length: groups },
    (): Sums => ({
      yy: new Float64Array(n * n),
      dy: new Float64Array(n * n),
      x: new Float64Array(n),
      y: new Float64Array(n),
    }),
  );
  const next = xorshift32(0x73657175);
  const [px, py] = [new Float32Array(n), new Float32Array(n)];
  const wanted = Math.ceil(windowsPerLayer / samples.length);
  const count = Math.min(positions, wanted);
  for (const sample of samples) {
    const x = inputSeen(clean, graph, sample, node.inputs[0]);
    const y = inputSeen(packed, graph, sample, node.inputs[0]);
    for (let i = 0; i < count; i++) {
      const position = count === positions ? i : next() % positions;
      all.forEach((sums, g) => {
        read(x, position, g, px);
        read(y, position, g, py);
        addWindow(sums, px, py);
      });
    }
  }
  const windows = count * samples.length;
  const mean = (v: Float64Array): Float64Array => v.map((s) => s / windows);
  const matrices = all.map((s) => mean(s.yy));
  const [means, cleanMeans] = [all.map((s) => mean(s.y)), all.map((s) => mean(s.x))];
  return {
    columns: n,
    windows,
    rowsPerMatrix: rows / groups,
    means,
    cleanMeans,
    matrices: matrices.map((m, g) => minusOuter(m, means[g], means[g])),
    differences: all.map((s, g) =>
      minusOuter(
        mean(s.dy),
        cleanMeans[g].map((v, i) => v - means[g][i]),
        means[g],
      ),
    ),
  };
}

/** The real weights that come nearest to W x when they meet y. */
export function aimed(weights: Float64Array, m: JointMoments, share = damping): Float64Array {
  const n = m.columns;
  const aim = weights.slice();
  const inverses = m.matrices.map((c) => dampedInverse(c, n, share));
  for (let row = 0; row * n < weights.length; row++) {
    const group = Math.floor(row / m.rowsPerMatrix);
    const step = timesMatrix(
      timesMatrix(weights.subarray(row * n, (row + 1) * n), m.differences[group]),
      inverses[group],
    );
    step.forEach((s, i) => {
      if (Number.isFinite(s)) aim[row * n + i] += s;
    });
  }
  return aim;
}

function timesMatrix(v: Float64Array, matrix: Float64Array): Float64Array {
  const n = v.length;
  const result = new Float64Array(n);
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) result[j] += v[i] * matrix[i * n + j];
  return result;
}

const dot = (a: Float64Array, b: Float64Array): number => a.reduce((sum, v, i) => sum + v * b[i], 0);

/** Rounds layer after layer, as quantizeInt8 comes to them in the graph's order. */
export async function roundSequentially(
  source: Graph,
  samples: readonly TensorData[][],
  makeRunner: MakeRunner,
  recipeOf: RecipeOf,
): Promise<RoundWeights> {
  const graph = withBiases(source);
  const [clean, packed] = [await makeRunner(graph), await makeRunner(graph)];
  if (!packed.setConstants) throw new Error('this runner cannot exchange constants');
  const inputs = samples.map((s) => s.map((d) => Float32Array.from(d as ArrayLike<number>)));
  const nodeOf = new Map(graph.nodes.map((n) => [n.outputs[0], n]));
  return (node, real, shape, leastScales, mostScale) => {
    const own = nodeOf.get(node.outputs[0]);
    const recipe = recipeOf(node, shape);
    if (!own || !recipe) return undefined;
    const moments = jointMoments(graph, own, inputs, clean, packed);
    const at = matrixIndex(node.op, shape);
    const weights = new Float64Array(real.length);
    real.forEach((v, i) => {
      weights[at(i)] = v;
    });
    const rounded = roundLayer(
      node,
      recipe.method === 'output' ? aimed(weights, moments) : weights,
      shape,
      leastScales,
      recipe,
      moments,
      mostScale,
    );
    const n = moments.columns;
    const integers = new Float64Array(real.length);
    real.forEach((_, i) => {
      integers[at(i)] = rounded.data[i] * rounded.scales[Math.floor(at(i) / n)];
    });
    const shift = leastScales.map((_, row) => {
      const group = Math.floor(row / moments.rowsPerMatrix);
      const span = [row * n, (row + 1) * n] as const;
      return (
        dot(weights.subarray(...span), moments.cleanMeans[group]) -
        dot(integers.subarray(...span), moments.means[group])
      );
    });
    const bias = graph.tensors[own.inputs[2]].data as Float32Array;
    packed.setConstants?.(
      new Map([
        [own.inputs[1], { data: Float32Array.from(real, (_, i) => integers[at(i)]) }],
        [own.inputs[2], { data: bias.map((b, c) => b + shift[c]) }],
      ]),
    );
    return { ...rounded, shift };
  };
}
