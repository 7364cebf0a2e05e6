// SPDX-License-Identifier: Apache-2.0
// mul: a * b with broadcasting and a fused activation.
import type { Node } from '../model/graph.js';
import { clampAttr } from './attributes.js';
import { binaryOp, type Operands, scalesOf } from './binary.js';
import type { OpSpec } from './op.js';
import { activationRange, limitsOf } from './quantized.js';
import { clampTo, quantizeMultiplier, requantize } from './requantize.js';
import { clampFields } from './weighted.js';

export function mulParameters(node: Node, o: Operands) {
  const { a, b, y } = scalesOf(node, o);
  return {
    a: a.zeroPoint,
    b: b.zeroPoint,
    y: y.zeroPoint,
    rescale: quantizeMultiplier((a.scale * b.scale) / y.scale),
    range: activationRange(clampAttr(node), y, limitsOf(o.y)),
  };
}

export const mul: OpSpec = binaryOp({
  op: 'mul',
  float: (a, b) => a * b,
  int32: (a, b) => Math.imul(a, b),
  clamps: true,
  integer: {
    sameScale: false,
    fields(node, o, rounding) {
      const p = mulParameters(node, o);
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
      const p = mulParameters(node, o);
      return (a, b) =>
        clampTo((requantize((a - p.a) * (b - p.b), p.rescale, rounding) + p.y) | 0, p.range.min, p.range.max);
    },
  },
});
