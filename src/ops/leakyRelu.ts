// SPDX-License-Identifier: Apache-2.0
// leakyRelu: x where x > 0, else alpha * x. Integers follow TensorFlow Lite's reference, int8 through a table of it.
import { finiteNumber } from './attributes.js';
import { type Context, type ElementRule, elementwiseOp, sameType, tableRule } from './elementwise.js';
import type { OpSpec } from './op.js';
import { limitsOf, scaleOf } from './quantized.js';
import { clampTo, type Multiplier, quantizeMultiplier, requantize, roundingCode } from './requantize.js';

const f = Math.fround;
const alphaOf = ({ node }: Context): number => f(finiteNumber(node, 'alpha'));

interface Parameters {
  input: number;
  output: number;
  positive: Multiplier;
  negative: Multiplier;
}

/** Factors in float32, as TensorFlow Lite computes them. */
function parameters(ctx: Context): Parameters {
  const [x, y] = [scaleOf(ctx.node, ctx.x), scaleOf(ctx.node, ctx.y)];
  return {
    input: x.zeroPoint,
    output: y.zeroPoint,
    positive: quantizeMultiplier(f(x.scale / y.scale)),
    negative: quantizeMultiplier(f(f(x.scale * alphaOf(ctx)) / y.scale)),
  };
}

function integer(ctx: Context): (x: number) => number {
  const p = parameters(ctx);
  const { min, max } = limitsOf(ctx.y);
  return (q) => {
    const x = q - p.input;
    return clampTo((requantize(x, x >= 0 ? p.positive : p.negative, ctx.rounding) + p.output) | 0, min, max);
  };
}

const int16: ElementRule = {
  fields(ctx) {
    const p = parameters(ctx);
    return [
      ['input_zero_point', p.input],
      ['positive_multiplier', p.positive.multiplier],
      ['positive_shift', p.positive.shift],
      ['negative_multiplier', p.negative.multiplier],
      ['negative_shift', p.negative.shift],
      ['output_zero_point', p.output],
      ['rounding', roundingCode(ctx.rounding)],
    ];
  },
  compute: integer,
};

export const leakyRelu: OpSpec = elementwiseOp({
  op: 'leakyRelu',
  infer(node, graph) {
    finiteNumber(node, 'alpha');
    return sameType(node, graph);
  },
  rules: {
    f32: {
      fields: (ctx) => [['alpha', { float: alphaOf(ctx) }]],
      compute(ctx) {
        const alpha = alphaOf(ctx);
        return (x) => (x > 0 ? x : f(x * alpha));
      },
    },
    s8: tableRule(integer),
    s16: int16,
  },
});
