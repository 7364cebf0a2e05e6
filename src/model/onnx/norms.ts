// SPDX-License-Identifier: Apache-2.0
// Rows of normalizations: all of them are rows of `layerNorm`, some with a scale and bias per channel behind it.
import { elementCount, type Tensor, type TensorId } from '../graph.js';
import { refuse } from '../refusal.js';
import type { Convert } from './elementwise.js';
import { range } from './layout.js';
import type { OnnxNode } from './node.js';

/** A constant with the shape [n] that layerNorm takes. */
export function asVector(n: OnnxNode, i: number, depth: number): TensorId {
  const value = n.value(i);
  if (value.kind === 'computed') return refuse('its scale or bias is computed, not constant', 'use constant ones');
  if (elementCount(value.tensor.shape) !== depth) n.broken(`a scale or bias of shape [${value.tensor.shape}]`);
  return n.values.place({ kind: value.kind, tensor: { ...value.tensor, shape: [depth] } });
}

function epsilonOf(n: OnnxNode): number {
  const epsilon = n.float('epsilon', 1e-5);
  return epsilon >= 0 && epsilon < 1e9 ? epsilon : n.broken(`epsilon is ${epsilon}`);
}

const overLast =
  (centre: boolean): Convert =>
  (n) => {
    const shape = n.shape(0);
    const axis = n.axis(n.int('axis', -1), shape.length);
    const depth = elementCount(shape.slice(axis));
    const scaled = n.has(1) ? [asVector(n, 1, depth)] : [];
    const inputs = [n.id(0), ...scaled, ...(centre && n.has(2) ? [asVector(n, 2, depth)] : [])];
    n.emit('layerNorm', inputs, { depth, epsilon: epsilonOf(n), centre });
    if (n.hasOutput(1)) emitStatistics(n, range(shape.length).slice(axis));
  };

/** The mean and one over the deviation, which some exporters leave among the outputs. */
function emitStatistics(n: OnnxNode, axes: number[]): void {
  const mean = n.emit('mean', [n.id(0)], { axes, keepDims: true }, undefined, 1);
  if (!n.hasOutput(2)) return;
  const square = n.temporary('square', [n.temporary('sub', [n.id(0), mean], {}, 'moved')], {}, 'square');
  const variance = n.temporary('mean', [square], { axes, keepDims: true }, 'variance');
  const safe = n.temporary('add', [variance, n.number('epsilon', epsilonOf(n))], {}, 'safe');
  n.emit('rsqrt', [safe], {}, undefined, 2);
}

/** One number per channel (or per group), to multiply a tensor whose second dimension they belong to. */
function perChannel(n: OnnxNode, i: number, shape: readonly number[]): TensorId {
  const value = n.value(i);
  if (value.kind === 'computed') return refuse('its scale or bias is computed, not constant', 'use constant ones');
  const channels = shape[1];
  const { data, shape: given } = value.tensor;
  const count = elementCount(given);
  if (!(data instanceof Float32Array) || count < 1 || channels % count !== 0)
    return n.broken(`a scale or bias of shape [${given}]`);
  n.values.budget.charge(4 * channels);
  const tensor: Tensor = {
    ...value.tensor,
    shape: [channels, ...shape.slice(2).map(() => 1)],
    data: Float32Array.from({ length: channels }, (_, c) => data[Math.floor((c * count) / channels)]),
  };
  return n.values.place({ kind: 'constant', tensor });
}

/** Each of `groups` groups of channels normalized by itself, then scaled and moved per channel. */
function emitGroups(n: OnnxNode, groups: number): void {
  const shape = n.shape(0);
  if (shape.length < 3 || groups < 1 || shape[1] % groups !== 0) n.broken(`${groups} groups of shape [${shape}]`);
  const depth = elementCount(shape.slice(1)) / groups;
  const y = n.temporary('layerNorm', [n.id(0)], { depth, epsilon: epsilonOf(n), centre: true }, 'normalized');
  n.emit('add', [n.temporary('mul', [y, perChannel(n, 1, shape)], {}, 'scaled'), perChannel(n, 2, shape)], {});
}

/** Of opset 18 scale and bias belong to groups, from 21 on to channels: their number says which. */
const groupNorm: Convert = (n) => emitGroups(n, n.int('num_groups'));
const instanceNorm: Convert = (n) => emitGroups(n, n.shape(0)[1] ?? 1);

export const norms: Readonly<Record<string, Convert>> = {
  LayerNormalization: overLast(true),
  RMSNormalization: overLast(false),
  'com.microsoft.SimplifiedLayerNormalization': overLast(false),
  SimplifiedLayerNormalization: overLast(false),
  GroupNormalization: groupNorm,
  InstanceNormalization: instanceNorm,
};
