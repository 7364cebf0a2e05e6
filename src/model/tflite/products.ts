// SPDX-License-Identifier: Apache-2.0
// Rows of matrix products and transposed convolution.
import { addTensor, NO_TENSOR, type TensorId } from '../graph.js';
import { permuteConstant } from '../permute.js';
import { samePadding } from '../windows.js';
import { activationOf } from './activation.js';
import type { TfliteNode } from './node.js';
import * as schema from './schema.js';

const swapLast = (rank: number): number[] =>
  Array.from({ length: rank }, (_, d) => (d < rank - 2 ? d : 2 * rank - 3 - d));

/** Input i with rows and columns exchanged where `swap` says so. */
function matrix(n: TfliteNode, i: number, swap: boolean): TensorId {
  const tensor = n.input(i);
  const { shape, data } = tensor;
  if (shape.length < 2) n.broken(`a matrix of shape [${shape}]`);
  if (!swap) return n.inputs[i];
  const perm = swapLast(shape.length);
  if (data === undefined)
    return n.emitTemporary(
      'transpose',
      [n.inputs[i]],
      { perm },
      perm.map((p) => shape[p]),
      tensor,
    );
  n.charge(data.byteLength);
  return addTensor(n.graph, permuteConstant(tensor, perm));
}

/** By one constant matrix it is a fully connected layer. */
export function convertBatchMatmul(n: TfliteNode): void {
  const options = schema.BatchMatMulOptions;
  const [adjointX, adjointY] = [n.option(options, options.adjointX), n.option(options, options.adjointY)];
  const b = n.input(1);
  const left = matrix(n, 0, adjointX);
  if (b.data === undefined || b.shape.length !== 2 || n.input(0).data) {
    n.emit('matmul', [left, matrix(n, 1, adjointY)], {});
    return;
  }
  const weights = matrix(n, 1, !adjointY);
  const { shape } = n.graph.tensors[left];
  const [outputs, depth] = n.graph.tensors[weights].shape;
  if (shape.at(-1) !== depth) n.broken(`matrices of shapes [${shape}] and [${b.shape}]`);
  const rows = shape.slice(0, -1).reduce((x, y) => x * y, 1);
  n.emitReshape(n.emitTemporary('fullyConnected', [left, weights], {}, [rows, outputs]));
}

/** The file states the output's size; what the kernel does not reach of it holds the bias. */
export function convertTransposeConv(n: TfliteNode): void {
  const options = schema.TransposeConvOptions;
  const [weights, x, asked] = [n.input(1), n.input(2), n.ints(0, 'output shape')];
  if (weights.shape.length !== 4 || x.shape.length !== 4 || asked.length !== 4)
    n.broken(`weights of shape [${weights.shape}] for an input of [${x.shape}]`);
  const strides = [n.option(options, options.strideH), n.option(options, options.strideW)];
  if (strides.some((s) => !(s >= 1 && s <= 65_535))) n.broken(`strides [${strides}]`);
  const padding = n.option(options, options.padding);
  if (padding !== 0 && padding !== 1) n.broken(`padding ${padding} is unknown`);
  const sides = strides.map((stride, d) => {
    const [size, kernel] = [asked[d + 1], weights.shape[d + 1]];
    // As padding.h has it: that of the convolution from the output's size to the input's.
    const before = padding === 0 ? Math.floor(samePadding(size, kernel, stride, 1) / 2) : 0;
    const behind = (x.shape[d + 1] - 1) * stride + kernel - before - size;
    return { before, behind: Math.max(0, behind), extra: Math.max(0, -behind) };
  });
  const attrs = {
    strides,
    dilations: [1, 1],
    pads: [sides[0].before, sides[1].before, sides[0].behind, sides[1].behind],
    outputPadding: sides.map((s) => s.extra),
    groups: 1,
  };
  const inputs = [n.inputs[2], n.inputs[1], n.inputs[3] ?? NO_TENSOR].filter((id) => id !== NO_TENSOR);
  const activation = activationOf(n, n.option(options, options.activation));
  if (activation === undefined) n.emit('transposeConv2d', inputs, attrs);
  else n.emit('clamp', [n.emitTemporary('transposeConv2d', inputs, attrs, n.output.shape)], { ...activation });
}
