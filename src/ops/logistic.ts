// SPDX-License-Identifier: Apache-2.0
// logistic: 1 / (1 + exp(-x)). int8 by a table made here, int16 by TensorFlow Lite's interpolated table.
import { quantOf } from '../model/graph.js';
import { gateSigmoid } from './cellGate.js';
import { elementwiseOp, tableRule } from './elementwise.js';
import { logisticf } from './floatMath.js';
import { inputOf, type OpSpec } from './op.js';
import { realTable } from './realTable.js';
import { sigmoidRule } from './sigmoid16.js';

/** TensorFlow Lite's float32 formula, before the cast. */
const exact = (x: number): number => 1 / Math.fround(1 + Math.fround(Math.exp(-x)));

const fixedQuant = { int8: quantOf(1 / 256, -128), int16: quantOf(1 / 32768, 0) } as const;

export const logistic: OpSpec = elementwiseOp({
  op: 'logistic',
  infer(node, graph) {
    const x = inputOf(node, graph, 0);
    const quant = x.dtype === 'int8' || x.dtype === 'int16' ? { quant: fixedQuant[x.dtype] } : {};
    return [{ shape: [...x.shape], dtype: x.dtype, ...quant }];
  },
  rules: {
    f32: { fields: () => [], compute: () => logisticf },
    s8: tableRule(realTable(exact)),
    s16: sigmoidRule(gateSigmoid, [0]),
  },
});
