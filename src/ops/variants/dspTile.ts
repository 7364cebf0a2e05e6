// SPDX-License-Identifier: Apache-2.0
// What the calls of the kernels of runtime-c/include/mote/packedtile.h share.

import type { CStruct } from '../op.js';
import { overlapLagBytes } from '../overlap.js';
import { constant } from '../weighted.js';
import { constantOutputOf, type LivelyLayer, modeOf, modes, rescaling, type TapPair } from './dspBlock.js';
import { blockChannels, sumBits } from './dspCodes.js';
import { isFlat, windowPairs, windowParams } from './dspConv.js';
import { foldedLayerBias, workOf } from './integerLayer.js';
import type { Lowered } from './variant.js';

/** A tile's taps: the more pixels share a decoded block the better, but few kilobytes are to spare. */
const tileBytes = 9216;
const maxPairs = 18;

/** Of the stream: its head, and each block before its codes. */
export const headWords = 6;
export const streamWords = 9;

/** Pairs of pixels in a tile, the same in all of them as far as that goes. */
function pairsOfTile(pixels: number, steps: number): number {
  const all = Math.ceil(pixels / 2);
  const most = Math.min(maxPairs, Math.max(1, Math.floor(tileBytes / (8 * steps))));
  return Math.ceil(all / Math.ceil(all / most));
}

/** The weights of a kernel. */
export interface TileWeights {
  /** The four words of the stream's head after the pairs of pixels. */
  head: readonly [number, number, number, number];
  /** What follows the sums and rescaling of four channels. */
  block(first: number): number[];
  /** What follows the last block. */
  end?: readonly number[];
  /** Instructions to decode a weight. */
  decoding: number;
}

function streamOf(layer: LivelyLayer, { head, block, end }: TileWeights, tilePairs: number): Int32Array {
  const bias = foldedLayerBias(layer);
  const stream: number[] = [tilePairs, ...head, layer.outputZeroPoint];
  for (let first = 0; first < layer.outC; first += blockChannels) {
    const channels = Array.from({ length: blockChannels }, (_, i) => first + i);
    const rescalings = channels.map((c) => rescaling(layer, c, sumBits, sumBits));
    stream.push(...channels.map((c) => constantOutputOf(layer, c) ?? 2 ** sumBits * bias[c]));
    stream.push(...rescalings.map(([multiplier]) => multiplier));
    stream.push(rescalings.reduce((word, [, , shift], i) => word | (shift << (8 * i)), 0));
    stream.push(...block(first));
  }
  return Int32Array.from([...stream, ...(end ?? [])]);
}

export function tileCall(kernel: string, layer: LivelyLayer, weightsOf: (pairs: TapPair[]) => TileWeights): Lowered {
  const pairs = windowPairs(layer);
  const steps = pairs.length;
  const work = workOf(layer);
  const tilePairs = pairsOfTile(work.pixels, steps);
  const weights = weightsOf(pairs);
  const data = streamOf(layer, weights, tilePairs);
  const fields: CStruct['fields'] = [
    ...windowParams(layer),
    ['flat', isFlat(layer) ? 1 : 0],
    ['steps', steps],
    ['weights', constant('weights', 'int32', data, [data.length])],
    ['input_zero_point', layer.inputZeroPoint],
    ['output_min', layer.outputMin],
    ['output_max', layer.outputMax],
    ['mode', modes[modeOf(layer, sumBits)]],
  ];
  const scratchBytes = 8 * steps * tilePairs + 64 + 16 * steps + 2 * layer.kernelW * layer.inC + 8 * tilePairs;
  const params = { type: kernel.replace(/__.*$/, ''), fields };
  // All taps of a tile are widened into the scratch before any of its outputs is written.
  const overlap = { input: 0, lagBytes: overlapLagBytes(layer, layer.outC, { blockPixels: 2 * tilePairs }, 1) };
  const call = { kernel, params, inputs: [0], outputs: [0], overlap, scratchBytes };
  // A product costs 0.7 instructions; blocks have four channels, and two pixels are made at a time.
  const decoded = Math.ceil(work.pixels / (2 * tilePairs)) * (weights.decoding / 0.7);
  const lanes = 2 * steps * blockChannels * Math.ceil(layer.outC / blockChannels);
  return { call, work: { ...work, macs: lanes * (2 * Math.ceil(work.pixels / 2) + decoded) } };
}
