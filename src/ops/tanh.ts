// SPDX-License-Identifier: Apache-2.0
// tanh. int8 by a table made here, int16 by TensorFlow Lite's interpolated table.
import { quantOf } from '../model/graph.js';
import { gateTanh } from './cellGate.js';
import { elementwiseOp, tableRule } from './elementwise.js';
import { tanhf } from './floatMath.js';
import { inputOf, type OpSpec } from './op.js';
import { realTable } from './realTable.js';
import { sigmoidRule } from './sigmoid16.js';

const fixedQuant = { int8: quantOf(1 / 128, 0), int16: quantOf(1 / 32768, 0) } as const;

export const tanh: OpSpec = elementwiseOp({
  op: 'tanh',
  infer(node, graph) {
    const x = inputOf(node, graph, 0);
    const quant = x.dtype === 'int8' || x.dtype === 'int16' ? { quant: fixedQuant[x.dtype] } : {};
    return [{ shape: [...x.shape], dtype: x.dtype, ...quant }];
  },
  rules: {
    f32: { fields: () => [], compute: () => tanhf },
    s8: tableRule(realTable(Math.tanh)),
    s16: sigmoidRule(gateTanh, [0, 1]),
  },
});
