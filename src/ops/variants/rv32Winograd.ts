// SPDX-License-Identifier: Apache-2.0
// Winograd's convolution for RV32IM: four tiles by four channels, weights of 16 bits (3.6 times the flash of the plain
// ones).
import type { Node } from '../../model/graph.js';
import type { CStruct, LowerContext } from '../op.js';
import { constant } from '../weighted.js';
import { integerLayer } from './integerLayer.js';
import { channelField, channelsOf, outputField, settle } from './rv32Layer.js';
import type { Lowered, Variant } from './variant.js';
import { blockedWeights, fitsWinograd, positions, tileGroups, winogradLagBytes } from './winograd.js';

const kernel = 'mote_winograd_s8s8__rv32_4x4';
const blockChannels = 4;
const groupTiles = 4;
/** The kernel's sums come times this. */
const sumFactor = 4;

function lower(node: Node, { graph, rounding }: LowerContext): Lowered | undefined {
  const raw = integerLayer(node, graph, rounding);
  if (!raw || !fitsWinograd(raw)) return undefined;
  const taps = 9 * raw.inC;
  const index = (c: number, i: number): number => c * taps + i;
  const l = settle(raw, taps, index);
  // Sums below 2^29 in size, as the requantization wants them: four times as much fits 32 bits.
  const channels = channelsOf(l, taps, index)?.map((c) => ({ ...c, bias: sumFactor * c.bias }));
  if (!channels) return undefined;
  const blocks = Math.ceil(l.outC / blockChannels);
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
    channelField(l, channels, blockChannels),
    outputField(l),
  ];
  const groups = tileGroups(l, groupTiles);
  const outputs = groups * 4 * groupTiles * blocks * blockChannels;
  return {
    call: {
      kernel,
      params: { type: 'mote_winograd_s8s8', fields },
      inputs: [0],
      outputs: [0],
      overlap: { input: 0, lagBytes: winogradLagBytes(l, groupTiles) },
      scratchBytes: (2 * positions.length * groupTiles + 1) * l.inC,
    },
    // Each group's input is transformed once and multiplied for every block of channels, the missing outputs too.
    work: { pixels: groups * l.inC, outputs, macs: outputs * 4 * l.inC },
  };
}

export const rv32WinogradVariants: readonly Variant[] = [
  { kernel, op: 'conv2d', isa: 'rv32', prefers: ['speed'], lower },
];
