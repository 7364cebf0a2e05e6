// SPDX-License-Identifier: Apache-2.0
// Addition and average pooling on Helium: the reference kernels' parameters, where the vector kernels fit.
import type { Node } from '../../model/graph.js';
import { elementCount } from '../../model/graph.js';
import { add } from '../add.js';
import { averagePool2d } from '../averagePool2d.js';
import type { FieldValue, KernelCall, LowerContext } from '../op.js';
import { inputOf } from '../op.js';
import type { Lowered, Variant } from './variant.js';

const addKernel = 'mote_add_s8__mve';
const averageKernel = 'mote_averagepool2d_s8__mve';

const fieldsOf = (call: KernelCall): Map<string, FieldValue> => new Map(call.params.fields);
const valuesOf = (value: FieldValue | undefined): number[] =>
  typeof value === 'object' && value !== null && 'values' in value ? value.values : [];

function outputsOf(node: Node, { graph }: LowerContext): number {
  return elementCount(graph.tensors[node.outputs[0]].shape);
}

function lowerAdd(node: Node, context: LowerContext): Lowered | undefined {
  if (inputOf(node, context.graph, 0).dtype !== 'int8') return undefined;
  const call = add.lower(node, context);
  const fields = fieldsOf(call);
  const same =
    valuesOf(fields.get('dims'))
      .slice(0, 4)
      .every((n) => n === 1) &&
    valuesOf(fields.get('a_strides'))[4] === 1 &&
    valuesOf(fields.get('b_strides'))[4] === 1;
  const constant = fields.get('a_constant') !== null || fields.get('b_constant') !== null;
  const shifts =
    Number(fields.get('a_shift')) <= 0 &&
    Number(fields.get('b_shift')) <= 0 &&
    Number(fields.get('output_shift')) <= -2;
  if (!same || constant || !shifts) return undefined;
  return { call: { ...call, kernel: addKernel }, work: { pixels: 0, outputs: outputsOf(node, context), macs: 0 } };
}

/** Sums of at most this many int8 fit 16 bits. */
const maxElements = 255;

function lowerAverage(node: Node, context: LowerContext): Lowered | undefined {
  if (inputOf(node, context.graph, 0).dtype !== 'int8') return undefined;
  const call = averagePool2d.lower(node, context);
  const fields = fieldsOf(call);
  const elements = Number(fields.get('kernel_h')) * Number(fields.get('kernel_w'));
  if (elements > maxElements) return undefined;
  const outputs = outputsOf(node, context);
  const pixels = Number(fields.get('out_h')) * Number(fields.get('out_w'));
  return {
    call: { ...call, kernel: averageKernel, overlap: undefined },
    work: { pixels, outputs, macs: outputs * elements },
  };
}

export const mveElementwiseVariants: readonly Variant[] = [
  { kernel: addKernel, op: 'add', isa: 'mve', lower: lowerAdd },
  { kernel: averageKernel, op: 'averagePool2d', isa: 'mve', lower: lowerAverage },
];
