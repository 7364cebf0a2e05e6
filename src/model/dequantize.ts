// SPDX-License-Identifier: Apache-2.0
// The real numbers behind a quantized constant.
import { fail } from '../cli/errors.js';
import { elementCount, type Quant, type Tensor } from './graph.js';

/** real = scale * (q - zeroPoint), per tensor or per index of the quantized axis. */
export function dequantizeConstant(tensor: Tensor): Float32Array {
  const { data, quant } = tensor;
  if (data === undefined || quant === undefined) {
    return fail('model.broken', { reason: `tensor '${tensor.name}' is not a quantized constant` });
  }
  const out = new Float32Array(data.length);
  const inner = innerSize(tensor, quant);
  const channels = quant.scales.length;
  for (let i = 0; i < out.length; i++) {
    const c = channels === 1 ? 0 : Math.floor(i / inner) % channels;
    out[i] = quant.scales[c] * (Number(data[i]) - quant.zeroPoints[c]);
  }
  return out;
}

function innerSize(tensor: Tensor, quant: Quant): number {
  return quant.scales.length === 1 ? 1 : elementCount(tensor.shape.slice(quant.axis + 1));
}
