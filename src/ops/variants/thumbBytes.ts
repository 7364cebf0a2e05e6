// SPDX-License-Identifier: Apache-2.0
// Fully connected layers on Armv6-M, eight outputs at a time (fullyconnected.h, mote_fullyconnected_s8s8_bytes).
import type { Node } from '../../model/graph.js';
import type { LowerContext } from '../op.js';
import { constant } from '../weighted.js';
import { type IntegerLayer, integerLayer, workOf } from './integerLayer.js';
import { thumbChannels, thumbFinishFields, thumbScales } from './thumbRequantize.js';
import type { Lowered, Variant, Work } from './variant.js';

const outputsTogether = 8;

/** [outC][inC] -> [blocks][inC][2] words of four outputs' weights; where there is no output, the word adds nothing. */
export function weightWords(weights: Int8Array, outC: number): Int32Array {
  const inC = weights.length / outC;
  const words = new Int32Array((Math.ceil(outC / outputsTogether) * outputsTogether * inC) / 4);
  for (let c = 0; c < outC; c++) {
    const [block, half, byte] = [Math.floor(c / outputsTogether), (c >> 2) & 1, c & 3];
    for (let k = 0; k < inC; k++) {
      const value = weights[c * inC + k] + (byte === 3 ? 0 : 128);
      words[(block * inC + k) * 2 + half] |= value << (8 * byte);
    }
  }
  return words;
}

function lowerBytes(node: Node, { graph, rounding }: LowerContext): Lowered | undefined {
  const layer = integerLayer(node, graph, rounding);
  if (!layer) return undefined;
  const { outC, inC, weights } = layer;
  const sums = Array.from({ length: outC }, (_, c) =>
    weights.subarray(c * inC, (c + 1) * inC).reduce((a, w) => a + Math.abs(w), 0),
  );
  const channels = thumbChannels(layer, sums);
  if (!channels) return undefined;
  const blocks = Math.ceil(outC / outputsTogether);
  const allBias = new Int32Array(blocks * outputsTogether);
  allBias.set(channels.map((c) => c.bias));
  const fields: Lowered['call']['params']['fields'] = [
    ['rows', layer.outW],
    ['in_c', inC],
    ['out_c', outC],
    ['weights', constant('weights', 'int32', weightWords(weights, outC), [blocks, inC, 2])],
    ['bias', constant('bias', 'int32', allBias, [allBias.length])],
    ['scale', thumbScales(channels)],
    ...thumbFinishFields(layer),
  ];
  const params = { type: 'mote_fullyconnected_s8s8_bytes', fields };
  return {
    call: { kernel: thumbBytes.kernel, params, inputs: [0], outputs: [0], scratchBytes: 0 },
    work: byteWork(layer),
  };
}

/** Blocks of outputs, inputs added up, and products of whole blocks. */
function byteWork(layer: IntegerLayer): Work {
  const { outW, inC, outC } = layer;
  const blocks = outW * Math.ceil(outC / outputsTogether);
  const { outputs } = workOf(layer);
  return { calls: blocks, pixels: outW * inC, outputs, macs: blocks * outputsTogether * inC };
}

export const thumbBytes: Variant = {
  kernel: 'mote_fullyconnected_s8s8_bytes__thumb',
  op: 'fullyConnected',
  isa: 'thumb',
  lower: lowerBytes,
};
