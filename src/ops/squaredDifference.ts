// SPDX-License-Identifier: Apache-2.0
// squaredDifference: (a - b)^2 with broadcasting. int8: both brought to twice the larger scale with spare bits, as TensorFlow
// Lite's SQUARED_DIFFERENCE does.
import type { Node } from '../model/graph.js';
import { binaryOp, type Operands, scalesOf } from './binary.js';
import type { OpSpec } from './op.js';
import { limitsOf } from './quantized.js';
import { clampTo, quantizeMultiplier, requantize, roundingCode } from './requantize.js';

const f = Math.fround;
/** The square of the widest difference still fits 32 bits. */
const spare = 2 ** 7;

function parameters(node: Node, o: Operands) {
  const { a, b, y } = scalesOf(node, o);
  const twiceMax = 2 * Math.max(a.scale, b.scale);
  return {
    a: { ...quantizeMultiplier(a.scale / twiceMax), zeroPoint: a.zeroPoint },
    b: { ...quantizeMultiplier(b.scale / twiceMax), zeroPoint: b.zeroPoint },
    y: { ...quantizeMultiplier((twiceMax * twiceMax) / (spare * spare * y.scale)), zeroPoint: y.zeroPoint },
  };
}

export const squaredDifference: OpSpec = binaryOp({
  op: 'squaredDifference',
  float: (a, b) => f(f(a - b) * f(a - b)),
  clamps: false,
  integer: {
    types: ['s8'],
    sameScale: false,
    fields(node, o, rounding) {
      const p = parameters(node, o);
      return [
        ['a_zero_point', p.a.zeroPoint],
        ['a_multiplier', p.a.multiplier],
        ['a_shift', p.a.shift],
        ['b_zero_point', p.b.zeroPoint],
        ['b_multiplier', p.b.multiplier],
        ['b_shift', p.b.shift],
        ['output_zero_point', p.y.zeroPoint],
        ['output_multiplier', p.y.multiplier],
        ['output_shift', p.y.shift],
        ['rounding', roundingCode(rounding)],
      ];
    },
    compute(node, o, rounding) {
      const p = parameters(node, o);
      const { min, max } = limitsOf(o.y);
      return (qa, qb) => {
        const x = requantize((qa - p.a.zeroPoint) * spare, p.a, rounding);
        const y = requantize((qb - p.b.zeroPoint) * spare, p.b, rounding);
        return clampTo((requantize((x - y) * (x - y), p.y, rounding) + p.y.zeroPoint) | 0, min, max);
      };
    },
  },
});
