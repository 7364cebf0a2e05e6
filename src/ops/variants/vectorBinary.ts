// SPDX-License-Identifier: Apache-2.0
// vecadd, vecmul and vecpick: two integer tensors with broadcasting or a constant operand, on Helium and RVV. Fields come
// from the operators' own lower().
import { elementCount, type Graph, type Node } from '../../model/graph.js';
import { add } from '../add.js';
import { outputOf } from '../attributes.js';
import { maximum } from '../maximum.js';
import { minimum } from '../minimum.js';
import { mul } from '../mul.js';
import { type CStruct, inputOf, type LowerContext, type OpSpec } from '../op.js';
import { sub } from '../sub.js';
import type { Lowered, Variant } from './variant.js';
import { factorFields, vectorFactor } from './vectorFactor.js';

type Type = 's8' | 's16';
const types: Readonly<Record<Type, { dtype: string; largest: number; spareBits: number }>> = {
  s8: { dtype: 'int8', largest: 128, spareBits: 20 },
  s16: { dtype: 'int16', largest: 32_768, spareBits: 15 },
};

const head = ['dims', 'a_strides', 'b_strides', 'a_constant', 'b_constant'];

type Fields = CStruct['fields'];
type Of = (name: string) => number;

/** The fields after the head, from those of the reference kernel; undefined where the vector form is not exact. */
type Rest = (of: Of, type: Type, rounding: LowerContext['rounding'], op: string) => Fields | undefined;

const outputFields = (of: Of): Fields =>
  ['output_min', 'output_max', 'rounding'].map((name): Fields[number] => [name, of(name)]);

/** 1/2, which the input of the larger scale always has, leaves no bit below the high word after one step to the left. */
const inputFactor: typeof vectorFactor = (m, largest, rounding) =>
  m.multiplier === 2 ** 30 && m.shift === 0 && rounding === 'single' && largest <= 2 ** 30
    ? { left: 1, multiplier: m.multiplier, right: 0 }
    : vectorFactor(m, largest, rounding);

/** Inputs have spare bits below them, and factors of at most 1/2: their sum fits 32 bits. */
const addition: Rest = (of, type, rounding, op) => {
  const { largest, spareBits } = types[type];
  const fields: Fields = [];
  for (const name of ['a', 'b']) {
    const zeroPoint = of(`${name}_zero_point`);
    const m = { multiplier: of(`${name}_multiplier`), shift: of(`${name}_shift`) };
    const f = inputFactor(m, (largest + Math.abs(zeroPoint)) * 2 ** spareBits, rounding);
    if (!f || m.shift > 0) return undefined;
    fields.push([`${name}_zero_point`, zeroPoint], ...factorFields({ ...f, left: f.left + spareBits }, name));
  }
  const m = { multiplier: of('output_multiplier'), shift: of('output_shift') };
  const f = vectorFactor(m, 2 ** 31 - 1, rounding);
  if (!f) return undefined;
  fields.push(['subtract', op === 'sub' ? 1 : 0], ['output_zero_point', of('output_zero_point')]);
  return [...fields, ...factorFields(f, 'output'), ...outputFields(of)];
};

const product: Rest = (of, type, rounding) => {
  const { largest } = types[type];
  const [a, b] = [of('a_zero_point'), of('b_zero_point')];
  const m = { multiplier: of('output_multiplier'), shift: of('output_shift') };
  const f = vectorFactor(m, (largest + Math.abs(a)) * (largest + Math.abs(b)) + 1, rounding);
  return (
    f && [
      ['a_zero_point', a],
      ['b_zero_point', b],
      ['output_zero_point', of('output_zero_point')],
      ...factorFields(f, 'output'),
      ...outputFields(of),
    ]
  );
};

const choice: Rest = (_of, _type, _rounding, op) => [['largest', op === 'maximum' ? 1 : 0]];

const rows: readonly { family: string; spec: OpSpec; rest: Rest }[] = [
  { family: 'vecadd', spec: add, rest: addition },
  { family: 'vecadd', spec: sub, rest: addition },
  { family: 'vecmul', spec: mul, rest: product },
  { family: 'vecpick', spec: maximum, rest: choice },
  { family: 'vecpick', spec: minimum, rest: choice },
];

const outputsOf = (node: Node, graph: Graph): number => elementCount(outputOf(node, graph).shape);

function lower(row: (typeof rows)[number], type: Type, isa: string) {
  return (node: Node, context: LowerContext): Lowered | undefined => {
    if (inputOf(node, context.graph, 0).dtype !== types[type].dtype) return undefined;
    const call = row.spec.lower(node, context);
    const given = new Map(call.params.fields);
    const of: Of = (name) => {
      const value = given.get(name);
      if (typeof value !== 'number') throw new Error(`no number ${name}`);
      return value;
    };
    const rest = row.rest(of, type, context.rounding, node.op);
    if (!rest) return undefined;
    const name = `mote_${row.family}_${type}`;
    const fields = [...call.params.fields.filter(([field]) => head.includes(field)), ...rest];
    const dims = given.get('dims') as { values: number[] };
    const outputs = outputsOf(node, context.graph);
    // A row costs an entry into the loop.
    const work = { pixels: outputs / dims.values[4], outputs, macs: 0 };
    return { call: { ...call, kernel: `${name}__${isa}`, params: { type: name, fields } }, work };
  };
}

export const vectorBinaryVariants = (isa: 'mve' | 'rvv'): Variant[] =>
  rows.flatMap((row) =>
    (['s8', 's16'] as const).map((type) => ({
      kernel: `mote_${row.family}_${type}__${isa}`,
      op: row.spec.op,
      isa,
      lower: lower(row, type, isa),
    })),
  );
