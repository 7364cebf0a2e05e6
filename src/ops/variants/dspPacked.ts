// SPDX-License-Identifier: Apache-2.0
// Convolutions with weights of few bits for DSP instructions, each block decoded once for a tile of pixels: constants as
// runtime-c/include/mote/packedtile.h describes them.

import type { Node } from '../../model/graph.js';
import type { LowerContext } from '../op.js';
import type { TapPair } from './dspBlock.js';
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
import { windowPairs } from './dspConv.js';
import { type TileWeights, tileCall } from './dspTile.js';
import type { Lowered, Variant } from './variant.js';

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

function weightsOf(coded: CodedLayer, bits: number, pairs: readonly TapPair[]): TileWeights {
  const { coding, group, outliers } = coded;
  const lanes = coding.offset << sumBits;
  const signed = bits === 4 && !group;
  // -1 and 1 have no 0 for the places where there is no tap.
  const tail = bits === 1 ? pairs.filter(([a]) => a < 0).length : 0;
  return {
    head: [group / 2, lanes | (lanes << 16), 2 * tail, outliers.length ? 1 : 0],
    block(first) {
      const codes = blockCodes(coded, first, pairs);
      const turned = signed ? codes.map(([a, b]): [number, number] => [a ^ 8, b ^ 8]) : codes;
      const words = [...codeWords(bits, turned), ...blockScales(coded, first, pairs.length)];
      return outliers.length ? [...words, ...outlierWords(coded, first, pairs)] : words;
    },
    decoding: decoding[bits][group ? 1 : 0],
  };
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
  // A lane of an outlier has 16 bits.
  if (coded.outliers.length && 2 * blockChannels * windowPairs(layer).length > 2 ** 16) return undefined;
  return tileCall(kernel, layer, (pairs) => weightsOf(coded, bits, pairs));
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
