// SPDX-License-Identifier: Apache-2.0
// Winograd's convolution for Armv6-M: four tiles by eight channels, weights of 16 bits (3.6 times the flash of the plain
// ones).
import type { Node } from '../../model/graph.js';
import type { CStruct, LowerContext } from '../op.js';
import { constant } from '../weighted.js';
import { integerLayer } from './integerLayer.js';
import { thumbChannels, thumbFinishFields, thumbScales } from './thumbRequantize.js';
import type { Lowered, Variant } from './variant.js';
import { blockedWeights, fitsWinograd, positions, tileGroups, winogradLagBytes } from './winograd.js';

const kernel = 'mote_winograd_s8s8_words__thumb_4x8';
const blockChannels = 8;
const groupTiles = 4;
const wordBytes = 4;

/** The kernel's sums come times this. */
const sumFactor = 4;

function lower(node: Node, { graph, rounding }: LowerContext): Lowered | undefined {
  const l = integerLayer(node, graph, rounding);
  if (!l || !fitsWinograd(l)) return undefined;
  const taps = 9 * l.inC;
  const sums = Array.from({ length: l.outC }, (_, c) =>
    l.weights.subarray(c * taps, (c + 1) * taps).reduce((sum, w) => sum + Math.abs(w), 0),
  );
  // Sums below 2^28 in size: four times as much fits 32 bits.
  const channels = thumbChannels(l, sums);
  if (!channels) return undefined;
  const blocks = Math.ceil(l.outC / blockChannels);
  const bias = new Int32Array(blocks * blockChannels);
  bias.set(channels.map((c) => sumFactor * c.bias));
  const fields: CStruct['fields'] = [
    ['in_h', l.inH],
    ['in_w', l.inW],
    ['in_c', l.inC],
    ['out_h', l.outH],
    ['out_w', l.outW],
    ['out_c', l.outC],
    ['pad_top', l.padTop],
    ['pad_left', l.padLeft],
    ['input_zero_point', l.inputZeroPoint],
    [
      'weights',
      constant('weights', 'int16', blockedWeights(l, blockChannels), [blocks, positions.length, l.inC, blockChannels]),
    ],
    ['bias', constant('bias', 'int32', bias, [bias.length])],
    ['scale', thumbScales(channels)],
    ...thumbFinishFields(l),
  ];
  const groups = tileGroups(l, groupTiles);
  const outputs = groups * 4 * groupTiles * blocks * blockChannels;
  return {
    call: {
      kernel,
      params: { type: 'mote_winograd_s8s8_words', fields },
      inputs: [0],
      outputs: [0],
      overlap: { input: 0, lagBytes: winogradLagBytes(l, groupTiles) },
      scratchBytes: (wordBytes * positions.length * groupTiles + 1) * l.inC,
    },
    // Each group's input is transformed once and multiplied for every block of channels, the missing outputs too.
    work: { pixels: groups * l.inC, outputs, macs: outputs * 4 * l.inC },
  };
}

export const thumbWinogradVariants: readonly Variant[] = [
  { kernel, op: 'conv2d', isa: 'thumb', prefers: ['speed'], lower },
];
