// SPDX-License-Identifier: Apache-2.0
// What the recurrent layers share: how they walk through a sequence, their weights, and the functions of their gates.
// Inputs: x, weights, recurrent weights, bias, (what the layer alone has), states. Twin of runtime-c/include/mote/cell.h.
import { type AttrValue, elementCount, type Graph, type Node, type Tensor, type TensorData } from '../model/graph.js';
import { badShape } from './attributes.js';
import { expf, logisticf, tanhf } from './floatMath.js';
import { type CStruct, inputOf, optionalInput } from './op.js';
import { clampTo } from './requantize.js';
import { constant, type Reason } from './weighted.js';

const f = Math.fround;

export interface Sequence {
  steps: number;
  batch: number;
  inputs: number;
  hidden: number;
  reverse: boolean;
  /** [batch, steps, …] in place of [steps, batch, …]. */
  batchFirst: boolean;
}

export const weightsIndex = { x: 0, weights: 1, recurrent: 2, bias: 3 } as const;
/** More products could overflow a 32-bit sum. */
const maxProducts = 65_535;

/** The geometry of a layer with `gates` rows of weights per hidden cell and `biases` rows of bias. */
export function sequenceOf(node: Node, graph: Graph, gates: number, biases: number): Sequence {
  const [x, w, r] = [0, 1, 2].map((i) => inputOf(node, graph, i));
  if (x.shape.length !== 3 || w.shape.length !== 2 || r.shape.length !== 2)
    badShape(node, 'the input must have 3 dimensions and the weights 2');
  const batchFirst = node.attrs.batchFirst === true;
  const [steps, batch] = batchFirst ? [x.shape[1], x.shape[0]] : x.shape;
  const [inputs, hidden] = [x.shape[2], r.shape[1]];
  if (w.shape[0] !== gates * hidden || r.shape[0] !== gates * hidden || w.shape[1] !== inputs)
    badShape(node, `weights [${w.shape}] and [${r.shape}] do not fit ${inputs} inputs`);
  const bias = optionalInput(node, graph, weightsIndex.bias);
  if (bias && elementCount(bias.shape) !== biases * hidden)
    badShape(node, `the bias is not ${biases * hidden} numbers`);
  return { steps, batch, inputs, hidden, reverse: node.attrs.reverse === true, batchFirst };
}

/** State input i, which must fit; undefined where the layer begins at zero. */
export function stateInput(node: Node, graph: Graph, i: number, s: Sequence): Tensor | undefined {
  const t = optionalInput(node, graph, i);
  if (t && elementCount(t.shape) !== s.batch * s.hidden)
    badShape(node, `the state [${t.shape}] is not ${s.batch} x ${s.hidden}`);
  return t;
}

export const outputShape = (s: Sequence): number[] =>
  s.batchFirst ? [s.batch, s.steps, s.hidden] : [s.steps, s.batch, s.hidden];

/** Element distance of time steps and of members of the batch. */
const distances = (s: Sequence, width: number): [time: number, batch: number] =>
  s.batchFirst ? [width, s.steps * width] : [s.batch * width, width];

/** The struct mote_sequence. */
export const sequenceField = (s: Sequence): CStruct['fields'][number] => [
  's',
  {
    values: [
      s.steps,
      s.batch,
      s.inputs,
      s.hidden,
      s.reverse ? 1 : 0,
      ...distances(s, s.inputs),
      ...distances(s, s.hidden),
    ],
  },
];

/** Every step of every member of the batch, in order: where its input, its output and its state begin. */
export function* stepsOf(s: Sequence): Generator<{ x: number; y: number; state: number }> {
  const [inTime, inBatch] = distances(s, s.inputs);
  const [outTime, outBatch] = distances(s, s.hidden);
  for (let t = 0; t < s.steps; t++) {
    const time = s.reverse ? s.steps - 1 - t : t;
    for (let b = 0; b < s.batch; b++)
      yield { x: time * inTime + b * inBatch, y: time * outTime + b * outBatch, state: b * s.hidden };
  }
}

/** Why the weights cannot be lowered. */
export function weightsObstacle(
  node: Node,
  graph: Graph,
  indices: readonly number[],
  states: readonly number[],
): Reason | undefined {
  const weights = indices.map((i) => optionalInput(node, graph, i));
  if (weights.some((w) => w && !w.data))
    return { reason: 'its weights are computed, not constant', change: 'export the model with constant weights' };
  if (states.some((i) => optionalInput(node, graph, i)?.data))
    return { reason: 'its initial state is a constant other than zero', change: 'make the initial state an input' };
  return undefined;
}

/** For integer layers. */
export function productsObstacle(s: Sequence): Reason | undefined {
  if (Math.max(s.inputs, s.hidden) <= maxProducts) return undefined;
  return { reason: `a gate sums more than ${maxProducts} products`, change: 'split the layer' };
}

/** Kinds of activation, in the order of the enum in cell.h, with alpha and beta where the file has none (ONNX). */
export const cellKinds: Readonly<Record<string, { code: number; alpha?: number; beta?: number }>> = {
  sigmoid: { code: 0 },
  tanh: { code: 1 },
  relu: { code: 2 },
  affine: { code: 3, alpha: 1, beta: 0 },
  leakyRelu: { code: 4, alpha: 0.01 },
  thresholdedRelu: { code: 5, alpha: 1 },
  scaledTanh: { code: 6, alpha: 1, beta: 1 },
  hardSigmoid: { code: 7, alpha: 0.2, beta: 0.5 },
  elu: { code: 8, alpha: 1 },
  softsign: { code: 9 },
};

export interface CellActivation {
  kind: string;
  alpha: number;
  beta: number;
}

/** The attribute `activations`: one for each function of the layer. */
export function cellActivations(node: Node, count: number): CellActivation[] {
  const list = node.attrs.activations;
  if (!Array.isArray(list) || list.length !== count) return badShape(node, `it must have ${count} activations`);
  return (list as readonly AttrValue[]).map((value) => {
    const { kind, alpha = 0, beta = 0 } = (value ?? {}) as { kind?: unknown; alpha?: unknown; beta?: unknown };
    if (typeof kind !== 'string' || !Object.hasOwn(cellKinds, kind))
      return badShape(node, `it has no activation '${String(kind)}'`);
    if (!Number.isFinite(alpha) || !Number.isFinite(beta))
      return badShape(node, 'alpha and beta must be finite numbers');
    return { kind, alpha: f(alpha as number), beta: f(beta as number) };
  });
}

export const activationFields = (list: readonly CellActivation[]): CStruct['fields'] => [
  ['kind', { values: list.map((a) => cellKinds[a.kind].code) }],
  ['alpha', { floats: list.map((a) => a.alpha) }],
  ['beta', { floats: list.map((a) => a.beta) }],
];

const functions: Readonly<Record<string, (x: number, alpha: number, beta: number) => number>> = {
  sigmoid: (x) => logisticf(x),
  tanh: (x) => tanhf(x),
  relu: (x) => clampTo(x, 0, Number.POSITIVE_INFINITY),
  affine: (x, alpha, beta) => f(f(alpha * x) + beta),
  leakyRelu: (x, alpha) => (x < 0 ? f(alpha * x) : x),
  thresholdedRelu: (x, alpha) => (x > alpha ? x : 0),
  scaledTanh: (x, alpha, beta) => f(alpha * tanhf(f(beta * x))),
  hardSigmoid: (x, alpha, beta) => clampTo(f(f(alpha * x) + beta), 0, 1),
  elu: (x, alpha) => (x < 0 ? f(alpha * f(expf(x) - 1)) : x),
  softsign: (x) => f(x / f(1 + (x < 0 ? -x : x))),
};

export const activate = ({ kind, alpha, beta }: CellActivation, x: number): number => functions[kind](x, alpha, beta);

export const clip = (x: number, limit: number): number => clampTo(x, -limit, limit);

const floatMax = f(3.4028234663852886e38);

/** The attribute as a bound; none is the largest float32. */
export function clipAttr(node: Node, key: string): number {
  const value = node.attrs[key] ?? null;
  if (value === null) return floatMax;
  if (typeof value !== 'number' || !(value > 0)) return badShape(node, `'${key}' must be a positive number`);
  return Math.min(f(value), floatMax);
}

/** sum + weights[from …] . x[at …] in float32. */
export function dotFloat(
  sum: number,
  weights: ArrayLike<number>,
  from: number,
  x: ArrayLike<number>,
  at: number,
  count: number,
): number {
  let total = sum;
  for (let i = 0; i < count; i++) total = f(total + f(weights[from + i] * x[at + i]));
  return total;
}

/** The same of integers, exact. */
export function dotInteger(
  sum: number,
  weights: ArrayLike<number>,
  from: number,
  x: ArrayLike<number>,
  at: number,
  count: number,
): number {
  let total = sum;
  for (let i = 0; i < count; i++) total += weights[from + i] * x[at + i];
  return total;
}

export const floatArray = (
  name: string,
  data: TensorData | undefined,
  count: number,
): { const: ReturnType<typeof constant>['const'] } =>
  constant(
    name,
    'float32',
    Float32Array.from({ length: count }, (_, i) => Number(data?.[i] ?? 0)),
    [count],
  );

/** Arguments of a call: absent states are given the input in their place, and never read. */
export const callInputs = (node: Node, graph: Graph, states: readonly number[]): number[] => [
  weightsIndex.x,
  ...states.map((i) => (optionalInput(node, graph, i) ? i : weightsIndex.x)),
];
