// SPDX-License-Identifier: Apache-2.0
// prelu: a, or a * b where a is below zero, with broadcasting (int8 as TensorFlow Lite's reference kernel, int16 the same).
import type { Node } from '../model/graph.js';
import { binaryOp, type Operands, scalesOf } from './binary.js';
import type { CStruct, OpSpec } from './op.js';
import { limitsOf } from './quantized.js';
import { clampTo, quantizeMultiplier, requantize, roundingCode } from './requantize.js';

function parameters(node: Node, o: Operands) {
  const { a, b, y } = scalesOf(node, o);
  return {
    a: a.zeroPoint,
    b: b.zeroPoint,
    y: y.zeroPoint,
    positive: quantizeMultiplier(a.scale / y.scale),
    negative: quantizeMultiplier((a.scale * b.scale) / y.scale),
  };
}

export const prelu: OpSpec = binaryOp({
  op: 'prelu',
  float: (x, slope) => (x < 0 ? Math.fround(x * slope) : x),
  clamps: false,
  integer: {
    sameScale: false,
    fields(node, o, rounding) {
      const p = parameters(node, o);
      const zeros: CStruct['fields'] = [
        ['a_zero_point', p.a],
        ['b_zero_point', p.b],
        ['output_zero_point', p.y],
      ];
      return [
        ...(o.y.dtype === 'int8' ? zeros : []),
        ['positive_multiplier', p.positive.multiplier],
        ['positive_shift', p.positive.shift],
        ['negative_multiplier', p.negative.multiplier],
        ['negative_shift', p.negative.shift],
        ['rounding', roundingCode(rounding)],
      ];
    },
    compute(node, o, rounding) {
      const p = parameters(node, o);
      const { min, max } = limitsOf(o.y);
      return (qa, qb) => {
        const x = qa - p.a;
        const real = x < 0 ? requantize(x * (qb - p.b), p.negative, rounding) : requantize(x, p.positive, rounding);
        return clampTo((real + p.y) | 0, min, max);
      };
    },
  },
});
