// SPDX-License-Identifier: Apache-2.0
// Rows of support vector machines. Between x and all vectors there is one product of matrices; the rest of a kernel is
// element by element. Semantics: libsvm, as ONNX Runtime's svmclassifier.cc has it.
import type { TensorId } from '../graph.js';
import { refuse } from '../refusal.js';
import type { Convert } from './elementwise.js';
import { range } from './layout.js';
import type { OnnxNode } from './node.js';
import { classCount, constantOf, emitLabel, emitScores, rowsInput } from './scores.js';

interface Vectors {
  values: readonly number[];
  count: number;
}

function vectorsOf(n: OnnxNode): Vectors {
  const values = n.floats('support_vectors') ?? [];
  const count = values.length / (n.shape(0)[1] ?? 1);
  if (!(Number.isInteger(count) && count > 0))
    return refuse('it has no support vectors', 'use a linear model (LinearClassifier, LinearRegressor)');
  return { values, count };
}

/** kernel(x, v) for all vectors: [rows, vectors]. */
function kernelValues(n: OnnxNode, { values, count }: Vectors): TensorId {
  const features = n.shape(0)[1];
  const [gamma = 0, coef0 = 0, degree = 0] = n.floats('kernel_params') ?? [];
  const kind = n.text('kernel_type', 'LINEAR');
  const x = rowsInput(n);
  const dot = (factor: number, bias: readonly number[] | undefined): TensorId =>
    n.temporary(
      'fullyConnected',
      [
        x,
        constantOf(
          n,
          'vectors',
          [count, features],
          values.map((v) => v * factor),
        ),
        ...(bias ? [constantOf(n, 'vector_bias', [count], bias)] : []),
      ],
      {},
      'dot',
    );
  if (kind === 'LINEAR') return dot(1, undefined);
  const shifted = (): TensorId =>
    dot(
      gamma,
      range(count).map(() => coef0),
    );
  if (kind === 'POLY') return power(n, shifted(), degree);
  if (kind === 'SIGMOID') return n.temporary('tanh', [shifted()], {}, 'kernel');
  if (kind !== 'RBF') return refuse(`its kernel is ${kind}`, 'use LINEAR, RBF, POLY or SIGMOID');
  // exp(-g |x - v|^2) = exp(2 g x v - g |v|^2 - g |x|^2)
  const sizes = range(count).map(
    (i) => -gamma * values.slice(i * features, (i + 1) * features).reduce((a, v) => a + v * v, 0),
  );
  const squares = n.temporary('sumSquare', [x], { axes: [1], keepDims: true }, 'squares');
  const size = n.temporary('mul', [squares, n.number('gamma', gamma)], {}, 'size');
  return n.temporary('exp', [n.temporary('sub', [dot(2 * gamma, sizes), size], {}, 'distance')], {}, 'kernel');
}

/** Whole powers as products: of a negative base, pow is right too, but slower. */
function power(n: OnnxNode, base: TensorId, degree: number): TensorId {
  if (!(Number.isInteger(degree) && degree >= 1 && degree <= 8)) return refuse(`its degree is ${degree}`, 'use 1 to 8');
  let result = base;
  for (let i = 1; i < degree; i++) result = n.temporary('mul', [result, base], {}, `power${i + 1}`);
  return result;
}

const convertRegressor: Convert = (n) => {
  const vectors = vectorsOf(n);
  const coefficients = n.floats('coefficients') ?? [];
  if (coefficients.length !== vectors.count)
    n.broken(`${coefficients.length} coefficients for ${vectors.count} vectors`);
  if (n.int('one_class', 0) !== 0) refuse('it tells outliers from a class', 'take the distance itself (one_class 0)');
  const weights = constantOf(n, 'coefficients', [1, vectors.count], coefficients);
  const rho = constantOf(n, 'rho', [1], [n.floats('rho')?.[0] ?? 0]);
  const scores = n.temporary('fullyConnected', [kernelValues(n, vectors), weights, rho], {}, 'score');
  emitScores(n, scores, n.text('post_transform', 'NONE'), 0);
};

/** One row per pair of classes: coefficients of the vectors of both, those of the others are 0. */
function pairWeights(n: OnnxNode, classes: number, count: number): number[] {
  const coefficients = n.floats('coefficients') ?? [];
  const perClass = n.ints('vectors_per_class') ?? [];
  const total = perClass.reduce((a, v) => a + v, 0);
  if (
    perClass.length !== classes ||
    total !== count ||
    perClass.some((v) => v < 0) ||
    coefficients.length !== (classes - 1) * count
  )
    n.broken(`${coefficients.length} coefficients for ${count} vectors of ${perClass.length} classes`);
  const start = range(classes).map((i) => perClass.slice(0, i).reduce((a, v) => a + v, 0));
  const rows: number[] = [];
  for (let i = 0; i < classes; i++) {
    for (let j = i + 1; j < classes; j++) {
      const row = new Array<number>(count).fill(0);
      for (let v = start[i]; v < start[i] + perClass[i]; v++) row[v] = coefficients[(j - 1) * count + v];
      for (let v = start[j]; v < start[j] + perClass[j]; v++) row[v] = coefficients[i * count + v];
      rows.push(...row);
    }
  }
  return rows;
}

/** How often each class won against another, which is linear in who won. */
function votes(n: OnnxNode, scores: TensorId, classes: number): TensorId {
  const pairs = range(classes).flatMap((i) =>
    range(classes)
      .filter((j) => j > i)
      .map((j) => [i, j]),
  );
  const wins = n.temporary('less', [n.number('zero', 0), scores], {}, 'wins');
  const numbers = n.temporary(
    'cast',
    [n.temporary('cast', [wins], { to: 'int32' }, 'wins32')],
    { to: 'float32' },
    'wins_float',
  );
  const weights = range(classes).flatMap((c) => pairs.map(([i, j]) => (c === i ? 1 : c === j ? -1 : 0)));
  const bias = range(classes).map((c) => pairs.filter(([, j]) => j === c).length);
  const inputs = [
    numbers,
    constantOf(n, 'vote_weights', [classes, pairs.length], weights),
    constantOf(n, 'vote_bias', [classes], bias),
  ];
  return n.temporary('fullyConnected', inputs, {}, 'votes');
}

const convertClassifier: Convert = (n) => {
  const classes = classCount(n);
  if ((n.floats('prob_a') ?? []).length > 0)
    refuse('it estimates probabilities of pairs', 'export the SVC with probability=False');
  if (classes < 2) n.broken('it has one class');
  const vectors = vectorsOf(n);
  const pairs = (classes * (classes - 1)) / 2;
  const weights = constantOf(n, 'pairs', [pairs, vectors.count], pairWeights(n, classes, vectors.count));
  const rho = n.floats('rho') ?? [];
  if (rho.length !== pairs) n.broken(`${rho.length} numbers of rho for ${pairs} pairs`);
  const inputs = [kernelValues(n, vectors), weights, constantOf(n, 'rho', [pairs], rho)];
  const scores = n.temporary('fullyConnected', inputs, {}, 'pair_scores');
  emitLabel(n, votes(n, scores, classes), 0);
  emitScores(n, scores, n.text('post_transform', 'NONE'), 1, classes === 2 ? 'opposite' : 'none');
};

export const svmRows: Readonly<Record<string, Convert>> = {
  SVMRegressor: convertRegressor,
  SVMClassifier: convertClassifier,
};
