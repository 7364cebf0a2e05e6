// SPDX-License-Identifier: Apache-2.0
// Convolution and fully connected layers for DSP instructions: two pixels or one row by four channels.
import type { CStruct } from '../op.js';
import { roundingCode } from '../requantize.js';
import { constant } from '../weighted.js';
import { windowFields } from '../window.js';
import { type BlockConstants, blockConstants, fitsForm, type LivelyLayer, livelyLayer, tapPairs, type WeightForm, wholeTapPairs } from './dspBlock.js';
import { type IntegerLayer, integerLayer, workOf } from './integerLayer.js';
import type { Lowered, Variant } from './variant.js';

/** A fully connected layer's copy of its row is taken from the scratch: no more than this. */
const maxRowBytes = 4096;

const constants = ({ weights, channels }: BlockConstants, outC: number): CStruct['fields'] => [
  ['weights', constant('weights', 'int32', weights, [Math.ceil(outC / 4), weights.length / Math.ceil(outC / 4)])],
  ['channels', constant('channels', 'int32', channels, [channels.length / 16, 16])],
];

const bounds = (layer: IntegerLayer): CStruct['fields'] => [
  ['output_min', layer.outputMin],
  ['output_max', layer.outputMax],
  ['rounding', roundingCode(layer.rounding)],
];

/** Taps row by row of the window: a row is contiguous in the image. */
function convolution(layer: LivelyLayer, kernel: string, form: WeightForm): Lowered {
  const rowBytes = layer.kernelW * layer.inC;
  const pairs = Array.from({ length: layer.kernelH }, (_, row) => tapPairs(row * rowBytes, rowBytes)).flat();
  const fields: CStruct['fields'] = [
    ...windowFields(layer, layer.outC),
    ['row_bytes', rowBytes],
    ['pairs', pairs.length],
    ...constants(blockConstants(layer, pairs, form), layer.outC),
    ['input_zero_point', layer.inputZeroPoint],
    ...bounds(layer),
  ];
  const scratchBytes = 8 * pairs.length + 2 * rowBytes + 8;
  const params = { type: kernel.replace(/__.*$/, ''), fields };
  const work = workOf(layer);
  const macs = (work.macs / (layer.kernelH * rowBytes)) * 2 * pairs.length;
  return { call: { kernel, params, inputs: [0], outputs: [0], scratchBytes }, work: { ...work, macs } };
}

function fullyConnected(layer: LivelyLayer, kernel: string, form: WeightForm): Lowered {
  const steps = Math.ceil(layer.inC / 4);
  const fields: CStruct['fields'] = [
    ['rows', layer.inW],
    ['in_c', layer.inC],
    ['out_c', layer.outC],
    ['steps', steps],
    ...constants(blockConstants(layer, wholeTapPairs(layer.inC), form), layer.outC),
    ...bounds(layer),
  ];
  const scratchBytes = (layer.inC % 4 ? 4 * steps : 0) + 4;
  const params = { type: kernel.replace(/__.*$/, ''), fields };
  return { call: { kernel, params, inputs: [0], outputs: [0], scratchBytes }, work: workOf(layer) };
}

const variant = (kernel: string, op: string, form: WeightForm, make: typeof convolution): Variant => ({
  kernel,
  op,
  isa: 'dsp',
  lower(node, { graph, rounding }) {
    const integer = integerLayer(node, graph, rounding);
    if (!integer || integer.groups !== 1) return undefined;
    const layer = livelyLayer(integer);
    if (!fitsForm(layer, form)) return undefined;
    if (op === 'fullyConnected' && layer.inC % 4 && layer.inC > maxRowBytes) return undefined;
    return make(layer, kernel, form);
  },
});

export const dspConvVariants: readonly Variant[] = [
  variant('mote_conv2d_s8s8_dsp__dsp_2x4', 'conv2d', 'paired', convolution),
  variant('mote_conv2d_s8s8_dspwide__dsp_2x4', 'conv2d', 'wide', convolution),
  variant('mote_fullyconnected_s8s8_dsp__dsp_1x4', 'fullyConnected', 'paired', fullyConnected),
  variant('mote_fullyconnected_s8s8_dspwide__dsp_1x4', 'fullyConnected', 'wide', fullyConnected),
];
