// SPDX-License-Identifier: Apache-2.0
// add, sub and mul in plain C for cores with a fast multiplier: rounding worked out by the packer, any broadcasting.
import { elementCount, type Node } from '../../model/graph.js';
import { add } from '../add.js';
import { additionParameters } from '../addition.js';
import { constantFields, type Operands, operandsOf, scalesOf } from '../binary.js';
import { broadcastFields } from '../broadcast.js';
import { mulParameters } from '../mul.js';
import type { CStruct, LowerContext, OpSpec } from '../op.js';
import { sub } from '../sub.js';
import { formOf } from './dspAdd.js';
import { highFactor, highFactorFields } from './highFactor.js';
import type { Lowered, Variant } from './variant.js';

/** As the reference call: a constant operand travels in the parameters. */
function lowered(kernel: string, o: Operands, fields: CStruct['fields']): Lowered {
  const params = {
    type: kernel.replace(/__.*/, ''),
    fields: [...broadcastFields(o.walk), ...constantFields(o), ...fields],
  };
  const inputs = [o.a.data ? 1 : 0, o.b.data ? 0 : 1];
  return {
    call: { kernel, params, inputs, outputs: [0], scratchBytes: 0 },
    work: { pixels: o.walk.dims.slice(0, -1).reduce((x, y) => x * y, 1), outputs: elementCount(o.shape), macs: 0 },
  };
}

const hasType = (o: Operands, dtype: string): boolean => [o.a, o.b, o.y].every((t) => t.dtype === dtype);

const bounds = ({ min, max }: { min: number; max: number }): CStruct['fields'] => [
  ['output_min', min],
  ['output_max', max],
];

const linear =
  (spec: OpSpec) =>
  (node: Node, { graph, rounding }: LowerContext): Lowered | undefined => {
    const o = operandsOf(node, graph);
    const form = hasType(o, 'int8') ? formOf(spec, node, [o.a, o.b, o.y], rounding) : undefined;
    if (!form) return undefined;
    return lowered('mote_add_s8_linear__c99', o, [
      ['a_factor', form.aFactor],
      ['b_factor', form.bFactor],
      ['offset', form.offset],
      ['shift', form.shift],
      ...bounds(form),
    ]);
  };

/** What an int16 is multiplied with to reach the common scale where its own is half of that: 2^15 spare bits, halved. */
const plainFactor = 2 ** 14;

const hoistedAddition =
  (spec: OpSpec, round: (x: number) => number) =>
  (node: Node, { graph, rounding }: LowerContext): Lowered | undefined => {
    const o = operandsOf(node, graph);
    if (!hasType(o, 'int16')) return undefined;
    const p = additionParameters(node, o, round);
    const { a, b } = scalesOf(node, o);
    const bScaled = a.scale >= b.scale;
    const scaled = highFactor(bScaled ? p.b : p.a, rounding);
    const output = highFactor(p.y, rounding);
    if (!scaled || !output) return undefined;
    const sign = spec.op === 'sub' ? -1 : 1;
    return lowered('mote_add_s16_hoisted__c99', o, [
      ['b_scaled', bScaled ? 1 : 0],
      ['plain_factor', bScaled ? plainFactor : sign * plainFactor],
      ['scaled_sign', bScaled ? sign : 1],
      ...highFactorFields(scaled, 'scaled_'),
      ...highFactorFields(output, 'output_'),
      ...bounds(p.range),
    ]);
  };

/** Up to here output zero point * 2^shift fits beside a product of two int8. */
const maxMulShift = 22;

const hoistedMul =
  (dtype: 'int8' | 'int16', kernel: string) =>
  (node: Node, { graph, rounding }: LowerContext): Lowered | undefined => {
    const o = operandsOf(node, graph);
    if (!hasType(o, dtype)) return undefined;
    const p = mulParameters(node, o);
    const factor = highFactor(p.rescale, rounding);
    if (!factor || (dtype === 'int8' && factor.shift > maxMulShift)) return undefined;
    const round = factor.round + p.y * 2 ** factor.shift;
    const zeroPoints: CStruct['fields'] = [
      ['a_zero_point', p.a],
      ['b_zero_point', p.b],
    ];
    return lowered(kernel, o, [
      ...(dtype === 'int8' ? zeroPoints : []),
      ...highFactorFields({ ...factor, round }),
      ...bounds(p.range),
    ]);
  };

const variant = (kernel: string, op: string, lower: Variant['lower']): Variant => ({ kernel, op, isa: 'c99', lower });

export const portableBinaryVariants: readonly Variant[] = [
  variant('mote_add_s8_linear__c99', 'add', linear(add)),
  variant('mote_add_s8_linear__c99', 'sub', linear(sub)),
  variant(
    'mote_add_s16_hoisted__c99',
    'add',
    hoistedAddition(add, (x) => x),
  ),
  variant('mote_add_s16_hoisted__c99', 'sub', hoistedAddition(sub, Math.fround)),
  variant('mote_mul_s8_hoisted__c99', 'mul', hoistedMul('int8', 'mote_mul_s8_hoisted__c99')),
  variant('mote_mul_s16_hoisted__c99', 'mul', hoistedMul('int16', 'mote_mul_s16_hoisted__c99')),
];
