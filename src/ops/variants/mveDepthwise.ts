// SPDX-License-Identifier: Apache-2.0
// Depthwise convolution on Helium.
import type { Node } from '../../model/graph.js';
import type { ConstArray, LowerContext } from '../op.js';
import type { Multiplier } from '../requantize.js';
import { clampFields } from '../weighted.js';
import { windowFields } from '../window.js';
import { foldedLayerBias, type IntegerLayer, integerLayer, workOf } from './integerLayer.js';
import { ByteStream, mveFactors, roundUp, vectorBytes } from './mveStream.js';
import type { Lowered, Variant } from './variant.js';

const kernel = 'mote_depthwiseconv2d_s8s8_stream__mve';

/** Even halves of even halves first: where VMULLB/T and VMOVLB/T leave the channels. */
const laneOrder = [0, 4, 8, 12, 2, 6, 10, 14, 1, 5, 9, 13, 3, 7, 11, 15];
const pointerBytes = 4;

/** Two products are summed in 16 bits: 128 * (128 + 127) fits, 128 * (128 + 128) does not. */
function pairsFit({ weights, outC, kernelH, kernelW }: IntegerLayer): boolean {
  for (let t = 0; t + 1 < kernelH * kernelW; t += 2) {
    for (let c = t * outC; c < (t + 1) * outC; c++) if (weights[c] + weights[c + outC] <= -256) return false;
  }
  return true;
}

function stream(layer: IntegerLayer, factors: readonly Multiplier[], taps: number): { const: ConstArray } {
  const bytes = new ByteStream();
  const bias = foldedLayerBias(layer);
  const { weights, outC } = layer;
  for (let first = 0; first < outC; first += vectorBytes) {
    for (let t = 0; t < roundUp(taps, 2); t++) {
      bytes.int8(Array.from({ length: vectorBytes }, (_, i) => (first + i < outC && t < taps ? weights[t * outC + first + i] : 0)));
    }
    bytes.int32(laneOrder.map((i) => bias[first + i] ?? 0));
    bytes.int32(laneOrder.map((i) => factors[first + i]?.multiplier ?? 0));
    bytes.int32(laneOrder.map((i) => factors[first + i]?.shift ?? -1));
  }
  return bytes.constant();
}

function lower(node: Node, { graph, rounding }: LowerContext): Lowered | undefined {
  const layer = integerLayer(node, graph, rounding);
  const factors = layer && layer.channelMultiplier === 1 && mveFactors(layer);
  if (!factors || !pairsFit(layer)) return undefined;
  const taps = layer.kernelH * layer.kernelW;
  const call = {
    kernel,
    params: {
      type: 'mote_depthwiseconv2d_s8s8_stream',
      fields: [
        ...windowFields(layer, layer.outC),
        ['stream', stream(layer, factors, taps)],
        ['input_zero_point', layer.inputZeroPoint],
        ['output_zero_point', layer.outputZeroPoint],
        ...clampFields({ min: layer.outputMin, max: layer.outputMax }, rounding),
      ] satisfies Lowered['call']['params']['fields'],
    },
    inputs: [0],
    outputs: [0],
    scratchBytes: roundUp(layer.inC, vectorBytes) + roundUp(taps, 2) * pointerBytes,
  };
  return { call, work: workOf(layer) };
}

export const mveDepthwiseVariants: readonly Variant[] = [{ kernel, op: 'depthwiseConv2d', isa: 'mve', lower }];
