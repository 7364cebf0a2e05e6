// SPDX-License-Identifier: Apache-2.0
// sign: -1 below zero, 1 above, and `zero` at zero: 0 in ONNX's Sign, 1 in what binary networks train with
// (Where(x >= 0, 1, -1), Larq's sign(sign(x) + 0.1)). What is not a number is taken for a zero.
import { int } from './attributes.js';
import { curveRule } from './curve16.js';
import { type Context, elementwiseOp, sameType, tableRule } from './elementwise.js';
import type { OpSpec } from './op.js';
import { realTable } from './realTable.js';

const zeroOf = ({ node }: Context): number => int(node, 'zero', { min: -1, max: 1 });

const signOf =
  (zero: number) =>
  (x: number): number => {
    if (x > 0) return 1;
    return x < 0 ? -1 : zero;
  };

export const sign: OpSpec = elementwiseOp({
  op: 'sign',
  infer(node, graph) {
    int(node, 'zero', { min: -1, max: 1 });
    return sameType(node, graph);
  },
  rules: {
    f32: { fields: (ctx) => [['zero', { float: zeroOf(ctx) }]], compute: (ctx) => signOf(zeroOf(ctx)) },
    s8: tableRule((ctx) => realTable(signOf(zeroOf(ctx)))(ctx)),
    s16: curveRule((ctx) => signOf(zeroOf(ctx))),
  },
});
