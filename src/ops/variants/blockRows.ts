// SPDX-License-Identifier: Apache-2.0
// Fully connected layers with int16 activations on cores without SIMD (fcblock.h).
import type { Node } from '../../model/graph.js';
import type { ConstArray, LowerContext } from '../op.js';
import { constant } from '../weighted.js';
import { type BlockLayer, blockLayer, channelField, slicesAreExact, workOf } from './blockLayer.js';
import { weightWords } from './thumbBytes.js';
import type { Lowered, Variant } from './variant.js';

const rowTile = 16;

/** Whole tiles interleaved, the other channels as they are. */
function tiledRows(filters: readonly Int8Array[]): { const: ConstArray } {
  const [outC, inC] = [filters.length, filters[0].length];
  const data = new Int8Array(outC * inC);
  const tiled = outC - (outC % rowTile);
  filters.forEach((filter, c) => {
    const [start, step] = c < tiled ? [Math.floor(c / rowTile) * rowTile * inC + (c % rowTile), rowTile] : [c * inC, 1];
    filter.forEach((w, i) => {
      data[start + i * step] = w;
    });
  });
  return constant('weights', 'int8', data, [outC, inC]);
}

function wordRows(filters: readonly Int8Array[]): { const: ConstArray } {
  const words = weightWords(Int8Array.from(filters.flatMap((f) => Array.from(f))), filters.length);
  return constant('weights', 'int32', words, [words.length]);
}

/** The longest slices whose sums fit 32 bits; all inputs where sums are right modulo 2^32 anyway. */
function sliceOf(l: BlockLayer): number {
  const inC = l.filters[0].length;
  let count = 1;
  while (!slicesAreExact(l, Math.ceil(inC / count))) count++;
  return Math.ceil(inC / count);
}

function lowerRows(
  isa: 'rv32' | 'thumb',
  kernel: string,
  weights: (filters: readonly Int8Array[]) => { const: ConstArray },
  node: Node,
  { graph, rounding }: LowerContext,
): Lowered | undefined {
  const l = blockLayer(node, graph, rounding, 's16', isa);
  if (!l) return undefined;
  const fields: Lowered['call']['params']['fields'] = [
    ['rows', l.outW],
    ['in_c', l.inC],
    ['out_c', l.outC],
    ['slice', sliceOf(l)],
    ['weights', weights(l.filters)],
    channelField(l),
    l.output,
  ];
  const params = { type: 'mote_fcblock_s16s8', fields };
  return { call: { kernel, params, inputs: [0], outputs: [0], scratchBytes: 0 }, work: workOf(l) };
}

const variant = (isa: 'rv32' | 'thumb', kernel: string, weights: typeof tiledRows): Variant => ({
  kernel,
  op: 'fullyConnected',
  isa,
  lower: (node, context) => lowerRows(isa, kernel, weights, node, context),
});

export const rv32BlockRows = variant('rv32', 'mote_fcblock_s16s8__rv32_1x16', tiledRows);
export const thumbBlockRows = variant('thumb', 'mote_fcblock_s16s8__thumb_1x8', wordRows);
