// SPDX-License-Identifier: Apache-2.0
// simddepthwise: depthwise convolution with channels in lanes.

import { dtypeBytes, type Node } from '../../model/graph.js';
import { roundUp } from '../../roundUp.js';
import { type ConstArray, type CStruct, inputOf, type LowerContext } from '../op.js';
import { overlapLagBytes } from '../overlap.js';
import { type Arithmetic, constant } from '../weighted.js';
import { integerLayer } from './integerLayer.js';
import {
  floatFields,
  geometryFields,
  lanes,
  pairedWeights,
  type SimdLayer,
  simdLayer,
  wideFields,
  workOfLayer,
} from './simdLayer.js';
import { simdRescale } from './simdRescale.js';
import type { Lowered, Variant } from './variant.js';

const types: Record<Arithmetic, string> = { s8: 's8s8', s16: 's16s8', f32: 'f32f32' };
const pointerBytes = 4;
/** int16 sums stay within 32 bits for so many taps. */
const maxWideTaps = 256;

const blockOf = (arithmetic: Arithmetic): number => (arithmetic === 'f32' ? lanes / 2 : lanes);

/** The channel of each lane: the last block ends with the last channel. */
function channelsInBlocks(outC: number, block: number): (number | undefined)[] {
  const last = Math.max(0, outC - block);
  return Array.from({ length: roundUp(outC, block) }, (_, lane) => {
    const c = Math.min(lane - (lane % block), last) + (lane % block);
    return c < outC ? c : undefined;
  });
}

/** weights and all that comes after it, or undefined where the kernel does not fit. */
function constantFields(
  node: Node,
  { graph, rounding }: LowerContext,
  layer: SimdLayer,
): CStruct['fields'] | undefined {
  const { arithmetic } = layer;
  const channels = channelsInBlocks(layer.outC, blockOf(arithmetic));
  if (arithmetic === 'f32') return floatFields(node, graph, layer, channels, blockOf(arithmetic));
  const shape = [channels.length / lanes, Math.ceil(layer.taps / 2), lanes, 2];
  const weights = (dead?: ReadonlySet<number>): { const: ConstArray } =>
    constant('weights', 'int8', pairedWeights(layer, channels, dead), shape);
  if (arithmetic === 's16') {
    return layer.taps > maxWideTaps ? undefined : wideFields(node, graph, rounding, weights());
  }
  const integer = integerLayer(node, graph, rounding);
  const rescale = integer && simdRescale(integer, channels, layer.index);
  return rescale && [['weights', weights(rescale.dead)], ...rescale.fields];
}

function lower(arithmetic: Arithmetic, node: Node, context: LowerContext): Lowered | undefined {
  const layer = simdLayer(node, context.graph);
  if (layer?.arithmetic !== arithmetic || !layer.depthwise) return undefined;
  const constants = constantFields(node, context, layer);
  if (!constants) return undefined;
  const { window, outC } = layer;
  const taps = arithmetic === 'f32' ? layer.taps : roundUp(layer.taps, 2);
  const expand = outC !== window.inC || outC < blockOf(arithmetic);
  const row = roundUp(outC, lanes);
  const elementBytes = dtypeBytes(inputOf(node, context.graph, 0).dtype);
  return {
    call: {
      kernel: `mote_simddepthwise_${types[arithmetic]}__simd128`,
      params: {
        type: `mote_simddepthwise_${types[arithmetic]}`,
        fields: [
          ...geometryFields(layer),
          ['channel_multiplier', outC / window.inC],
          ['taps', taps],
          ['expand', expand ? 1 : 0],
          ['row', row],
          ...constants,
        ],
      },
      inputs: [0],
      outputs: [0],
      overlap: { input: 0, lagBytes: overlapLagBytes(window, outC, 'pixel', elementBytes) },
      scratchBytes: taps * pointerBytes + (roundUp(window.inC, lanes) + (expand ? layer.taps * row : 0)) * elementBytes,
    },
    work: workOfLayer(layer),
  };
}

export const simdDepthwiseVariants: readonly Variant[] = (['s8', 's16', 'f32'] as const).map((arithmetic) => ({
  kernel: `mote_simddepthwise_${types[arithmetic]}__simd128`,
  op: 'depthwiseConv2d',
  isa: 'simd128',
  lower: (node, context) => lower(arithmetic, node, context),
}));
