// SPDX-License-Identifier: Apache-2.0
// Rows of reductions and of what is made of them: norms over axes, arg, hardmax.
import type { TensorId } from '../graph.js';
import type { Convert } from './elementwise.js';
import { range } from './layout.js';
import type { OnnxNode } from './node.js';
import { castTo, isNarrow } from './plain.js';

interface Axes {
  axes: number[];
  keepDims: boolean;
}

/** Axes from the attribute, or from the input since `inputSince`; undefined where nothing is reduced. */
function axesOf(n: OnnxNode, inputSince: number): Axes | undefined {
  const { length: rank } = n.shape(0);
  const given = n.opset >= inputSince ? (n.has(1) ? n.constantInts(1, 'list of axes') : undefined) : n.ints('axes');
  const none = given === undefined || given.length === 0;
  if (none && n.int('noop_with_empty_axes', 0) !== 0) return undefined;
  const asked = none ? range(rank) : given.map((a) => n.axis(a, rank));
  return { axes: [...new Set(asked)].sort((a, b) => a - b), keepDims: n.int('keepdims', 1) !== 0 };
}

type Steps = (n: OnnxNode, x: TensorId, axes: Axes) => void;

const reduction =
  (steps: Steps, inputSince = 18): Convert =>
  (n) => {
    const axes = axesOf(n, inputSince);
    if (axes === undefined) n.bind(n.value(0));
    else steps(n, n.id(0), axes);
  };

const asAttrs = ({ axes, keepDims }: Axes) => ({ axes, keepDims });

/** Narrow integers and bools are reduced as int32. */
const plain =
  (op: string): Steps =>
  (n, x, axes) => {
    const { dtype } = n.values.graph.tensors[x];
    if (!isNarrow(n, x) && dtype !== 'bool') n.emit(op, [x], asAttrs(axes));
    else n.emit('cast', [n.temporary(op, [castTo(n, x, 'int32', 'wide')], asAttrs(axes), 'reduced')], { to: dtype });
  };

const then =
  (op: string, after: string): Steps =>
  (n, x, axes) => {
    n.emit(after, [n.temporary(op, [x], asAttrs(axes), op)], {});
  };

/** max + log(sum of exp(x - max)) */
const logSumExp: Steps = (n, x, axes) => {
  const max = n.temporary('reduceMax', [x], { axes: axes.axes, keepDims: true }, 'max');
  const powers = n.temporary('exp', [n.temporary('sub', [x, max], {}, 'moved')], {}, 'powers');
  const log = n.temporary('log', [n.temporary('sum', [powers], asAttrs(axes), 'sum')], {}, 'log');
  const { shape } = n.values.graph.tensors[log];
  n.emit('add', [log, n.temporary('reshape', [max], { shape }, 'max_shape')], {});
};

const arg =
  (op: string): Convert =>
  (n) => {
    const { length: rank } = n.shape(0);
    const axis = n.axis(n.int('axis', 0), rank);
    const x = isNarrow(n, n.id(0)) ? castTo(n, n.id(0), 'int32', 'wide') : n.id(0);
    n.emit(op, [x], { axis, keepDims: n.int('keepdims', 1) !== 0, last: n.int('select_last_index', 0) !== 0 });
  };

/** (x - mean) / sqrt(variance + tiny) over the axes. */
const meanVariance: Convert = (n) => {
  const { length: rank } = n.shape(0);
  const axes = (n.ints('axes') ?? [0, 2, 3]).map((a) => n.axis(a, rank));
  const mean = n.temporary('mean', [n.id(0)], { axes, keepDims: true }, 'mean');
  const moved = n.temporary('sub', [n.id(0), mean], {}, 'moved');
  const square = n.temporary('square', [moved], {}, 'square');
  const variance = n.temporary('mean', [square], { axes, keepDims: true }, 'variance');
  const root = n.temporary('sqrt', [variance], {}, 'deviation');
  n.emit('div', [moved, n.temporary('add', [root, n.number('tiny', 1e-9)], {}, 'safe')], {});
};

/** x / (p-norm along an axis) */
const lpNormalization: Convert = (n) => {
  const p = n.int('p', 2);
  if (p !== 1 && p !== 2) n.broken(`p is ${p}`);
  const attrs = { axes: [n.axis(n.int('axis', -1), n.shape(0).length)], keepDims: true };
  const sum = n.temporary(p === 1 ? 'sumAbs' : 'sumSquare', [n.id(0)], attrs, 'sum');
  n.emit('div', [n.id(0), p === 1 ? sum : n.temporary('sqrt', [sum], {}, 'norm')], {});
};

export const reductions: Readonly<Record<string, Convert>> = {
  ReduceSum: reduction(plain('sum'), 13),
  ReduceMax: reduction(plain('reduceMax')),
  ReduceMin: reduction(plain('reduceMin')),
  ReduceProd: reduction(plain('product')),
  ReduceSumSquare: reduction(plain('sumSquare')),
  ReduceL1: reduction(plain('sumAbs')),
  ReduceL2: reduction(then('sumSquare', 'sqrt')),
  ReduceLogSum: reduction(then('sum', 'log')),
  ReduceLogSumExp: reduction(logSumExp),
  ArgMax: arg('argMax'),
  ArgMin: arg('argMin'),
  MeanVarianceNormalization: meanVariance,
  LpNormalization: lpNormalization,
};
