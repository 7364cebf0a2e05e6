// SPDX-License-Identifier: Apache-2.0
// The operators of unaryTable.ts: float32 by their kernels, int8 as tables of 256 entries made here.
import type { Node } from '../model/graph.js';
import { finiteNumber } from './attributes.js';
import { elementwiseOp, sameType, tableRule } from './elementwise.js';
import type { OpSpec } from './op.js';
import { realTable } from './realTable.js';
import { type UnaryRow, unaryTable } from './unaryTable.js';

const paramsOf = (row: UnaryRow, node: Node): number[] =>
  (row.params ?? []).map(([name, byDefault]) => Math.fround(finiteNumber(node, name, byDefault)));

export function unaryOp(row: UnaryRow): OpSpec {
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
      s8: tableRule((ctx) => {
        const params = paramsOf(row, ctx.node);
        return realTable((x) => row.float(Math.fround(x), params))(ctx);
      }),
    },
  });
}

export const unaryOps: readonly OpSpec[] = unaryTable.map(unaryOp);
