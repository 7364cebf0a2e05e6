// SPDX-License-Identifier: Apache-2.0
// div: a / b with broadcasting and a fused activation. int8 (TensorFlow Lite has none): the quotient of the integers with
// `fraction` bits behind the point, rounded, then rescaled; int16 likewise, wider.
import type { Node } from '../model/graph.js';
import { clampAttr } from './attributes.js';
import { binaryOp, type Operands, scalesOf } from './binary.js';
import type { OpSpec } from './op.js';
import { divideInt } from './pairTable.js';
import { activationRange, limitsOf } from './quantized.js';
import { clampTo, quantizeMultiplier, quantizeMultiplier64, requantize, requantize64 } from './requantize.js';
import { clampFields } from './weighted.js';

/** 255 * 2^22 fits 31 bits. */
const fraction = 2 ** 22;
/** Of int16, in two divisions of half as many bits each. */
const wideFraction = 2 ** 30;

function parameters(node: Node, o: Operands) {
  const { a, b, y } = scalesOf(node, o);
  return {
    a: a.zeroPoint,
    b: b.zeroPoint,
    y: y.zeroPoint,
    rescale:
      o.y.dtype === 'int16'
        ? quantizeMultiplier64(a.scale / (b.scale * y.scale * wideFraction))
        : quantizeMultiplier(a.scale / (b.scale * y.scale * fraction)),
    range: activationRange(clampAttr(node), y, limitsOf(o.y)),
  };
}

/** a / b with 30 bits behind the point. */
function wideQuotient(a: number, b: number): number {
  const half = 2 ** 15;
  const high = Math.floor((a * half) / b);
  const rest = a * half - high * b;
  return high * half + Math.floor((rest * half + Math.floor(b / 2)) / b);
}

export const div: OpSpec = binaryOp({
  op: 'div',
  float: (a, b) => a / b,
  int32: divideInt,
  clamps: true,
  integer: {
    sameScale: false,
    fields(node, o, rounding) {
      const p = parameters(node, o);
      if (o.y.dtype === 'int16')
        return [
          ['output_multiplier', p.rescale.multiplier],
          ['output_shift', p.rescale.shift],
          ...clampFields(p.range, rounding).slice(0, 2),
        ];
      return [
        ['a_zero_point', p.a],
        ['b_zero_point', p.b],
        ['output_zero_point', p.y],
        ['output_multiplier', p.rescale.multiplier],
        ['output_shift', p.rescale.shift],
        ...clampFields(p.range, rounding),
      ];
    },
    compute(node, o, rounding) {
      const p = parameters(node, o);
      const { min, max } = p.range;
      const limits = limitsOf(o.y);
      return (qa, qb) => {
        const [a, b] = [qa - p.a, qb - p.b];
        if (b === 0) return clampTo(a === 0 ? p.y : a > 0 ? limits.max : limits.min, min, max);
        const divisor = Math.abs(b);
        if (o.y.dtype === 'int16') {
          const wide = wideQuotient(Math.abs(a), divisor);
          return clampTo(requantize64(a < 0 === b < 0 ? wide : -wide, p.rescale), min, max);
        }
        const size = Math.floor((Math.abs(a) * fraction + Math.floor(divisor / 2)) / divisor);
        return clampTo((requantize(a < 0 === b < 0 ? size : -size, p.rescale, rounding) + p.y) | 0, min, max);
      };
    },
  },
});
