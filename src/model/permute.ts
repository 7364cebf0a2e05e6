// SPDX-License-Identifier: Apache-2.0
// Constants in another order of axes: ONNX weights become those of the IR once, when they are read.
import { elementCount, makeData, type Quant, type Tensor, type TensorData } from './graph.js';

/** Elements of `data` so that axis d of the result is axis perm[d] of the source. */
function permuteData(tensor: Tensor, data: TensorData, perm: readonly number[]): TensorData {
  const shape = perm.map((axis) => tensor.shape[axis]);
  const sourceStride = tensor.shape.map((_, axis) => elementCount(tensor.shape.slice(axis + 1)));
  const strides = perm.map((axis) => sourceStride[axis]);
  const out = makeData(tensor.dtype, data.length);
  const index = new Array<number>(shape.length).fill(0);
  for (let i = 0, from = 0; i < data.length; i++) {
    out[i] = data[from];
    for (let d = shape.length - 1; d >= 0; d--) {
      from += strides[d];
      if (++index[d] < shape[d]) break;
      from -= strides[d] * shape[d];
      index[d] = 0;
    }
  }
  return out;
}

/** The constant with permuted axes, its quantized axis among them. */
export function permuteConstant(tensor: Tensor, perm: readonly number[]): Tensor {
  const { data, quant } = tensor;
  if (data === undefined) throw new Error(`tensor '${tensor.name}' is not constant`);
  const out: Tensor = {
    ...tensor,
    shape: perm.map((axis) => tensor.shape[axis]),
    data: permuteData(tensor, data, perm),
  };
  if (quant !== undefined) out.quant = permuteQuant(quant, perm);
  return out;
}

export function permuteQuant(quant: Quant, perm: readonly number[]): Quant {
  return quant.scales.length === 1 ? quant : { ...quant, axis: perm.indexOf(quant.axis) };
}
