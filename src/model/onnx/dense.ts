// SPDX-License-Identifier: Apache-2.0
// Rows of Gemm and MatMul: fully connected layers where one matrix is constant.
import { elementCount, NO_TENSOR, type Tensor, type TensorId } from '../graph.js';
import { permuteConstant } from '../permute.js';
import { refuse } from '../refusal.js';
import type { OnnxNode } from './node.js';
import type { Value } from './values.js';
import { mapConstant } from './windows.js';

type Quantized = Pick<Tensor, 'dtype' | 'quant'>;

/** Weights [O, I] times `factor`. A quantized constant takes the factor into its scales. */
function placeMatrix(n: OnnxNode, i: number, isTransposed: boolean, factor: number): TensorId {
  const value = mapConstant(n, i, 'weights', (tensor) =>
    scaleConstant(n, isTransposed ? tensor : permuteConstant(tensor, [1, 0]), factor),
  );
  return n.values.place(value);
}

function scaleConstant(n: OnnxNode, tensor: Tensor, factor: number): Tensor {
  if (factor === 1) return tensor;
  const { data, quant } = tensor;
  if (quant !== undefined) {
    if (!(factor > 0)) return refuse(`it scales quantized numbers by ${factor}`, 'use alpha and beta of 1');
    return { ...tensor, quant: { ...quant, scales: quant.scales.map((s) => s * factor) } };
  }
  if (!(data instanceof Float32Array)) return n.broken(`it scales ${tensor.dtype} numbers`);
  n.values.budget.charge(data.byteLength);
  return { ...tensor, data: data.map((v) => v * factor) };
}

/** Y = alpha * A' * B' + beta * C */
export function convertGemm(n: OnnxNode): void {
  const [a, b] = [n.shape(0), n.shape(1)];
  if (a.length !== 2 || b.length !== 2) n.broken(`matrices of shapes [${a}] and [${b}]`);
  const alpha = n.float('alpha', 1);
  const isTransposed = n.int('transB', 0) !== 0;
  const left = n.int('transA', 0) !== 0 ? n.temporary('transpose', [n.id(0)], { perm: [1, 0] }, 'transposed') : n.id(0);
  const [rows, depth] = n.values.graph.tensors[left].shape;
  const [outputs, inner] = isTransposed ? b : [b[1], b[0]];
  if (inner !== depth) n.broken(`matrices of shapes [${a}] and [${b}]`);
  if (n.value(1).kind === 'computed') {
    if (alpha !== 1) refuse('it multiplies computed matrices and scales them', 'use an alpha of 1');
    addTerm(n, n.temporary('matmul', [left, secondMatrix(n, isTransposed)], {}, 'product'));
    return;
  }
  const weights = placeMatrix(n, 1, isTransposed, alpha);
  const bias = n.has(2) ? vectorBias(n, outputs) : undefined;
  if (!n.has(2)) n.emit('fullyConnected', [left, weights], {});
  else if (bias !== undefined && rows > 0) n.emit('fullyConnected', [left, weights, bias], {});
  else addTerm(n, n.temporary('fullyConnected', [left, weights], {}, 'product'));
}

function secondMatrix(n: OnnxNode, isTransposed: boolean): TensorId {
  return isTransposed ? n.temporary('transpose', [n.id(1)], { perm: [1, 0] }, 'transposed_b') : n.id(1);
}

/** C as one number per output, where it is constant and the same in every row. */
function vectorBias(n: OnnxNode, outputs: number): TensorId | undefined {
  const { shape } = n.tensor(2);
  const elements = elementCount(shape);
  const value = n.value(2);
  const isVector = elements === outputs && (shape.at(-1) ?? 1) === outputs;
  if (value.kind === 'computed' || !(isVector || (elements === 1 && value.kind === 'constant'))) return undefined;
  const beta = n.float('beta', 1);
  return n.values.place(mapConstant(n, 2, 'bias', (tensor) => repeat(n, scaleConstant(n, tensor, beta), outputs)));
}

function repeat(n: OnnxNode, tensor: Tensor, length: number): Tensor {
  const { data } = tensor;
  if (data === undefined || data.length === length) return asVector(tensor, length);
  if (!(data instanceof Float32Array)) return n.broken(`a bias of type ${tensor.dtype}`);
  n.values.budget.charge(4 * length);
  return { ...tensor, shape: [length], data: new Float32Array(length).fill(data[0]) };
}

function asVector(tensor: Tensor, length: number): Tensor {
  const { quant } = tensor;
  return { ...tensor, shape: [length], ...(quant && { quant: { ...quant, axis: 0 } }) };
}

/** The last term of Gemm as an addition of its own. */
function addTerm(n: OnnxNode, product: TensorId): void {
  const beta = n.float('beta', 1);
  if (!n.has(2) || beta === 0) {
    n.bind({ kind: 'computed', id: product });
    return;
  }
  if (beta !== 1) refuse('it scales a computed matrix', 'use a beta of 1');
  n.emit('add', [product, n.id(2)], {});
}

export function convertMatMul(n: OnnxNode): void {
  const [a, b] = [n.shape(0), n.shape(1)];
  if (n.value(1).kind === 'computed' || b.length !== 2 || a.length < 1) {
    n.emit('matmul', [n.id(0), n.id(1)], {});
    return;
  }
  if (a.at(-1) !== b[0]) n.broken(`matrices of shapes [${a}] and [${b}]`);
  emitProduct(n, n.id(0), placeMatrix(n, 1, false, 1), NO_TENSOR);
}

/** Tensor x times input `i` (transposed), on the way: fully connected where that is a constant matrix. */
export function productWith(n: OnnxNode, x: TensorId, i: number, isTransposed: boolean, purpose: string): TensorId {
  const { tensors } = n.values.graph;
  const [a, b] = [tensors[x].shape, n.shape(i)];
  const rank = b.length;
  if (n.value(i).kind === 'computed' || rank !== 2) {
    const perm = [...b.keys()].map((d) => (d < rank - 2 ? d : 2 * rank - 3 - d));
    const right = isTransposed ? n.temporary('transpose', [n.id(i)], { perm }, `${purpose}_turned`) : n.id(i);
    return n.temporary('matmul', [x, right], {}, purpose);
  }
  const [depth, columns] = isTransposed ? [b[1], b[0]] : b;
  if (a.at(-1) !== depth) n.broken(`matrices of shapes [${a}] and [${b}]`);
  const rows = n.temporary('fullyConnected', [x, placeMatrix(n, i, isTransposed, 1)], {}, `${purpose}_rows`);
  return n.temporary('reshape', [rows], { shape: [...a.slice(0, -1), columns] }, purpose);
}

/** Fully connected over the last axis; the leading axes come back where there is not exactly one. */
export function emitProduct(n: OnnxNode, x: TensorId, weights: TensorId, bias: TensorId, quantized?: Quantized): void {
  const { tensors } = n.values.graph;
  const shape = tensors[x].shape;
  const inputs = bias === NO_TENSOR ? [x, weights] : [x, weights, bias];
  if (shape.length === 2) {
    n.emit('fullyConnected', inputs, {}, quantized);
    return;
  }
  const flat = n.temporary('fullyConnected', inputs, {}, 'rows', quantized);
  n.emit('reshape', [flat], { shape: [...shape.slice(0, -1), tensors[weights].shape[0]] });
}

/** A matrix constant with its quantization, as weights [O, I]. */
export function placeQuantizedMatrix(n: OnnxNode, value: Value, isTransposed: boolean): TensorId {
  if (value.kind !== 'constant') return refuse('its weights are computed, not constant', 'use constant weights');
  n.values.budget.charge(value.tensor.data?.byteLength ?? 0);
  const tensor = isTransposed ? value.tensor : permuteConstant(value.tensor, [1, 0]);
  return n.values.place({ kind: 'constant', tensor });
}
