// SPDX-License-Identifier: Apache-2.0
// dynamicFullyConnected with DSP instructions: the reference kernels' parameters, and scratch for the widened row.
import { compactAttention } from '../compactAttention.js';
import { dynamicFullyConnected, groupColumns } from '../dynamicFullyConnected.js';
import { inputOf, optionalInput } from '../op.js';
import type { Variant } from './variant.js';

/** A row as int16 (of groups: whole ones, and a sum of each). */
const scratchOf = (columns: number, grouped: boolean): number => {
  const groups = Math.ceil(columns / groupColumns);
  return grouped ? groups * (2 * groupColumns + 4) : Math.max(4, 2 * columns);
};

const variant = (kernel: string, grouped: boolean): Variant => ({
  kernel,
  op: 'dynamicFullyConnected',
  isa: 'dsp',
  lower(node, context) {
    const { graph } = context;
    if ((optionalInput(node, graph, 3) !== undefined) !== grouped) return undefined;
    const [rows, columns] = inputOf(node, graph, 2).shape;
    const macs = dynamicFullyConnected.macs(node, graph);
    const call = { ...dynamicFullyConnected.lower(node, context), kernel, scratchBytes: scratchOf(columns, grouped) };
    return { call, work: { pixels: macs / (rows * columns), outputs: macs / columns, macs } };
  },
});

/** The reference kernel's parameters and scratch. */
const attention: Variant = {
  kernel: 'mote_compactattention_s8__dsp',
  op: 'compactAttention',
  isa: 'dsp',
  lower(node, context) {
    const { graph } = context;
    const macs = compactAttention.macs(node, graph);
    // An exponential for each head and position of a full context.
    const outputs = Number(node.attrs.heads) * inputOf(node, graph, 4).shape[0];
    const call = { ...compactAttention.lower(node, context), kernel: this.kernel };
    return { call, work: { pixels: 1, outputs, macs } };
  },
};

export const dspDynamicVariants: readonly Variant[] = [
  variant('mote_dynamicfullyconnected_s8s8__dsp', false),
  variant('mote_dynamicfullyconnected_s8s4_g32__dsp', true),
  attention,
];
