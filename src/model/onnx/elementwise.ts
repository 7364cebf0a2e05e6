// SPDX-License-Identifier: Apache-2.0
// Rows of the operators that compute element by element.
import { type Attrs, elementCount } from '../graph.js';
import { maxTensorBytes } from '../limits.js';
import { refuse } from '../refusal.js';
import { emitChannelsLast, range, toChannelsLast } from './layout.js';
import type { OnnxNode } from './node.js';

export type Convert = (n: OnnxNode) => void;

export const unary =
  (op: string, attrs: (n: OnnxNode) => Attrs = () => ({})): Convert =>
  (n) => {
    n.emit(op, [n.id(0)], attrs(n));
  };

/** max(0, min(1, alpha * x + beta)) */
export const convertHardSigmoid: Convert = (n) => {
  const scaled = n.temporary('mul', [n.id(0), n.number('alpha', n.float('alpha', 0.2))], {}, 'scaled');
  const moved = n.temporary('add', [scaled, n.number('beta', n.float('beta', 0.5))], {}, 'moved');
  n.emit('clamp', [moved], { min: 0, max: 1 });
};

export const identity: Convert = (n) => n.bind(n.value(0));

/** At inference the output is the input, and the mask that says which elements stay says all. */
export const convertDropout: Convert = (n) => {
  n.bind(n.value(0));
  if (!n.hasOutput(1)) return;
  const { shape } = n.tensor(0);
  const count = elementCount(shape);
  if (!(count <= maxTensorBytes)) n.broken(`shape [${shape}]`);
  n.values.budget.charge(count);
  const data = new Uint8Array(count).fill(1);
  n.bind({ kind: 'constant', tensor: { name: `${n.outputName}/mask`, dtype: 'bool', shape: [...shape], data } }, 1);
};

/** Only what is not a number differs from itself. */
export const convertIsNaN: Convert = (n) => {
  n.emit('notEqual', [n.id(0), n.id(0)], {});
};

export const leakyAttrs = (n: OnnxNode): Attrs => {
  const alpha = n.float('alpha', 0.01);
  return Number.isFinite(alpha) ? { alpha } : n.broken(`alpha is ${alpha}`);
};

export const convertBatchNorm: Convert = (n) => {
  const isTraining = n.opset < 7 ? n.int('is_test', 0) === 0 : n.int('training_mode', 0) !== 0;
  if (isTraining) refuse('it is in training mode', 'export the model for inference (model.eval())');
  if (n.int('spatial', 1) !== 1)
    refuse('it normalizes each element, not each channel', 'export it with opset 9 or newer');
  const epsilon = n.float('epsilon', 1e-5);
  if (!(epsilon >= 0 && epsilon < 1e9)) n.broken(`epsilon is ${epsilon}`);
  emitChannelsLast(n, 'batchNorm', [n.id(1), n.id(2), n.id(3), n.id(4)], { epsilon });
};

/** From opset 13 over one axis; before that over all axes from `axis` on, as one. */
const softmaxRow =
  (op: string): Convert =>
  (n) => {
    const { length: rank } = n.shape(0);
    if (rank === 0) return n.broken('its input has no dimensions');
    const axis = n.axis(n.int('axis', n.opset < 13 ? 1 : -1), rank);
    const over =
      n.opset < 13
        ? n
            .shape(0)
            .slice(axis)
            .filter((d) => d !== 1).length
        : 1;
    if (over > 1) return flattenedSoftmax(n, op, axis);
    softmaxOver(n, op, n.opset < 13 ? lastAxisOf(n, axis) : axis);
  };

export const convertSoftmax = softmaxRow('softmax');
export const convertLogSoftmax = softmaxRow('logSoftmax');

/** Of axes that have size 1 but one, that one. */
function lastAxisOf(n: OnnxNode, from: number): number {
  const shape = n.shape(0);
  const real = range(shape.length).filter((d) => d >= from && shape[d] !== 1);
  return real[0] ?? shape.length - 1;
}

function softmaxOver(n: OnnxNode, op: string, axis: number): void {
  const rank = n.shape(0).length;
  const attrs = op === 'softmax' ? { axis: rank - 1, beta: 1 } : {};
  if (axis === rank - 1) {
    n.emit(op, [n.id(0)], attrs);
    return;
  }
  if (rank > 2 && axis === 1) {
    emitChannelsLast(n, op, [], attrs);
    return;
  }
  const perm = [...range(rank).filter((d) => d !== axis), axis];
  const x = n.temporary('transpose', [n.id(0)], { perm }, 'axis_last');
  const y = n.temporary(op, [x], attrs, 'softmax');
  n.emit('transpose', [y], { perm: range(rank).map((d) => perm.indexOf(d)) });
}

function flattenedSoftmax(n: OnnxNode, op: string, axis: number): void {
  const shape = n.shape(0);
  const product = (dims: number[]): number => dims.reduce((a, b) => a * b, 1);
  const flat = [product(shape.slice(0, axis)), product(shape.slice(axis))];
  const x = n.temporary('reshape', [n.id(0)], { shape: flat }, 'rows');
  const y = n.temporary(op, [x], op === 'softmax' ? { axis: 1, beta: 1 } : {}, 'softmax');
  n.emit('reshape', [y], { shape });
}

/** Axes from the attribute, or from opset 18 the input. */
export const convertReduceMean: Convert = (n) => {
  const shape = n.shape(0);
  const given = n.opset >= 18 ? (n.has(1) ? n.constantInts(1, 'list of axes') : undefined) : n.ints('axes');
  if ((given === undefined || given.length === 0) && n.int('noop_with_empty_axes', 0) !== 0) return n.bind(n.value(0));
  const rank = shape.length;
  const asked = given === undefined || given.length === 0 ? range(rank) : given.map((a) => n.axis(a, rank));
  const axes = [...new Set(asked)].sort((a, b) => a - b);
  const keepDims = n.int('keepdims', 1) !== 0;
  // Of three dimensions nobody knows whether the last is one of space.
  const spatial = rank >= 4 && axes.length === rank - 2 && axes[0] === 2;
  if (!spatial) {
    n.emit('mean', [n.id(0)], { axes, keepDims });
    return;
  }
  const own = axes.map((a) => a - 1);
  if (keepDims) return emitChannelsLast(n, 'mean', [], { axes: own, keepDims });
  // Without the spatial axes nothing is left that would have to go back.
  const x = n.temporary('transpose', [n.id(0)], { perm: toChannelsLast(rank) }, 'nhwc_input');
  n.emit('mean', [x], { axes: own, keepDims });
};
