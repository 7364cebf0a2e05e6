// SPDX-License-Identifier: Apache-2.0
// Constants as the passes see them: real values, permuted copies, per-channel vectors.
import { elementCount, makeData, type Quant, type Tensor, type TensorData, type TensorId } from '../model/graph.js';
import type { GraphEditor } from './editor.js';

/** The stored constant behind a tensor: the tensor itself, or what a `dequantize` of a constant reads. */
export function storedConstant(
  editor: GraphEditor,
  id: TensorId | undefined,
): (Tensor & { data: TensorData }) | undefined {
  if (id === undefined || id < 0) return undefined;
  const direct = editor.constant(id);
  if (direct) return direct;
  const producer = editor.producer(id);
  return producer?.op === 'dequantize' ? editor.constant(producer.inputs[0]) : undefined;
}

/** Real values of a constant, or undefined where the tensor is not one. */
export function realConstant(editor: GraphEditor, id: TensorId | undefined): Float64Array | undefined {
  const stored = storedConstant(editor, id);
  return stored && realValues(stored);
}

/** What the stored numbers of a constant mean. */
export function realValues(tensor: Tensor & { data: TensorData }): Float64Array {
  const { data } = tensor;
  const values = new Float64Array(data.length);
  for (let i = 0; i < values.length; i++) values[i] = Number(data[i]);
  if (!tensor.quant || tensor.dtype === 'float32') return values;
  const { scales, zeroPoints } = tensor.quant;
  const channel = channelOf(tensor.shape, tensor.quant);
  return values.map((q, i) => scales[channel(i)] * (q - (zeroPoints[channel(i)] ?? 0)));
}

/** From the index of an element to the index of its scale. */
export function channelOf(shape: readonly number[], quant: Quant): (i: number) => number {
  if (quant.scales.length === 1) return () => 0;
  const inner = elementCount(shape.slice(quant.axis + 1));
  const channels = shape[quant.axis];
  return (i) => Math.floor(i / inner) % channels;
}

export const permuteShape = (shape: readonly number[], perm: readonly number[]): number[] => perm.map((d) => shape[d]);

export function invertPerm(perm: readonly number[]): number[] {
  const inverse = new Array<number>(perm.length);
  perm.forEach((d, i) => {
    inverse[d] = i;
  });
  return inverse;
}

export const isIdentityPerm = (perm: readonly number[]): boolean => perm.every((d, i) => d === i);

/** True when the permutation keeps the order of elements: only dimensions of size 1 move. */
export function keepsOrder(shape: readonly number[], perm: readonly number[]): boolean {
  const moved = perm.filter((d) => shape[d] !== 1);
  return moved.every((d, i) => i === 0 || d > moved[i - 1]);
}

/** For each element of the permuted array, the index of its source element. */
export function permutedIndices(shape: readonly number[], perm: readonly number[]): Uint32Array {
  const strides = shape.map((_, i) => elementCount(shape.slice(i + 1)));
  let indices = Uint32Array.of(0);
  for (const d of perm) {
    const next = new Uint32Array(indices.length * shape[d]);
    for (let i = 0; i < indices.length; i++) {
      for (let k = 0; k < shape[d]; k++) next[i * shape[d] + k] = indices[i] + k * strides[d];
    }
    indices = next;
  }
  return indices;
}

/** A constant with permuted dimensions; its quantization axis moves along. */
export function permuteTensor(tensor: Tensor & { data: TensorData }, perm: readonly number[]): Tensor {
  const data = makeData(tensor.dtype, tensor.data.length);
  permutedIndices(tensor.shape, perm).forEach((from, to) => {
    data[to] = tensor.data[from];
  });
  const quant = tensor.quant && { ...tensor.quant, axis: Math.max(0, perm.indexOf(tensor.quant.axis)) };
  return { ...tensor, shape: permuteShape(tensor.shape, perm), data, ...(quant ? { quant } : {}) };
}

export function sameQuant(a: Quant | undefined, b: Quant | undefined): boolean {
  if (!a || !b) return a === b;
  return (
    a.scales.length === b.scales.length &&
    a.scales.every((s, i) => s === b.scales[i]) &&
    a.zeroPoints.every((z, i) => z === b.zeroPoints[i]) &&
    (a.scales.length === 1 || a.axis === b.axis)
  );
}

/** A constant that acts per last dimension (or the same everywhere), spread to `channels` values; else undefined. */
export function perChannelConstant(editor: GraphEditor, id: TensorId, channels: number): Float64Array | undefined {
  const shape = editor.graph.tensors[id]?.shape;
  if (!shape || shape.slice(0, -1).some((d) => d !== 1)) return undefined;
  const count = elementCount(shape);
  if (count !== 1 && count !== channels) return undefined;
  const values = realConstant(editor, id);
  return values && (count === 1 ? new Float64Array(channels).fill(values[0]) : values);
}

export function floatTensor(name: string, shape: number[], values: ArrayLike<number>): Tensor {
  return { name, dtype: 'float32', shape, data: Float32Array.from(values) };
}
