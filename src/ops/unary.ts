// SPDX-License-Identifier: Apache-2.0
// The operators of unaryTable.ts: float32 by their kernels, int8 as tables of 256 entries made here, int16 as curves.
import type { Node } from '../model/graph.js';
import { finiteNumber } from './attributes.js';
import { curveRule } from './curve16.js';
import { type Context, elementwiseOp, sameType, tableRule } from './elementwise.js';
import type { OpSpec } from './op.js';
import { realTable } from './realTable.js';
import { type UnaryRow, unaryTable } from './unaryTable.js';

const paramsOf = (row: UnaryRow, node: Node): number[] =>
  (row.params ?? []).map(([name, byDefault]) => Math.fround(finiteNumber(node, name, byDefault)));

/** TensorFlow Lite computes these in int16 by its table. */
const tfliteTables = new Set(['exp', 'log']);

export function unaryOp(row: UnaryRow): OpSpec {
  const functionOf = ({ node }: Context): ((x: number) => number) => {
    const params = paramsOf(row, node);
    return (x) => row.float(Math.fround(x), params);
  };
  return elementwiseOp({
    op: row.op,
    infer(node, graph) {
      paramsOf(row, node);
      return sameType(node, graph);
    },
    rules: {
      f32: {
        fields({ node }) {
          const values = paramsOf(row, node);
          return (row.params ?? []).map(([name], i) => [name, { float: values[i] }]);
        },
        compute({ node }) {
          const params = paramsOf(row, node);
          return (x) => row.float(x, params);
        },
      },
      s8: tableRule((ctx) => realTable(functionOf(ctx))(ctx)),
      s16: curveRule(functionOf, tfliteTables.has(row.op)),
    },
  });
}

export const unaryOps: readonly OpSpec[] = unaryTable.map(unaryOp);
