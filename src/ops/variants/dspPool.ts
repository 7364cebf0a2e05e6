// SPDX-License-Identifier: Apache-2.0
// Pooling and means over pixels with DSP instructions. They take the reference kernels' parameters.
import { type DType, elementCount, type Node } from '../../model/graph.js';
import { outputOf } from '../attributes.js';
import { averagePool2d } from '../averagePool2d.js';
import { maxPool2d } from '../maxPool2d.js';
import { mean } from '../mean.js';
import { inputOf, type KernelCall, type LowerContext, type OpSpec } from '../op.js';
import type { Lowered, Variant } from './variant.js';

const groupSize = 4;

/** The values of an array or number field. */
function valuesOf(call: KernelCall, name: string): number[] {
  const value = call.params.fields.find(([field]) => field === name)?.[1];
  if (typeof value === 'number') return [value];
  return value && typeof value === 'object' && 'values' in value ? value.values : [];
}

/** The reference call for another kernel, with the reads as multiply-accumulates. */
function swapped(spec: OpSpec, kernel: string, takes: (call: KernelCall) => boolean, dtype: DType = 'int8') {
  return (node: Node, context: LowerContext): Lowered | undefined => {
    if (inputOf(node, context.graph, 0).dtype !== dtype) return undefined;
    const call = spec.lower(node, context);
    if (!takes(call)) return undefined;
    const { shape } = outputOf(node, context.graph);
    const outputs = elementCount(shape);
    const window = [...valuesOf(call, 'kernel_h'), ...valuesOf(call, 'kernel_w'), ...valuesOf(call, 'reduced_dims')];
    const channels = [...valuesOf(call, 'channels'), ...valuesOf(call, 'kept_dims')].reduce((a, b) => a * b, 1);
    return {
      // Its order of writes is not the reference kernel's.
      call: { ...call, kernel, overlap: undefined },
      work: { pixels: outputs / channels, outputs, macs: outputs * window.reduce((a, b) => a * b, 1) },
    };
  };
}

const enoughChannels = (call: KernelCall): boolean => valuesOf(call, 'channels')[0] >= groupSize;
/** Of int16: a word. */
const twoChannels = (call: KernelCall): boolean => valuesOf(call, 'channels')[0] >= 2;

/** Sums of int8 in int16. */
const maxWindow = 255;
const shortWindow = (call: KernelCall): boolean =>
  valuesOf(call, 'kernel_h')[0] * valuesOf(call, 'kernel_w')[0] <= maxWindow;

/** One mean per channel over all pixels. */
function overPixels(call: KernelCall, least = groupSize): boolean {
  const [kept, reduced] = [valuesOf(call, 'kept_dims'), valuesOf(call, 'reduced_dims')];
  const [step, stride] = [valuesOf(call, 'kept_strides')[2], valuesOf(call, 'reduced_strides')[2]];
  return (
    kept[0] * kept[1] === 1 && reduced[0] * reduced[1] === 1 && kept[2] >= least && step === 1 && stride === kept[2]
  );
}

export const dspPoolVariants: readonly Variant[] = [
  {
    kernel: 'mote_averagepool2d_s8__dsp',
    op: 'averagePool2d',
    isa: 'dsp',
    lower: swapped(averagePool2d, 'mote_averagepool2d_s8__dsp', (call) => enoughChannels(call) && shortWindow(call)),
  },
  {
    kernel: 'mote_maxpool2d_s8__dsp',
    op: 'maxPool2d',
    isa: 'dsp',
    lower: swapped(maxPool2d, 'mote_maxpool2d_s8__dsp', enoughChannels),
  },
  {
    kernel: 'mote_mean_s8__dsp',
    op: 'mean',
    isa: 'dsp',
    lower: swapped(mean, 'mote_mean_s8__dsp', (call) => overPixels(call)),
  },
  {
    kernel: 'mote_averagepool2d_s16__dsp',
    op: 'averagePool2d',
    isa: 'dsp',
    lower: swapped(averagePool2d, 'mote_averagepool2d_s16__dsp', twoChannels, 'int16'),
  },
  {
    kernel: 'mote_maxpool2d_s16__dsp',
    op: 'maxPool2d',
    isa: 'dsp',
    lower: swapped(maxPool2d, 'mote_maxpool2d_s16__dsp', twoChannels, 'int16'),
  },
  {
    kernel: 'mote_mean_s16__dsp',
    op: 'mean',
    isa: 'dsp',
    lower: swapped(mean, 'mote_mean_s16__dsp', (call) => overPixels(call, 2), 'int16'),
  },
];
