// SPDX-License-Identifier: Apache-2.0
// Convolutions with weights of few bits for DSP instructions, each block decoded once for a tile of pixels: constants as
// runtime-c/include/mote/packedtile.h describes them.

import type { Node } from '../../model/graph.js';
import type { CStruct, LowerContext } from '../op.js';
import { overlapLagBytes } from '../overlap.js';
import { constant } from '../weighted.js';
import { modeOf, modes, rescaling, type TapPair } from './dspBlock.js';
import {
  blockChannels,
  blockCodes,
  blockScales,
  type CodedLayer,
  codedLayer,
  codedTypes,
  codeWords,
  sumBits,
} from './dspCodes.js';
import { isFlat, windowPairs, windowParams } from './dspConv.js';
import { foldedLayerBias, workOf } from './integerLayer.js';
import type { Lowered, Variant } from './variant.js';

/** A tile's taps: the more pixels share a decoded block the better, but few kilobytes are to spare. */
const tileBytes = 9216;
const maxPairs = 18;

/** Pairs of pixels in a tile, the same in all of them as far as that goes. */
function pairsOfTile(pixels: number, steps: number): number {
  const all = Math.ceil(pixels / 2);
  const most = Math.min(maxPairs, Math.max(1, Math.floor(tileBytes / (8 * steps))));
  return Math.ceil(all / Math.ceil(all / most));
}

/** Instructions to decode a weight, without and with a scale, by bits (counted on the Cortex-M4). */
const decoding: Readonly<Record<number, readonly [plain: number, scaled: number]>> = {
  1: [1.2, 1.2],
  2: [1.2, 2.6],
  3: [1.3, 2.7],
  4: [1, 2.1],
  6: [1.5, 1.5],
};

/** Outliers of a block: their number and a word for each. */
function outlierWords({ layer, outliers }: CodedLayer, first: number, pairs: readonly TapPair[]): number[] {
  const words = pairs.flatMap((pair, step) =>
    [0, 1, 2, 3].flatMap((i) =>
      pair.flatMap((column, lane) => {
        const amount = layer.constantOutputs[first + i] === undefined ? outliers[first + i]?.get(column) : undefined;
        if (amount === undefined) return [];
        return [((2 * (blockChannels * step + i) + lane) << 16) | ((amount << sumBits) & 0xffff)];
      }),
    ),
  );
  return [words.length, ...words];
}

function streamOf(coded: CodedLayer, bits: number, pairs: readonly TapPair[], tilePairs: number): Int32Array {
  const { layer, coding, group, outliers } = coded;
  const bias = foldedLayerBias(layer);
  const lanes = coding.offset << sumBits;
  const signed = bits === 4 && !group;
  // -1 and 1 have no 0 for the places where there is no tap.
  const tail = bits === 1 ? pairs.filter(([a]) => a < 0).length : 0;
  const stream: number[] = [tilePairs, group / 2, lanes | (lanes << 16), 2 * tail, outliers.length ? 1 : 0];
  for (let first = 0; first < layer.outC; first += blockChannels) {
    const channels = Array.from({ length: blockChannels }, (_, i) => first + i);
    stream.push(...channels.map((c) => 2 ** sumBits * (bias[c] ?? 0)));
    for (const c of channels) stream.push(...rescaling(layer, c, sumBits));
    const codes = blockCodes(coded, first, pairs);
    const turned = signed ? codes.map(([a, b]): [number, number] => [a ^ 8, b ^ 8]) : codes;
    stream.push(...codeWords(bits, turned), ...blockScales(coded, first, pairs.length));
    if (outliers.length) stream.push(...outlierWords(coded, first, pairs));
  }
  return Int32Array.from(stream);
}

function lower(
  kernel: string,
  bits: number,
  types: readonly string[],
  node: Node,
  context: LowerContext,
): Lowered | undefined {
  const coded = codedLayer(node, context, types, bits);
  if (!coded) return undefined;
  const { layer } = coded;
  const pairs = windowPairs(layer);
  const steps = pairs.length;
  // A lane of an outlier has 16 bits.
  if (coded.outliers.length && 2 * blockChannels * steps > 2 ** 16) return undefined;
  const work = workOf(layer);
  const tilePairs = pairsOfTile(work.pixels, steps);
  const data = streamOf(coded, bits, pairs, tilePairs);
  const fields: CStruct['fields'] = [
    ...windowParams(layer),
    ['flat', isFlat(layer) ? 1 : 0],
    ['steps', steps],
    ['weights', constant('weights', 'int32', data, [data.length])],
    ['input_zero_point', layer.inputZeroPoint],
    ['output_min', layer.outputMin],
    ['output_max', layer.outputMax],
    ['mode', modes[modeOf(layer)]],
  ];
  const scratchBytes = 8 * steps * tilePairs + 64 + 16 * steps + 2 * layer.kernelW * layer.inC + 8 * tilePairs;
  const params = { type: kernel.replace(/__.*$/, ''), fields };
  // All taps of a tile are widened into the scratch before any of its outputs is written.
  const overlap = { input: 0, lagBytes: overlapLagBytes(layer, layer.outC, { blockPixels: 2 * tilePairs }, 1) };
  const call = { kernel, params, inputs: [0], outputs: [0], overlap, scratchBytes };
  // A product costs 0.7 instructions; blocks have four channels, and two pixels are made at a time.
  const decoded = Math.ceil(work.pixels / (2 * tilePairs)) * (decoding[bits][coded.group ? 1 : 0] / 0.7);
  const lanes = 2 * steps * blockChannels * Math.ceil(layer.outC / blockChannels);
  return { call, work: { ...work, macs: lanes * (2 * Math.ceil(work.pixels / 2) + decoded) } };
}

export const dspPackedVariants: readonly Variant[] = codedTypes.flatMap(({ type, bits, types }) => {
  const kernel = `mote_packedtile_s8${type}_b${bits}__dsp_2x4`;
  return ['conv2d', 'fullyConnected'].map((op) => ({
    kernel,
    op,
    isa: 'dsp',
    lower: (node: Node, context: LowerContext) => lower(kernel, bits, types, node, context),
  }));
});
