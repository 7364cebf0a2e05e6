// SPDX-License-Identifier: Apache-2.0
// laneadd and laneaveragepool2d: elements or channels in vector lanes. Fields come from the operators' own lower().
import { elementCount, type Node } from '../../model/graph.js';
import { add } from '../add.js';
import { averagePool2d } from '../averagePool2d.js';
import { type CStruct, inputOf, type LowerContext } from '../op.js';
import type { Lowered, Variant } from './variant.js';

const field = (fields: CStruct['fields'], name: string): number => {
  const value = fields.find(([n]) => n === name)?.[1];
  if (typeof value !== 'number') throw new Error(`no number ${name}`);
  return value;
};

/** Inputs have 20 spare bits and a factor of at most 1/2; three more bits fit before the multiplication. */
const spareBits = 20;
const maxPreShift = 3;

/** Left and right shift around the multiplication (rvv_rescale.h), or undefined where they do not fit. */
function shiftsAround(shift: number, preShift: number, single: boolean): { left: number; right: number } | undefined {
  if (!single) return shift <= 0 ? { left: 0, right: -shift } : undefined;
  const left = Math.max(0, shift + 2);
  const right = left - 1 - shift;
  return left <= preShift && right <= 31 ? { left, right } : undefined;
}

function lowerAdd(node: Node, context: LowerContext): Lowered | undefined {
  const { graph, rounding } = context;
  const [a, b] = [inputOf(node, graph, 0), inputOf(node, graph, 1)];
  if (a.dtype !== 'int8' || a.data || b.data || a.shape.join() !== b.shape.join()) return undefined;
  const { params } = add.lower(node, context);
  const of = (name: string): number => field(params.fields, name);
  const single = rounding === 'single';
  const fields: CStruct['fields'] = [['count', elementCount(a.shape)]];
  for (const name of ['a', 'b']) {
    const shifts = shiftsAround(of(`${name}_shift`), maxPreShift, single);
    if (!shifts) return undefined;
    fields.push([`${name}_zero_point`, of(`${name}_zero_point`)], [`${name}_left`, spareBits + shifts.left]);
    fields.push([`${name}_multiplier`, of(`${name}_multiplier`)], [`${name}_right`, shifts.right]);
  }
  const shifts = shiftsAround(of('output_shift'), 0, single);
  if (!shifts) return undefined;
  fields.push(['output_zero_point', of('output_zero_point')], ['output_multiplier', of('output_multiplier')]);
  fields.push(['output_right', shifts.right]);
  for (const name of ['output_min', 'output_max', 'rounding']) fields.push([name, of(name)]);
  const call = {
    kernel: 'mote_laneadd_s8__rvv',
    params: { type: 'mote_laneadd_s8', fields },
    inputs: [0, 1],
    outputs: [0],
    scratchBytes: 0,
  };
  return { call, work: { pixels: 0, outputs: elementCount(a.shape), macs: 0 } };
}

function lowerAverage(node: Node, context: LowerContext): Lowered | undefined {
  if (inputOf(node, context.graph, 0).dtype !== 'int8') return undefined;
  const call = averagePool2d.lower(node, context);
  const of = (name: string): number => field(call.params.fields, name);
  const pixels = of('out_h') * of('out_w');
  return {
    call: {
      ...call,
      overlap: undefined,
      kernel: 'mote_laneaveragepool2d_s8__rvv',
      params: { ...call.params, type: 'mote_laneaveragepool2d_s8' },
    },
    work: { pixels, outputs: pixels * of('channels'), macs: 0 },
  };
}

export const rvvElementwiseVariants: readonly Variant[] = [
  { kernel: 'mote_laneadd_s8__rvv', op: 'add', isa: 'rvv', lower: lowerAdd },
  { kernel: 'mote_laneaveragepool2d_s8__rvv', op: 'averagePool2d', isa: 'rvv', lower: lowerAverage },
];
