// SPDX-License-Identifier: Apache-2.0
// squaredDifference: (a - b)^2 with broadcasting. int8: both brought to twice the larger scale with spare bits, as TensorFlow
// Lite's SQUARED_DIFFERENCE does.
import type { Node } from '../model/graph.js';
import { binaryOp, type Operands, scalesOf } from './binary.js';
import type { CStruct, OpSpec } from './op.js';
import { limitsOf } from './quantized.js';
import {
  clampTo,
  quantizeMultiplier,
  quantizeMultiplier64,
  requantize,
  requantize64,
  roundingCode,
} from './requantize.js';

const f = Math.fround;
/** The square of the widest int8 difference still fits 32 bits; that of int16 is wider and loses some (`dropped`). */
const spare = 2 ** 7;
const wideSpare = 2 ** 14;
const dropped = 2 ** 12;

function parameters(node: Node, o: Operands) {
  const { a, b, y } = scalesOf(node, o);
  const twiceMax = 2 * Math.max(a.scale, b.scale);
  const wide = o.y.dtype === 'int16';
  const square = (twiceMax * twiceMax) / y.scale;
  return {
    a: { ...quantizeMultiplier(a.scale / twiceMax), zeroPoint: a.zeroPoint },
    b: { ...quantizeMultiplier(b.scale / twiceMax), zeroPoint: b.zeroPoint },
    y: {
      ...(wide
        ? quantizeMultiplier64((square * dropped) / (wideSpare * wideSpare))
        : quantizeMultiplier(square / (spare * spare))),
      zeroPoint: y.zeroPoint,
    },
  };
}

export const squaredDifference: OpSpec = binaryOp({
  op: 'squaredDifference',
  float: (a, b) => f(f(a - b) * f(a - b)),
  clamps: false,
  integer: {
    sameScale: false,
    fields(node, o, rounding) {
      const p = parameters(node, o);
      const zero = (name: string, value: number): CStruct['fields'] =>
        o.y.dtype === 'int8' ? [[`${name}_zero_point`, value]] : [];
      return [
        ...zero('a', p.a.zeroPoint),
        ['a_multiplier', p.a.multiplier],
        ['a_shift', p.a.shift],
        ...zero('b', p.b.zeroPoint),
        ['b_multiplier', p.b.multiplier],
        ['b_shift', p.b.shift],
        ...zero('output', p.y.zeroPoint),
        ['output_multiplier', p.y.multiplier],
        ['output_shift', p.y.shift],
        ['rounding', roundingCode(rounding)],
      ];
    },
    compute(node, o, rounding) {
      const p = parameters(node, o);
      const { min, max } = limitsOf(o.y);
      if (o.y.dtype === 'int16') {
        return (qa, qb) => {
          const d = requantize(qa * wideSpare, p.a, rounding) - requantize(qb * wideSpare, p.b, rounding);
          const square = Number((BigInt(d) * BigInt(d) + BigInt(dropped / 2)) / BigInt(dropped));
          return clampTo(requantize64(square, p.y), min, max);
        };
      }
      return (qa, qb) => {
        const x = requantize((qa - p.a.zeroPoint) * spare, p.a, rounding);
        const y = requantize((qb - p.b.zeroPoint) * spare, p.b, rounding);
        return clampTo((requantize((x - y) * (x - y), p.y, rounding) + p.y.zeroPoint) | 0, min, max);
      };
    },
  },
});
