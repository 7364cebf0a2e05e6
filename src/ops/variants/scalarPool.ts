// SPDX-License-Identifier: Apache-2.0
// Pooling and means over pixels for cores without SIMD, in plain C for all of them. They take the reference kernels'
// parameters and write in the reference kernels' order.
import { elementCount, type Node } from '../../model/graph.js';
import { outputOf } from '../attributes.js';
import { averagePool2d } from '../averagePool2d.js';
import { maxPool2d } from '../maxPool2d.js';
import { mean } from '../mean.js';
import { inputOf, type KernelCall, type LowerContext, type OpSpec } from '../op.js';
import type { Variant } from './variant.js';

function valuesOf(call: KernelCall, name: string): number[] {
  const value = call.params.fields.find(([field]) => field === name)?.[1];
  if (typeof value === 'number') return [value];
  return value && typeof value === 'object' && 'values' in value ? value.values : [];
}

/** One mean per channel over all pixels. */
function isOverPixels(call: KernelCall): boolean {
  const [kept, reduced] = [valuesOf(call, 'kept_dims'), valuesOf(call, 'reduced_dims')];
  const [step, stride] = [valuesOf(call, 'kept_strides')[2], valuesOf(call, 'reduced_strides')[2]];
  return kept[0] * kept[1] * reduced[0] * reduced[1] === 1 && step === 1 && stride === kept[2];
}

const product = (values: readonly number[]): number => values.reduce((a, b) => a * b, 1);

const variant = (spec: OpSpec, kernel: string, takes: (call: KernelCall) => boolean): Variant => ({
  kernel,
  op: spec.op,
  isa: 'scalar',
  lower(node: Node, context: LowerContext) {
    if (inputOf(node, context.graph, 0).dtype !== 'int8') return undefined;
    const call = spec.lower(node, context);
    if (!takes(call)) return undefined;
    const outputs = elementCount(outputOf(node, context.graph).shape);
    const channels = product([...valuesOf(call, 'channels'), ...valuesOf(call, 'kept_dims')]);
    const reads = product(['kernel_h', 'kernel_w', 'reduced_dims'].flatMap((name) => valuesOf(call, name)));
    return { call: { ...call, kernel }, work: { pixels: outputs / channels, outputs, macs: outputs * reads } };
  },
});

export const scalarVariants: readonly Variant[] = [
  variant(averagePool2d, 'mote_averagepool2d_s8__scalar', () => true),
  variant(maxPool2d, 'mote_maxpool2d_s8__scalar', () => true),
  variant(mean, 'mote_mean_s8__scalar', isOverPixels),
];
