// SPDX-License-Identifier: Apache-2.0
// Convolution with two pixels per register (convpair.h), and fully connected layers by 16 channels (fctile.h) or by one
// (fcrow.h), for RV32IM.

import type { Node } from '../../model/graph.js';
import type { LowerContext } from '../op.js';
import { overlapLagBytes } from '../overlap.js';
import { constant } from '../weighted.js';
import { type IntegerLayer, integerLayer, workOf } from './integerLayer.js';
import { channelField, channelsOf, outputField, settle, type WeightIndex } from './rv32Layer.js';
import type { Lowered, Variant } from './variant.js';

const tile = 4;
/** Two taps' weights may not exceed this together: their products must fit 16 bits. */
const pairLimit = 255;

export const tapsOf = (layer: IntegerLayer): number => layer.kernelH * layer.kernelW * layer.depth;

export const rowIndex =
  (taps: number): WeightIndex =>
  (c, i) =>
    c * taps + i;

/** Some tap of some window lies outside the image. */
export function isPadded(l: IntegerLayer): boolean {
  const end = (n: number, stride: number, pad: number, kernel: number, dilation: number): number =>
    (n - 1) * stride - pad + (kernel - 1) * dilation;
  return (
    l.padTop > 0 ||
    l.padLeft > 0 ||
    end(l.outH, l.strideH, l.padTop, l.kernelH, l.dilationH) >= l.inH ||
    end(l.outW, l.strideW, l.padLeft, l.kernelW, l.dilationW) >= l.inW
  );
}

/** In the order of convpair.h, or undefined where two weights are too large together. */
function pairWeights(layer: IntegerLayer, depth: number): Int8Array | undefined {
  const taps = tapsOf(layer);
  const data = new Int8Array(Math.ceil(layer.outC / tile) * tile * depth);
  const at = (c: number, i: number): number => (c < layer.outC && i < taps ? layer.weights[c * taps + i] : 0);
  let to = 0;
  for (let c = 0; c < layer.outC; c += tile) {
    for (let i = 0; i < depth; i += 2) {
      for (let k = c; k < c + tile; k++) {
        if (Math.abs(at(k, i)) + Math.abs(at(k, i + 1)) > pairLimit) return undefined;
        data[to++] = at(k, i);
        data[to++] = at(k, i + 1);
      }
    }
  }
  return data;
}

function lowerPair(kernel: string, node: Node, { graph, rounding }: LowerContext): Lowered | undefined {
  const raw = integerLayer(node, graph, rounding);
  if (raw?.groups !== 1) return undefined;
  const taps = tapsOf(raw);
  const index = rowIndex(taps);
  const layer = settle(raw, taps, index);
  const depth = Math.ceil(taps / 4) * 4;
  const weights = pairWeights(layer, depth);
  const channels = channelsOf(layer, taps, index);
  if (!weights || !channels) return undefined;
  const padded = isPadded(layer);
  const biased = channels.map((c) => ({ ...c, bias: c.bias - depth * 2 ** 14 }));
  const l = layer;
  const call = {
    kernel,
    inputs: [0],
    outputs: [0],
    scratchBytes: 8 * depth + (padded ? l.inC : 0),
    // Four pixels are packed into the scratch before any of their outputs is written.
    overlap: { input: 0, lagBytes: overlapLagBytes(l, l.outC, { blockPixels: tile }, 1) },
    params: {
      type: 'mote_convpair_s8s8',
      fields: [
        ['in_h', l.inH],
        ['in_w', l.inW],
        ['in_c', l.inC],
        ['out_w', l.outW],
        ['out_c', l.outC],
        ['pixels', l.outH * l.outW],
        ['kernel_h', l.kernelH],
        ['kernel_w', l.kernelW],
        ['stride_h', l.strideH],
        ['stride_w', l.strideW],
        ['dilation_h', l.dilationH],
        ['dilation_w', l.dilationW],
        ['pad_top', l.padTop],
        ['pad_left', l.padLeft],
        ['padded', padded ? 1 : 0],
        ['input_zero_point', l.inputZeroPoint],
        ['depth', depth],
        ['weights', constant('weights', 'int8', weights, [Math.ceil(l.outC / tile), depth / 2, tile, 2])],
        channelField(layer, biased, tile),
        outputField(l),
      ],
    } satisfies Lowered['call']['params'],
  };
  const work = workOf(layer);
  // The last 2 or 3 pixels are computed as 4, and a single one costs as much as 1.6.
  const over = work.pixels % tile;
  const pixels = work.pixels + (over === 1 ? 0.6 : over ? tile - over : 0);
  return { call, work: { ...work, macs: (work.macs / work.pixels) * pixels } };
}

const rowTile = 16;

/** In the order of fctile.h; with no channels tiled, in that of fcrow.h. */
function rowWeights({ weights }: IntegerLayer, taps: number, tiled: number): Int8Array {
  const data = Int8Array.from(weights);
  for (let c = 0; c < tiled; c += rowTile) {
    for (let i = 0; i < taps; i++) {
      for (let k = 0; k < rowTile; k++) data[c * taps + i * rowTile + k] = weights[(c + k) * taps + i];
    }
  }
  return data;
}

/** The whole input is one window, or one row is one pixel. */
export const isDense = (op: string, l: IntegerLayer): boolean =>
  op === 'fullyConnected' ||
  (l.groups === 1 &&
    l.outH * l.outW === 1 &&
    l.kernelH === l.inH &&
    l.kernelW === l.inW &&
    l.padTop === 0 &&
    l.padLeft === 0);

function lowerRows(kernel: string, node: Node, { graph, rounding }: LowerContext): Lowered | undefined {
  const raw = integerLayer(node, graph, rounding);
  if (!raw || !isDense(node.op, raw)) return undefined;
  const taps = tapsOf(raw);
  const index = rowIndex(taps);
  const layer = settle(raw, taps, index);
  const channels = channelsOf(layer, taps, index);
  if (!channels) return undefined;
  const rows = layer.outH * layer.outW;
  const tiled = kernel === rowsKernel ? layer.outC - (layer.outC % rowTile) : 0;
  const call = {
    kernel,
    inputs: [0],
    outputs: [0],
    scratchBytes: 0,
    params: {
      type: kernel.replace(/__.*$/, ''),
      fields: [
        ['rows', rows],
        ['in_c', taps],
        ['out_c', layer.outC],
        ['weights', constant('weights', 'int8', rowWeights(layer, taps, tiled), [layer.outC, taps])],
        channelField(layer, channels, 1),
        outputField(layer),
      ],
    } satisfies Lowered['call']['params'],
  };
  // Of a channel that is left over, a product takes 1.9 times as long.
  const over = kernel === rowsKernel ? layer.outC - tiled : 0;
  return { call, work: { ...workOf(layer), macs: rows * taps * (layer.outC + 0.9 * over) } };
}

const variant = (
  kernel: string,
  op: string,
  lower: (kernel: string, node: Node, context: LowerContext) => Lowered | undefined,
): Variant => ({
  kernel,
  op,
  isa: 'rv32',
  lower: (node, context) => lower(kernel, node, context),
});

const pair = 'mote_convpair_s8s8__rv32_4x4';
const singleKernel = 'mote_fcrow_s8s8__rv32';
const rowsKernel = 'mote_fctile_s8s8__rv32_1x16';

export const rv32ConvVariants: readonly Variant[] = [
  variant(pair, 'conv2d', lowerPair),
  variant(rowsKernel, 'fullyConnected', lowerRows),
  variant(rowsKernel, 'conv2d', lowerRows),
  variant(singleKernel, 'fullyConnected', lowerRows),
];
