// SPDX-License-Identifier: Apache-2.0
// Rows of products and pools of plain integers, which no real number stands behind: computed in float32 and exact as
// long as every sum stays below 2^24.
import { NO_TENSOR, type Tensor, type TensorId } from '../graph.js';
import { permuteConstant } from '../permute.js';
import { refuse } from '../refusal.js';
import type { Convert } from './elementwise.js';
import type { OnnxNode } from './node.js';
import { castTo, isNarrow } from './plain.js';
import { asOihw, convertMaxPool, coverLast, mapConstant, readConvolution, readWindow } from './windows.js';

/** Input i minus its zero point (input i + 2), as float32. Several zero points belong to the rows. */
function centred(n: OnnxNode, i: number): TensorId {
  const real = castTo(n, n.id(i), 'float32', `real${i}`);
  if (!n.has(i + 2)) return real;
  const zero = castTo(n, n.id(i + 2), 'float32', `zero${i}`);
  const { shape } = n.values.graph.tensors[zero];
  const perRow = i === 0 && shape.length === 1 && shape[0] > 1;
  const column = perRow ? n.temporary('reshape', [zero], { shape: [shape[0], 1] }, 'zero_column') : zero;
  return n.temporary('sub', [real, column], {}, `centred${i}`);
}

const convertMatMulInteger: Convert = (n) => {
  const product = n.temporary('matmul', [centred(n, 0), centred(n, 1)], {}, 'product');
  n.emit('cast', [product], { to: 'int32' });
};

/** Integer weights minus their zero point, as float32. */
function realWeights(n: OnnxNode, tensor: Tensor): Tensor {
  const zero = n.has(3) ? n.constantNumber(3, 'zero point') : 0;
  const { data } = tensor;
  if (!data || data instanceof BigInt64Array) return n.broken(`weights of type ${tensor.dtype}`);
  return { ...tensor, dtype: 'float32', data: Float32Array.from(data, (v) => v - zero) };
}

const convertConvInteger: Convert = (n) => {
  const { op, attrs, perm } = readConvolution(n, 1);
  const weights = mapConstant(n, 1, 'weights', (tensor) => permuteConstant(asOihw(n, realWeights(n, tensor)), perm));
  n.values.budget.charge(4 * (n.tensor(1).data?.length ?? 0));
  const y = n.onImage(op, centred(n, 0), [n.values.place(weights)], attrs, 'product');
  n.emit('cast', [y], { to: 'int32' });
};

/** Plain narrow integers go through float32, which holds all of them. */
const convertPlainMaxPool: Convert = (n) => {
  const id = n.id(0);
  if (!isNarrow(n, id) || n.hasOutput(1)) return convertMaxPool(n);
  const { dtype } = n.values.graph.tensors[id];
  const window = readWindow(n, undefined);
  const attrs = { ...window, pads: coverLast(n, window) };
  const y = n.onImage('maxPool2d', castTo(n, id, 'float32', 'real'), [], attrs, 'pooled');
  n.emit('cast', [castTo(n, y, 'int32', 'int32')], { to: dtype });
};

/** Bounds of plain integers; `bounds` are NO_TENSOR where there are none. */
export function emitIntegerClip(n: OnnxNode, bounds: readonly TensorId[]): void {
  const { dtype } = n.values.graph.tensors[n.id(0)];
  let x = castTo(n, n.id(0), 'int32', 'wide');
  ['maximum', 'minimum'].forEach((op, i) => {
    if (bounds[i] !== NO_TENSOR) x = n.temporary(op, [x, castTo(n, bounds[i], 'int32', op)], {}, `${op}_bound`);
  });
  if (dtype === 'int32') n.emit('reshape', [x], { shape: n.shape(0) }, { dtype });
  else n.emit('cast', [x], { to: dtype });
}

/** Whether Clip is one of plain integers. */
export const isIntegerClip = (n: OnnxNode): boolean => {
  const { dtype } = n.values.graph.tensors[n.id(0)];
  if (dtype === 'bool') refuse('it clips bools', 'leave it out');
  return dtype === 'int32' || isNarrow(n, n.id(0));
};

export const integers: Readonly<Record<string, Convert>> = {
  MatMulInteger: convertMatMulInteger,
  ConvInteger: convertConvInteger,
  MaxPool: convertPlainMaxPool,
};
