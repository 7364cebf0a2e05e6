// SPDX-License-Identifier: Apache-2.0
// Convolution and fully connected layers for DSP instructions: two pixels or one row by four channels.

import type { CStruct, Prefer, Section } from '../op.js';
import { overlapLagBytes } from '../overlap.js';
import { windowFields } from '../window.js';
import {
  blockConstants,
  fitsForm,
  type LivelyLayer,
  livelyLayer,
  modeOf,
  modes,
  type TapPair,
  tapPairs,
  type WeightForm,
  wholeTapPairs,
} from './dspBlock.js';
import { type IntegerLayer, integerLayer, workOf } from './integerLayer.js';
import type { Lowered, Variant } from './variant.js';

/** A fully connected layer's copy of its row is taken from the scratch: no more than this. */
const maxRowBytes = 4096;

const weights = (layer: LivelyLayer, pairs: readonly TapPair[], form: WeightForm): CStruct['fields'][number] => {
  const data = blockConstants(layer, pairs, form);
  const blocks = Math.ceil(layer.outC / 4);
  const words = data.length / blocks;
  return [
    'weights',
    { const: { name: 'weights', dtype: 'int32', data, shape: [blocks, words], sections: sectionsOf(form, words) } },
  ];
};

/** Of a block: sums to begin with, weights, and m, r, s of each channel. */
function sectionsOf(form: WeightForm, words: number): Section[] {
  const weightWords = words - 16;
  const weights: Record<WeightForm, Section> = {
    paired: { words: weightWords, unit: 1, form: 'borrowed' },
    wide: { words: weightWords, unit: 1 },
    int16: { words: weightWords, unit: 2 },
  };
  const sums: Section = { words: 4, unit: 4, ...(form === 'paired' ? { form: 'sums' } : {}) };
  return [sums, weights[form], { words: 12, unit: 4, fields: 3, form: 'rounds' }];
}

const bounds = (layer: LivelyLayer): CStruct['fields'] => [
  ['output_min', layer.outputMin],
  ['output_max', layer.outputMax],
  ['mode', modes[modeOf(layer)]],
];

/** The kernel's loop takes four pairs of taps at a time. */
const stepsAtOnce = 4;

/** Taps row by row of the window: a row is contiguous in the image. */
export function windowPairs(layer: IntegerLayer): TapPair[] {
  const rowBytes = layer.kernelW * layer.inC;
  const pairs = Array.from({ length: layer.kernelH }, (_, row) => tapPairs(row * rowBytes, rowBytes)).flat();
  while (pairs.length % stepsAtOnce) pairs.push([-1, -1]);
  return pairs;
}

export function windowParams(layer: IntegerLayer): CStruct['fields'] {
  const inside = (size: number, kernel: number, dilation: number): number =>
    Math.max(0, size - (kernel - 1) * dilation);
  const withoutHeight = windowFields(layer, layer.outC).filter(([name]) => name !== 'kernel_h');
  return [
    ...withoutHeight,
    ['span_h', layer.kernelH * layer.dilationH],
    ['inside_h', inside(layer.inH, layer.kernelH, layer.dilationH)],
    ['inside_w', layer.dilationW === 1 || layer.kernelW === 1 ? inside(layer.inW, layer.kernelW, 1) : 0],
    ['row_bytes', layer.kernelW * layer.inC],
    ['row_step', layer.dilationH * layer.inW * layer.inC],
  ];
}

/** Output pixel i comes from input pixel i alone. */
export const isFlat = (layer: IntegerLayer): boolean =>
  layer.kernelH * layer.kernelW === 1 &&
  layer.strideH === 1 &&
  layer.strideW === 1 &&
  layer.padTop === 0 &&
  layer.padLeft === 0 &&
  layer.inH === layer.outH &&
  layer.inW === layer.outW;

function convolution(layer: LivelyLayer, kernel: string, form: WeightForm): Lowered {
  const pairs = windowPairs(layer);
  const fields: CStruct['fields'] = [
    ...windowParams(layer),
    ['flat', isFlat(layer) ? 1 : 0],
    ['steps', pairs.length],
    weights(layer, pairs, form),
    ['input_zero_point', layer.inputZeroPoint],
    ...bounds(layer),
  ];
  const scratchBytes = 8 * pairs.length + 2 * layer.kernelW * layer.inC + 8;
  const params = { type: kernel.replace(/__.*$/, ''), fields };
  // A last single pixel costs as much as two.
  const all = layer.outH * layer.outW;
  const work = { pixels: all + (all % 2), outputs: (all + (all % 2)) * layer.outC };
  // Two pixels are widened into the scratch before any of their outputs is written.
  const overlap = { input: 0, lagBytes: overlapLagBytes(layer, layer.outC, { blockPixels: 2 }, 1) };
  const call = { kernel, params, inputs: [0], outputs: [0], overlap, scratchBytes };
  // Pixels are made by twos, an odd one twice, and channels by fours; windows are gathered row by row.
  const pixels = 2 * Math.ceil(work.pixels / 2);
  const outputs = 4 * pixels * Math.ceil(layer.outC / 4);
  return { call, work: { pixels: pixels * layer.kernelH, outputs, macs: 2 * outputs * pairs.length } };
}

function fullyConnected(layer: LivelyLayer, kernel: string, form: WeightForm): Lowered {
  const steps = Math.ceil(layer.inC / 4);
  const fields: CStruct['fields'] = [
    ['rows', layer.inW],
    ['in_c', layer.inC],
    ['out_c', layer.outC],
    ['steps', steps],
    weights(layer, wholeTapPairs(layer.inC), form),
    ...bounds(layer),
  ];
  const scratchBytes = (layer.inC % 4 ? 4 * steps : 0) + 4;
  const params = { type: kernel.replace(/__.*$/, ''), fields };
  return { call: { kernel, params, inputs: [0], outputs: [0], scratchBytes }, work: workOf(layer) };
}

const variant = (
  kernel: string,
  op: string,
  form: WeightForm,
  make: typeof convolution,
  prefers?: readonly Prefer[],
): Variant => ({
  kernel,
  op,
  isa: 'dsp',
  ...(prefers ? { prefers } : {}),
  lower(node, { graph, rounding }) {
    const integer = integerLayer(node, graph, rounding);
    if (integer?.groups !== 1) return undefined;
    const layer = livelyLayer(integer);
    if (!fitsForm(layer, form)) return undefined;
    if (op === 'fullyConnected' && layer.inC % 4 && layer.inC > maxRowBytes) return undefined;
    return make(layer, kernel, form);
  },
});

export const dspConvVariants: readonly Variant[] = [
  variant('mote_conv2d_s8s8_dsp__dsp_2x4', 'conv2d', 'paired', convolution),
  variant('mote_conv2d_s8s8_dspwide__dsp_2x4', 'conv2d', 'wide', convolution),
  variant('mote_conv2d_s8s8_dsp16__dsp_2x4', 'conv2d', 'int16', convolution, ['speed']),
  variant('mote_fullyconnected_s8s8_dsp__dsp_1x4', 'fullyConnected', 'paired', fullyConnected),
  variant('mote_fullyconnected_s8s8_dspwide__dsp_1x4', 'fullyConnected', 'wide', fullyConnected),
  variant('mote_fullyconnected_s8s8_dsp16__dsp_1x4', 'fullyConnected', 'int16', fullyConnected, ['speed']),
];
