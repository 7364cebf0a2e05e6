// SPDX-License-Identifier: Apache-2.0
// add and sub of two int8 tensors of one shape as a linear form, one kernel for each instruction set.
import { elementCount, type Graph, type Node, type Tensor } from '../../model/graph.js';
import { add } from '../add.js';
import { clampAttr, outputOf } from '../attributes.js';
import { inputOf, type LowerContext, type OpSpec, type Rounding } from '../op.js';
import { activationRange, limitsOf, scaleOf } from '../quantized.js';
import { sub } from '../sub.js';
import { type LinearForm, linearForm } from './linearForm.js';
import type { Lowered, Variant } from './variant.js';

const everyInt8 = Int8Array.from({ length: 256 }, (_, i) => i - 128);

/** The node's results for all pairs of inputs, by the operator's own twin. */
function allResults(spec: OpSpec, node: Node, [a, b, y]: Tensor[], rounding: Rounding): Int8Array {
  const variable = (t: Tensor, shape: number[]): Tensor => ({
    name: t.name,
    dtype: t.dtype,
    shape,
    ...(t.quant ? { quant: t.quant } : {}),
  });
  const tensors = [variable(a, [256, 1]), variable(b, [1, 256]), variable(y, [256, 256])];
  const graph = { tensors } as Graph;
  return spec.evaluate({ ...node, inputs: [0, 1], outputs: [2] }, [everyInt8, everyInt8], {
    graph,
    rounding,
  })[0] as Int8Array;
}

/** add or sub (`spec`) as a linear form. */
export function formOf(
  spec: OpSpec,
  node: Node,
  tensors: Tensor[],
  rounding: Rounding,
): (LinearForm & { min: number; max: number }) | undefined {
  const [a, b, y] = tensors.map((t) => scaleOf(node, t));
  const range = activationRange(clampAttr(node), y, limitsOf(tensors[2]));
  const form = linearForm({
    results: allResults(spec, node, tensors, rounding),
    ...range,
    aSlope: a.scale / y.scale,
    bSlope: (spec.op === 'sub' ? -b.scale : b.scale) / y.scale,
  });
  return form && { ...form, ...range };
}

/** The call of the kernel of one instruction set; all of them take the same parameters. */
function lowerSame(kernel: string, spec: OpSpec, node: Node, { graph, rounding }: LowerContext): Lowered | undefined {
  const tensors = [inputOf(node, graph, 0), inputOf(node, graph, 1), outputOf(node, graph)];
  const count = elementCount(tensors[2].shape);
  if (tensors.some((t) => t.dtype !== 'int8' || t.data || elementCount(t.shape) !== count)) return undefined;
  const form = formOf(spec, node, tensors, rounding);
  if (!form) return undefined;
  const params = {
    type: 'mote_add_s8_same',
    fields: [
      ['count', count],
      ['a_factor', form.aFactor],
      ['b_factor', form.bFactor],
      ['offset', form.offset],
      ['shift', form.shift],
      ['output_min', form.min],
      ['output_max', form.max],
    ] satisfies [string, number][],
  };
  return {
    call: { kernel, params, inputs: [0, 1], outputs: [0], scratchBytes: 0 },
    work: { pixels: 1, outputs: count, macs: 0 },
  };
}

/** add and sub on one instruction set. */
export const sameVariants = (kernel: string, isa: string): Variant[] =>
  [add, sub].map((spec) => ({
    kernel,
    op: spec.op,
    isa,
    lower: (node, context) => lowerSame(kernel, spec, node, context),
  }));

export const dspAddVariants: readonly Variant[] = sameVariants('mote_add_s8_same__dsp', 'dsp');
