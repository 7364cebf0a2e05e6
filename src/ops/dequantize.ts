// SPDX-License-Identifier: Apache-2.0
// dequantize: integer to real, scale * (x - zeroPoint); constants may also be quantized per axis.
import { dtypeBytes, elementCount, type Graph, type Node, type Tensor, type TensorData } from '../model/graph.js';
import { badShape } from './attributes.js';
import { type ElementRule, elementwiseOp } from './elementwise.js';
import { inputOf, type OpSpec } from './op.js';
import { scaleOf } from './quantized.js';

const rule: ElementRule = {
  fields({ node, x }) {
    const { scale, zeroPoint } = scaleOf(node, x);
    return [
      ['scale', { float: scale }],
      ['zero_point', zeroPoint],
    ];
  },
  compute({ node, x }) {
    const { scale, zeroPoint } = scaleOf(node, x);
    return (q) => Math.fround(scale * (q - zeroPoint));
  },
};

const kernels = elementwiseOp({
  op: 'dequantize',
  infer(node, graph) {
    const x = inputOf(node, graph, 0);
    if (x.quant) checkAxis(node, x);
    return [{ shape: [...x.shape], dtype: 'float32' }];
  },
  rules: { s8f32: rule, s16f32: rule },
});

function checkAxis(node: Node, x: Tensor): void {
  const { scales, zeroPoints, axis } = x.quant as NonNullable<Tensor['quant']>;
  const perAxis = scales.length > 1;
  if (zeroPoints.length !== scales.length || scales.length === 0 || (perAxis && x.shape[axis] !== scales.length)) {
    badShape(node, `'${x.name}' has ${scales.length} scales and ${zeroPoints.length} zero points`);
  }
}

/** Any integer type, per tensor or per axis: folded constants (int32 biases, uint8 weights) come here too. */
function evaluate(node: Node, graph: Graph, data: TensorData | undefined): TensorData[] {
  const x = inputOf(node, graph, 0);
  if (!data || !x.quant) throw new Error(`${node.name}: nothing to dequantize`);
  checkAxis(node, x);
  const { scales, zeroPoints, axis } = x.quant;
  const inner = scales.length === 1 ? data.length : elementCount(x.shape.slice(axis + 1));
  const out = new Float32Array(data.length);
  for (let i = 0; i < out.length; i++) {
    const c = Math.floor(i / inner) % scales.length;
    out[i] = Math.fround(scales[c]) * (Number(data[i]) - zeroPoints[c]);
  }
  return [out];
}

export const dequantize: OpSpec = {
  ...kernels,
  inPlace: (node, graph) => (dtypeBytes(inputOf(node, graph, 0).dtype) === 4 ? [0] : []),
  evaluate: (node, inputs, { graph }) => evaluate(node, graph, inputs[0]),
};
