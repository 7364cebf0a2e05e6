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

/** Up to here an output zero point * 2^shift fits beside the high product of the sum. */
const maxOutputShift = 22;

const kernelOf = { int8: 'mote_add_s8_hoisted__c99', int16: 'mote_add_s16_hoisted__c99' } as const;

const hoistedAddition =
  (spec: OpSpec, dtype: 'int8' | 'int16', precision: (x: number) => number) =>
  (node: Node, { graph, rounding }: LowerContext): Lowered | undefined => {
    const o = operandsOf(node, graph);
    if (!hasType(o, dtype)) return undefined;
    const p = additionParameters(node, o, precision);
    const { a, b } = scalesOf(node, o);
    const bScaled = a.scale >= b.scale;
    const [plain, other] = bScaled ? [a, b] : [b, a];
    const scaled = highFactor(bScaled ? p.b : p.a, rounding);
    const output = highFactor(p.y, rounding);
    if (!scaled || !output || (dtype === 'int8' && output.shift > maxOutputShift)) return undefined;
    const sign = spec.op === 'sub' ? -1 : 1;
    // The plain operand's scale is half of the common one: of its spare bits one less.
    const plainFactor = p.factor / 2;
    const zeroPoints: CStruct['fields'] = [
      ['plain_zero_point', plain.zeroPoint],
      ['scaled_zero_point', other.zeroPoint],
    ];
    return lowered(kernelOf[dtype], o, [
      ['b_scaled', bScaled ? 1 : 0],
      ...(dtype === 'int8' ? zeroPoints : []),
      ['plain_factor', bScaled ? plainFactor : sign * plainFactor],
      ['scaled_sign', bScaled ? sign : 1],
      ...highFactorFields(scaled, 'scaled_'),
      ...highFactorFields({ ...output, round: output.round + p.y.zeroPoint * 2 ** output.shift }, 'output_'),
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

const inDouble = (x: number): number => x;

export const portableBinaryVariants: readonly Variant[] = [
  variant('mote_add_s8_linear__c99', 'add', linear(add)),
  variant('mote_add_s8_linear__c99', 'sub', linear(sub)),
  ...(['int8', 'int16'] as const).flatMap((dtype) => [
    variant(kernelOf[dtype], 'add', hoistedAddition(add, dtype, inDouble)),
    variant(kernelOf[dtype], 'sub', hoistedAddition(sub, dtype, Math.fround)),
  ]),
  variant('mote_mul_s8_hoisted__c99', 'mul', hoistedMul('int8', 'mote_mul_s8_hoisted__c99')),
  variant('mote_mul_s16_hoisted__c99', 'mul', hoistedMul('int16', 'mote_mul_s16_hoisted__c99')),
];
