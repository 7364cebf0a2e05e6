// SPDX-License-Identifier: Apache-2.0
// Winograd's convolution for DSP instructions: two tiles by four channels, weights widened to 16 bits (3.6 times the
// flash of the plain weights).

import type { Node } from '../../model/graph.js';
import type { CStruct, LowerContext } from '../op.js';
import { constant } from '../weighted.js';
import { filterOf, highShift, type LivelyLayer, livelyLayer, modeOf, modes, rescaling, sumRange } from './dspBlock.js';
import { foldedLayerBias, integerLayer } from './integerLayer.js';
import type { Lowered, Variant } from './variant.js';
import { fitsWinograd, positions, tileGroups, transformedWeights, winogradLagBytes } from './winograd.js';

const kernel = 'mote_winograd_s8s8_dsp__dsp_2x4';
const blockChannels = 4;
const groupTiles = 2;
/** The kernel's sums come times 4. */
const sumBits = 2;

const stepsOf = (inC: number): number => Math.ceil(inC / 8) * 4;

function fits(layer: LivelyLayer): boolean {
  const bias = foldedLayerBias(layer);
  const mode = modeOf(layer);
  const limit = 2 ** (31 - sumBits);
  return layer.multipliers.every((m, c) => {
    const { min, max } = sumRange(filterOf(layer, c), bias[c]);
    if (min < -limit || max >= limit) return false;
    return layer.constantOutputs[c] !== undefined || highShift(m, mode) !== undefined;
  });
}

/** As winograd.h describes them. */
function streamOf(layer: LivelyLayer): Int32Array {
  const { inC, outC } = layer;
  const steps = stepsOf(inC);
  const bias = foldedLayerBias(layer);
  const stream: number[] = [];
  for (let first = 0; first < outC; first += blockChannels) {
    const channels = Array.from({ length: blockChannels }, (_, i) => first + i);
    const filters = channels.map((c) =>
      c < outC ? Array.from({ length: inC }, (_, i) => transformedWeights(layer, c, i)) : [],
    );
    stream.push(...channels.map((c) => 2 ** sumBits * (bias[c] ?? 0)));
    for (let at = 0; at < positions.length; at++) {
      for (let s = 0; s < steps; s++) {
        const even = 4 * (s >> 1) + (s & 1);
        for (const f of filters) stream.push(((f[even]?.[at] ?? 0) & 0xffff) | ((f[even + 2]?.[at] ?? 0) << 16));
      }
    }
    for (const c of channels) stream.push(...rescaling(layer, c, sumBits));
  }
  return Int32Array.from(stream);
}

function lower(node: Node, { graph, rounding }: LowerContext): Lowered | undefined {
  const integer = integerLayer(node, graph, rounding);
  if (!integer || !fitsWinograd(integer)) return undefined;
  const l = livelyLayer(integer);
  if (!fits(l)) return undefined;
  const steps = stepsOf(l.inC);
  const blocks = Math.ceil(l.outC / blockChannels);
  const data = streamOf(l);
  const fields: CStruct['fields'] = [
    ['in_h', l.inH],
    ['in_w', l.inW],
    ['in_c', l.inC],
    ['out_h', l.outH],
    ['out_w', l.outW],
    ['out_c', l.outC],
    ['pad_top', l.padTop],
    ['pad_left', l.padLeft],
    ['steps', steps],
    ['weights', constant('weights', 'int32', data, [blocks, data.length / blocks])],
    ['input_zero_point', l.inputZeroPoint],
    ['output_min', l.outputMin],
    ['output_max', l.outputMax],
    ['mode', modes[modeOf(l)]],
  ];
  const overlap = { input: 0, lagBytes: winogradLagBytes(l, groupTiles) };
  const scratchBytes = 64 + 128 * steps + 32 + l.inC;
  const params = { type: 'mote_winograd_s8s8_dsp', fields };
  const groups = tileGroups(l, groupTiles);
  // Each group's input is transformed once and multiplied for every block of channels, the missing outputs too.
  const outputs = groups * 4 * groupTiles * blocks * blockChannels;
  const work = { pixels: groups * l.inC, outputs, macs: outputs * 4 * 2 * steps };
  return { call: { kernel, params, inputs: [0], outputs: [0], overlap, scratchBytes }, work };
}

export const dspWinogradVariants: readonly Variant[] = [
  { kernel, op: 'conv2d', isa: 'dsp', prefers: ['speed'], lower },
];
