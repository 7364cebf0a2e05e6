// SPDX-License-Identifier: Apache-2.0
// lanegroups and lanespread: int8 convolution in groups, and depthwise with several filters per channel, output channels
// in vector lanes.
import type { Node } from '../../model/graph.js';
import type { CStruct, KernelCall, LowerContext } from '../op.js';
import { overlapLagBytes } from '../overlap.js';
import { constant } from '../weighted.js';
import { windowFields } from '../window.js';
import { type IntegerLayer, integerLayer, workOf } from './integerLayer.js';
import { rescaleFields } from './rvvRescale.js';
import type { Lowered, Variant } from './variant.js';

/** Channel indices are 16 bits wide. */
const maxChannels = 65_535;

/** Taps outside the image are not read, so the bias keeps the zero point out and inputs lose it one by one. */
function unfolded(layer: IntegerLayer): CStruct['fields'] | undefined {
  const fields = rescaleFields({ ...layer, inputZeroPoint: 0 }, 128 + Math.abs(layer.inputZeroPoint));
  return fields?.map((field) => (field[0] === 'input_zero_point' ? ['input_zero_point', layer.inputZeroPoint] : field));
}

function callOf(kernel: string, layer: IntegerLayer, own: CStruct['fields']): KernelCall {
  const fields: CStruct['fields'] = [...windowFields(layer, layer.outC), ...own];
  const params = { type: kernel.replace(/__.*$/, ''), fields };
  return { kernel, params, inputs: [0], outputs: [0], scratchBytes: 0 };
}

function lowerDepthwise(node: Node, { graph, rounding }: LowerContext): Lowered | undefined {
  const layer = integerLayer(node, graph, rounding);
  if (!layer || layer.channelMultiplier === 1 || layer.outC > maxChannels) return undefined;
  const rescale = unfolded(layer);
  if (!rescale) return undefined;
  const own: CStruct['fields'] = [
    ['channel_multiplier', layer.channelMultiplier],
    ['weights', constant('weights', 'int8', layer.weights, [layer.kernelH, layer.kernelW, layer.outC])],
    ...rescale,
  ];
  return { call: callOf(depthwiseKernel, layer, own), work: workOf(layer) };
}

/** [group][tap][group_depth][group_out] of the model's [out][tap][group_depth]. */
function groupWeights({ weights, outC, groups }: IntegerLayer): Int8Array {
  const each = weights.length / outC;
  const groupOut = outC / groups;
  const out = new Int8Array(weights.length);
  for (let c = 0; c < outC; c++) {
    const group = Math.floor(c / groupOut);
    for (let i = 0; i < each; i++) out[(group * each + i) * groupOut + (c % groupOut)] = weights[c * each + i];
  }
  return out;
}

function lowerGroups(node: Node, { graph, rounding }: LowerContext): Lowered | undefined {
  const layer = integerLayer(node, graph, rounding);
  if (!layer || layer.groups === 1) return undefined;
  const rescale = unfolded(layer);
  if (!rescale) return undefined;
  const groupOut = layer.outC / layer.groups;
  const shape = [layer.groups, layer.kernelH, layer.kernelW, layer.depth, groupOut];
  const own: CStruct['fields'] = [
    ['group_depth', layer.depth],
    ['group_out', groupOut],
    ['weights', constant('weights', 'int8', groupWeights(layer), shape)],
    ...rescale,
  ];
  const overlap = { input: 0, lagBytes: overlapLagBytes(layer, layer.outC, 'pixel', 1) };
  return { call: { ...callOf(groupsKernel, layer, own), overlap }, work: workOf(layer) };
}

const depthwiseKernel = 'mote_lanespread_s8s8__rvv';
const groupsKernel = 'mote_lanegroups_s8s8__rvv';

export const rvvSpreadVariants: readonly Variant[] = [
  { kernel: depthwiseKernel, op: 'depthwiseConv2d', isa: 'rvv', lower: lowerDepthwise },
  { kernel: groupsKernel, op: 'conv2d', isa: 'rvv', lower: lowerGroups },
];
