// SPDX-License-Identifier: Apache-2.0
// int8 layers on Helium that the kernels for the usual shapes do not take: convolution in groups, depthwise with several
// filters per channel or with pairs of weights that do not sum in 16 bits.

import type { Node } from '../../model/graph.js';
import { roundUp } from '../../roundUp.js';
import type { CStruct, LowerContext } from '../op.js';
import { overlapLagBytes } from '../overlap.js';
import type { Multiplier } from '../requantize.js';
import { clampFields } from '../weighted.js';
import { windowFields } from '../window.js';
import { foldedLayerBias, type IntegerLayer, integerLayer, workOf } from './integerLayer.js';
import { depthwiseStream, indexFields } from './mveInt16.js';
import { ByteStream, mveFactors, vectorBytes } from './mveStream.js';
import type { Lowered, Variant } from './variant.js';

const pointerBytes = 4;
/** Lanes of a vector of int16. */
const lanes = 8;
/** Output channels of a block of constants. */
const block = 4;
/** Channel indices are int16. */
const maxChannels = 32_767;

const callOf = (layer: IntegerLayer, kernel: string, own: CStruct['fields'], scratchBytes: number): Lowered => ({
  call: {
    kernel,
    params: {
      type: kernel.replace(/__.*$/, ''),
      fields: [
        ...windowFields(layer, layer.outC),
        ...own,
        ['input_zero_point', layer.inputZeroPoint],
        ['output_zero_point', layer.outputZeroPoint],
        ...clampFields({ min: layer.outputMin, max: layer.outputMax }, layer.rounding),
      ],
    },
    inputs: [0],
    outputs: [0],
    overlap: { input: 0, lagBytes: overlapLagBytes(layer, layer.outC, 'pixel', 1) },
    scratchBytes,
  },
  work: workOf(layer),
});

function lowerDepthwise(node: Node, { graph, rounding }: LowerContext): Lowered | undefined {
  const layer = integerLayer(node, graph, rounding);
  const factors = layer && mveFactors(layer);
  if (!factors || layer.inC > maxChannels) return undefined;
  const stream = depthwiseStream({ ...layer, bias: foldedLayerBias(layer) }, factors).constant();
  const own: CStruct['fields'] = [...indexFields(layer, lanes, true), ['stream', stream]];
  return callOf(layer, depthwiseKernel, own, roundUp(layer.inC, 4) + layer.kernelH * layer.kernelW * pointerBytes);
}

function groupStream(layer: IntegerLayer, factors: readonly Multiplier[]): ByteStream {
  const stream = new ByteStream();
  const bias = foldedLayerBias(layer);
  const each = layer.weights.length / layer.outC;
  const groupOut = layer.outC / layer.groups;
  for (let group = 0; group < layer.outC; group += groupOut) {
    for (let first = 0; first < groupOut; first += block) {
      const channels = Array.from({ length: block }, (_, i) => (first + i < groupOut ? group + first + i : -1));
      for (let k = 0; k < each; k += vectorBytes) {
        for (const c of channels) {
          const there = c < 0 ? 0 : Math.min(vectorBytes, each - k);
          stream.int8(layer.weights.subarray(c * each + k, c * each + k + there));
          stream.int8(new Int8Array(vectorBytes - there));
        }
      }
      stream.int32(channels.map((c) => bias[c] ?? 0));
      stream.int32(channels.map((c) => factors[c]?.multiplier ?? 0));
      stream.int32(channels.map((c) => factors[c]?.shift ?? -1));
    }
  }
  return stream;
}

function lowerGroups(node: Node, { graph, rounding }: LowerContext): Lowered | undefined {
  const layer = integerLayer(node, graph, rounding);
  const factors = layer && layer.groups > 1 && mveFactors(layer);
  if (!factors) return undefined;
  const depth = roundUp(layer.kernelH * layer.kernelW * layer.depth, vectorBytes);
  const own: CStruct['fields'] = [
    ['group_depth', layer.depth],
    ['group_out', layer.outC / layer.groups],
    ['stream', groupStream(layer, factors).constant()],
    ['depth', depth],
  ];
  return callOf(layer, groupsKernel, own, depth);
}

const depthwiseKernel = 'mote_depthwiseconv2d_s8s8_spread__mve';
const groupsKernel = 'mote_conv2d_s8s8_groups__mve';

export const mveSpreadVariants: readonly Variant[] = [
  { kernel: depthwiseKernel, op: 'depthwiseConv2d', isa: 'mve', lower: lowerDepthwise },
  { kernel: groupsKernel, op: 'conv2d', isa: 'mve', lower: lowerGroups },
];
