// SPDX-License-Identifier: Apache-2.0
// quantize: real to integer, or integer to integer of another scale; the output tensor says which.
import { badShape, outputOf } from './attributes.js';
import { type ElementRule, elementwiseOp } from './elementwise.js';
import { inputOf, type OpSpec } from './op.js';
import { limitsOf, scaleOf } from './quantized.js';
import { clampTo, roundAway } from './requantize.js';
import { rescaled, rescaleFields, rescaleOf } from './rescale.js';

const double = (x: number): number => x;
/** The kernel rounds quotients up to this; beyond it every result is saturated anyway. */
const largest = 2 ** 30;

const fromReal: ElementRule = {
  fields({ node, y }) {
    const { scale, zeroPoint } = scaleOf(node, y);
    return [
      ['scale', { float: scale }],
      ['zero_point', zeroPoint],
    ];
  },
  compute({ node, y }) {
    const { scale, zeroPoint } = scaleOf(node, y);
    const { min, max } = limitsOf(y);
    return (x) => clampTo(roundAway(clampTo(Math.fround(x / scale), -largest, largest) || 0) + zeroPoint, min, max);
  },
};

const fromInteger: ElementRule = {
  fields: (ctx) => rescaleFields(rescaleOf(ctx, double), ctx),
  compute: (ctx) => rescaled(rescaleOf(ctx, double), ctx.rounding, limitsOf(ctx.y)),
};

export const quantize: OpSpec = elementwiseOp({
  op: 'quantize',
  infer(node, graph) {
    const x = inputOf(node, graph, 0);
    const y = outputOf(node, graph);
    if (!y.quant) badShape(node, 'its output has no quantization');
    return [{ shape: [...x.shape], dtype: y.dtype }];
  },
  rules: {
    f32s8: fromReal,
    f32s16: fromReal,
    s8s8: fromInteger,
    s8s16: fromInteger,
    s16s8: fromInteger,
    s16s16: fromInteger,
    s16s32: fromInteger,
  },
});
