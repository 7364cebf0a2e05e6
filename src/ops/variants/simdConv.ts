// SPDX-License-Identifier: Apache-2.0
// simdconv: convolutions without groups and fully connected layers, output channels in lanes. A depthwise convolution of
// one channel is a convolution.

import { dtypeBytes, type Node } from '../../model/graph.js';
import { roundUp } from '../../roundUp.js';
import { type ConstArray, type CStruct, inputOf, type LowerContext } from '../op.js';
import { overlapLagBytes } from '../overlap.js';
import { type Arithmetic, constant } from '../weighted.js';
import { integerLayer } from './integerLayer.js';
import {
  channelsInOrder,
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

/** Pixels whose windows are gathered before their outputs are written. */
const blockPixels = 4;

const types: Record<Arithmetic, string> = { s8: 's8s8', s16: 's16s8', f32: 'f32f32' };
/** Bytes of an element of a gathered window. */
const patchBytes: Record<Arithmetic, number> = { s8: 2, s16: 2, f32: 4 };

/** weights and all that comes after it, or undefined where the kernel does not fit. */
function constantFields(
  node: Node,
  { graph, rounding }: LowerContext,
  layer: SimdLayer,
): CStruct['fields'] | undefined {
  const channels = channelsInOrder(layer.outC, lanes);
  if (layer.arithmetic === 'f32') return floatFields(node, graph, layer, channels, lanes);
  const shape = [channels.length / lanes, Math.ceil(layer.taps / 2), lanes, 2];
  const weights = (dead?: ReadonlySet<number>): { const: ConstArray } =>
    constant('weights', 'int8', pairedWeights(layer, channels, dead), shape);
  if (layer.arithmetic === 's16') return wideFields(node, graph, rounding, weights());
  const integer = integerLayer(node, graph, rounding);
  const rescale = integer && simdRescale(integer, channels, layer.index);
  return rescale && [['weights', weights(rescale.dead)], ...rescale.fields];
}

function lower(arithmetic: Arithmetic, node: Node, context: LowerContext): Lowered | undefined {
  const layer = simdLayer(node, context.graph);
  if (layer?.arithmetic !== arithmetic || layer.depthwise) return undefined;
  const constants = constantFields(node, context, layer);
  if (!constants) return undefined;
  const { window, outC } = layer;
  const stride = roundUp(layer.taps, lanes);
  const elementBytes = dtypeBytes(inputOf(node, context.graph, 0).dtype);
  return {
    call: {
      kernel: `mote_simdconv_${types[arithmetic]}__simd128`,
      params: {
        type: `mote_simdconv_${types[arithmetic]}`,
        fields: [
          ...geometryFields(layer),
          ['taps', arithmetic === 'f32' ? layer.taps : roundUp(layer.taps, 2)],
          ['stride', stride],
          ...constants,
        ],
      },
      inputs: [0],
      outputs: [0],
      overlap: { input: 0, lagBytes: overlapLagBytes(window, outC, { blockPixels }, elementBytes) },
      scratchBytes: Math.min(blockPixels, window.outH * window.outW) * stride * patchBytes[arithmetic],
    },
    work: workOfLayer(layer),
  };
}

export const simdConvVariants: readonly Variant[] = (['s8', 's16', 'f32'] as const).flatMap((arithmetic) =>
  ['conv2d', 'depthwiseConv2d', 'fullyConnected'].map((op) => ({
    kernel: `mote_simdconv_${types[arithmetic]}__simd128`,
    op,
    isa: 'simd128',
    lower: (node: Node, context: LowerContext) => lower(arithmetic, node, context),
  })),
);
