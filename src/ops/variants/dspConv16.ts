// SPDX-License-Identifier: Apache-2.0
// int16 convolution and fully connected layers for DSP instructions, with sums of 32 bits where the weights allow it.
import type { CStruct, KernelCall } from '../op.js';
import { overlapLagBytes } from '../overlap.js';
import { constant, integerConstants } from '../weighted.js';
import { windowFields } from '../window.js';
import { finish16Fields, finishes16 } from './dspFinish16.js';
import { type Int16Layer, int16Layer } from './int16Layer.js';
import { workOf } from './integerLayer.js';
import type { Lowered, Variant } from './variant.js';

/** Two taps that lie side by side; -1 is none, a zero weight. */
type Pair = readonly [first: number, second: number];

/** The convolution's loops take four pairs of taps at a time. */
const stepsAtOnce = 4;

/** A fully connected layer's copy of its row is taken from the scratch: no more than this. */
const maxRowBytes = 4096;

/** Taps row by row of the window: a row is contiguous in the image. */
function windowPairs(layer: Int16Layer): Pair[] {
  const count = layer.kernelW * layer.inC;
  const pairs: Pair[] = [];
  for (let row = 0; row < layer.kernelH; row++) {
    for (let i = 0; i < count; i += 2) pairs.push([row * count + i, i + 1 < count ? row * count + i + 1 : -1]);
  }
  while (pairs.length % stepsAtOnce) pairs.push([-1, -1]);
  return pairs;
}

function rowPairs(count: number): Pair[] {
  const inside = (tap: number): number => (tap < count ? tap : -1);
  return Array.from({ length: 2 * Math.ceil(count / 4) }, (_, i) => [inside(2 * i), inside(2 * i + 1)]);
}

/** Both taps of an even channel and of the one after it, as SXTB16 takes them apart. */
function word(layer: Int16Layer, channel: number, pair: Pair): number {
  const weight = (c: number, tap: number): number => (tap >= 0 ? (layer.filters[c]?.[tap] ?? 0) & 0xff : 0);
  const [even, odd] = [channel, channel + 1];
  return (
    weight(even, pair[0]) | (weight(odd, pair[0]) << 8) | (weight(even, pair[1]) << 16) | (weight(odd, pair[1]) << 24)
  );
}

const words = (stream: number[], blocks: number): CStruct['fields'][number] => [
  'weights',
  constant('weights', 'int32', Int32Array.from(stream), [blocks, stream.length / blocks]),
];

/** For sums of 64 bits: `together` channels to a block. */
function plainStream(layer: Int16Layer, pairs: readonly Pair[], together: number): CStruct['fields'] {
  const stream: number[] = [];
  for (let first = 0; first < layer.outC; first += together) {
    for (const pair of pairs) for (let c = first; c < first + together; c += 2) stream.push(word(layer, c, pair));
  }
  const [, ...rest] = integerConstants(
    constant('weights', 'int8', new Int8Array(0), []),
    constant('bias', 'int64', layer.wideBias, [layer.outC]),
    layer.rescaling,
  );
  return [words(stream, Math.ceil(layer.outC / together)), ...rest];
}

/** For sums of 32 bits: initial sums, weights and requantization of four channels after the other. */
function blockStream(layer: Int16Layer, pairs: readonly Pair[]): CStruct['fields'] | undefined {
  const finishes = finishes16(layer);
  if (!finishes) return undefined;
  const stream: number[] = [];
  for (let first = 0; first < layer.outC; first += 4) {
    const channels = [first, first + 1, first + 2, first + 3];
    stream.push(...channels.map((c) => layer.bias[c] ?? 0));
    for (const pair of pairs) stream.push(word(layer, first, pair), word(layer, first + 2, pair));
    for (const c of channels) {
      const { multiplier, round, shift } = finishes[c] ?? { multiplier: 0, round: 0, shift: 1 };
      stream.push(multiplier, round, shift);
    }
  }
  return [words(stream, Math.ceil(layer.outC / 4)), ...finish16Fields(layer)];
}

const longTail = (layer: Int16Layer): CStruct['fields'] => [
  ['accumulator_bits', layer.rescaling.accumulatorBits],
  ['output_min', layer.outputMin],
  ['output_max', layer.outputMax],
  ['rounding', layer.rounding === 'single' ? 1 : 0],
];

function windowParams(layer: Int16Layer): CStruct['fields'] {
  const inside = (size: number, kernel: number, dilation: number): number =>
    Math.max(0, size - (kernel - 1) * dilation);
  const sideBySide = layer.dilationW === 1 || layer.kernelW === 1;
  return [
    ...windowFields(layer, layer.outC).filter(([name]) => name !== 'kernel_h' && name !== 'kernel_w'),
    ['span_h', layer.kernelH * layer.dilationH],
    ['inside_h', inside(layer.inH, layer.kernelH, layer.dilationH)],
    ['inside_w', sideBySide ? inside(layer.inW, layer.kernelW, 1) : 0],
    ['row_count', layer.kernelW * layer.inC],
    ['row_step', layer.dilationH * layer.inW * layer.inC],
  ];
}

const call = (kernel: string, fields: CStruct['fields'], scratchBytes: number): KernelCall => ({
  kernel,
  params: { type: kernel.replace(/__.*$/, ''), fields },
  inputs: [0],
  outputs: [0],
  scratchBytes,
});

function convolution(layer: Int16Layer, kernel: string, long: boolean): Lowered | undefined {
  const pairs = windowPairs(layer);
  const rest = long ? [...plainStream(layer, pairs, 2), ...longTail(layer)] : blockStream(layer, pairs);
  if (!rest) return undefined;
  const scratchBytes = 8 * pairs.length + 4 * layer.kernelW * layer.inC + (long ? 0 : 16);
  const work = workOf(layer);
  // Two pixels are laid out in the scratch before any of their outputs is written.
  const overlap = { input: 0, lagBytes: overlapLagBytes(layer, layer.outC, { blockPixels: 2 }, 2) };
  const fields: CStruct['fields'] = [...windowParams(layer), ['steps', pairs.length], ...rest];
  return {
    call: { ...call(kernel, fields, scratchBytes), overlap },
    work: { ...work, macs: 2 * work.outputs * pairs.length },
  };
}

function fullyConnected(layer: Int16Layer, kernel: string, long: boolean): Lowered | undefined {
  if (layer.inC % 4 && 2 * layer.inC > maxRowBytes) return undefined;
  const pairs = rowPairs(layer.inC);
  const rest = long ? [...plainStream(layer, pairs, 4), ...longTail(layer)] : blockStream(layer, pairs);
  if (!rest) return undefined;
  const steps = pairs.length / 2;
  const fields: CStruct['fields'] = [
    ['rows', layer.inW],
    ['in_c', layer.inC],
    ['out_c', layer.outC],
    ['steps', steps],
    ...rest,
  ];
  return { call: call(kernel, fields, (layer.inC % 4 ? 8 * steps : 0) + 8), work: workOf(layer) };
}

const variant = (kernel: string, op: string, long: boolean, make: typeof convolution): Variant => ({
  kernel,
  op,
  isa: 'dsp',
  lower(node, { graph, rounding }) {
    const layer = int16Layer(node, graph, rounding);
    return layer?.groups === 1 ? make(layer, kernel, long) : undefined;
  },
});

export const dspConv16Variants: readonly Variant[] = [
  variant('mote_conv2d_s16s8_dsp__dsp_2x4', 'conv2d', false, convolution),
  variant('mote_conv2d_s16s8_dsplong__dsp_2x2', 'conv2d', true, convolution),
  variant('mote_fullyconnected_s16s8_dsp__dsp_1x4', 'fullyConnected', false, fullyConnected),
  variant('mote_fullyconnected_s16s8_dsplong__dsp_1x4', 'fullyConnected', true, fullyConnected),
];
