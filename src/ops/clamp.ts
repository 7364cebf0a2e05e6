// SPDX-License-Identifier: Apache-2.0
// clamp: min(max, max(min, x)) where it is not part of another layer; integers may change scale on the way.
import type { Clamp, Node } from '../model/graph.js';
import { checkedClamp } from './attributes.js';
import { type Context, type ElementRule, elementwiseOp } from './elementwise.js';
import { inputOf, type OpSpec } from './op.js';
import { activationRange, floatRange, limitsOf, scaleOf } from './quantized.js';
import { clampTo } from './requantize.js';
import { rescaled, rescaleFields, rescaleOf } from './rescale.js';

const bounds = (node: Node): Clamp => checkedClamp(node, node.attrs.min ?? null, node.attrs.max ?? null);
const range = ({ node, y }: Context) => activationRange(bounds(node), scaleOf(node, y), limitsOf(y));

const integer: ElementRule = {
  fields(ctx) {
    const { min, max } = range(ctx);
    const fields = rescaleFields(rescaleOf(ctx, Math.fround), ctx);
    return [...fields.slice(0, -1), ['min', min], ['max', max], ...fields.slice(-1)];
  },
  compute: (ctx) => rescaled(rescaleOf(ctx, Math.fround), ctx.rounding, range(ctx)),
};

const float: ElementRule = {
  fields({ node }) {
    const { min, max } = floatRange(bounds(node));
    return [
      ['min', { float: min }],
      ['max', { float: max }],
    ];
  },
  compute({ node }) {
    const { min, max } = floatRange(bounds(node));
    return (x) => clampTo(x, min, max);
  },
};

export const clamp: OpSpec = elementwiseOp({
  op: 'clamp',
  infer(node, graph) {
    const x = inputOf(node, graph, 0);
    bounds(node);
    return [{ shape: [...x.shape], dtype: x.dtype }];
  },
  rules: { f32: float, s8: integer, s16: integer },
});
