// SPDX-License-Identifier: Apache-2.0
// Integer addition and subtraction: both inputs are brought to twice the larger input scale with spare bits below,
// added, and brought to the output scale (TensorFlow Lite's reference ADD and SUB).
import type { Node } from '../model/graph.js';
import { clampAttr } from './attributes.js';
import { type IntegerRule, type Operands, scalesOf } from './binary.js';
import type { Rounding } from './op.js';
import { activationRange, limitsOf } from './quantized.js';
import { clampTo, quantizeMultiplier, requantize } from './requantize.js';
import { clampFields } from './weighted.js';

/** Spare bits: the widest sum still fits 32 bits. */
const spareBits = { int8: 20, int16: 15 } as const;

/** TensorFlow Lite computes the factors of ADD in double and those of SUB in float32. */
type Precision = (x: number) => number;

export function additionParameters(node: Node, o: Pick<Operands, 'a' | 'b' | 'y'>, round: Precision) {
  const { a, b, y } = scalesOf(node, o);
  const spare = spareBits[o.y.dtype as keyof typeof spareBits];
  const twiceMax = round(2 * Math.max(a.scale, b.scale));
  return {
    a: { ...quantizeMultiplier(round(a.scale / twiceMax)), zeroPoint: a.zeroPoint },
    b: { ...quantizeMultiplier(round(b.scale / twiceMax)), zeroPoint: b.zeroPoint },
    y: { ...quantizeMultiplier(round(twiceMax / round(2 ** spare * y.scale))), zeroPoint: y.zeroPoint },
    range: activationRange(clampAttr(node), y, limitsOf(o.y)),
    factor: 2 ** spare,
  };
}

export function additionRule(sign: 1 | -1, round: Precision): IntegerRule {
  return {
    sameScale: false,
    fields(node, o, rounding) {
      const p = additionParameters(node, o, round);
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
        ...clampFields(p.range, rounding),
      ];
    },
    compute(node: Node, o: Operands, rounding: Rounding) {
      const p = additionParameters(node, o, round);
      return (a, b) => {
        const x = requantize((a - p.a.zeroPoint) * p.factor, p.a, rounding);
        const y = requantize((b - p.b.zeroPoint) * p.factor, p.b, rounding);
        return clampTo((requantize((x + sign * y) | 0, p.y, rounding) + p.y.zeroPoint) | 0, p.range.min, p.range.max);
      };
    },
  };
}
