// SPDX-License-Identifier: Apache-2.0
// Convolution and fully connected layers on Helium.

import type { Node } from '../../model/graph.js';
import { roundUp } from '../../roundUp.js';
import type { LowerContext } from '../op.js';
import { overlapLagBytes } from '../overlap.js';
import { clampFields } from '../weighted.js';
import { windowFields } from '../window.js';
import { foldedLayerBias, type IntegerLayer, integerLayer, workOf } from './integerLayer.js';
import { dotStream, mveFactors, vectorBytes } from './mveStream.js';
import type { Lowered, Variant } from './variant.js';

/** The emitter passes scratch where there is some: the C function takes it always. */
const unusedScratch = 4;

/** A patch is one pixel, and bytes of the next ones that meet weights of zero: nothing to gather. */
const isDirect = (l: IntegerLayer): boolean => l.kernelH === 1 && l.kernelW === 1;

/** Bytes that the kernel copies of a row of the window: whole vectors where it has a loop for them. */
function copiedBytes({ kernelW, inC }: IntegerLayer): number {
  const vectors = roundUp(kernelW * inC, vectorBytes) / vectorBytes;
  return vectors === 1 || vectors === 3 ? vectors * vectorBytes : kernelW * inC;
}

/** Offset of the last window that whole vectors read without leaving the image, and the scratch bytes. */
function reach(l: IntegerLayer, depth: number): { readable: number; scratchBytes: number } {
  const direct = isDirect(l);
  const rowBytes = l.inW * l.inC;
  const above = (l.kernelH - 1) * l.dilationH * rowBytes;
  const readable = l.inH * rowBytes - above - (direct ? depth : copiedBytes(l));
  const padded =
    l.padTop > 0 || l.padLeft > 0 || (l.outH - 1) * l.strideH >= l.inH || (l.outW - 1) * l.strideW >= l.inW;
  if (direct && depth === l.inC && !padded) return { readable, scratchBytes: unusedScratch };
  const beyond = direct ? 0 : (l.kernelH - 1) * l.kernelW * l.inC + copiedBytes(l) - depth;
  return { readable, scratchBytes: 2 * depth + Math.max(0, beyond) };
}

function lowerConv(node: Node, { graph, rounding }: LowerContext): Lowered | undefined {
  const layer = integerLayer(node, graph, rounding);
  const factors = layer && layer.groups === 1 && mveFactors(layer);
  if (!factors) return undefined;
  const each = layer.kernelH * layer.kernelW * layer.depth;
  const depth = roundUp(each, vectorBytes);
  const stream = dotStream(layer, foldedLayerBias(layer), factors, each, 4);
  const { readable, scratchBytes } = reach(layer, depth);
  const call = {
    kernel: convKernel,
    params: {
      type: 'mote_conv2d_s8s8_stream',
      fields: [
        ...windowFields(layer, layer.outC),
        ['stream', stream],
        ['whole_bytes', Math.floor(layer.outC / 4) * (4 * depth + 48)],
        ['depth', depth],
        ['direct', isDirect(layer) ? 1 : 0],
        ['readable', readable],
        ['input_zero_point', layer.inputZeroPoint],
        ['output_zero_point', layer.outputZeroPoint],
        ...clampFields({ min: layer.outputMin, max: layer.outputMax }, rounding),
      ] satisfies Lowered['call']['params']['fields'],
    },
    inputs: [0],
    outputs: [0],
    // Two pixels at a time, channel by channel, from the image itself where it can.
    overlap: { input: 0, lagBytes: overlapLagBytes(layer, layer.outC, { heldPixels: 2 }, 1) },
    scratchBytes,
  };
  return { call, work: workOf(layer) };
}

function lowerFullyConnected(node: Node, { graph, rounding }: LowerContext): Lowered | undefined {
  const layer = integerLayer(node, graph, rounding);
  const factors = layer && mveFactors(layer);
  if (!factors) return undefined;
  const depth = roundUp(layer.inC, vectorBytes);
  const call = {
    kernel: fullyConnectedKernel,
    params: {
      type: 'mote_fullyconnected_s8s8_stream',
      fields: [
        ['rows', layer.inW],
        ['in_c', layer.inC],
        ['out_c', layer.outC],
        ['stream', dotStream(layer, foldedLayerBias(layer), factors, layer.inC, 8)],
        ['depth', depth],
        ['output_zero_point', layer.outputZeroPoint],
        ...clampFields({ min: layer.outputMin, max: layer.outputMax }, rounding),
      ] satisfies Lowered['call']['params']['fields'],
    },
    inputs: [0],
    outputs: [0],
    scratchBytes: depth === layer.inC ? unusedScratch : depth,
  };
  return { call, work: workOf(layer) };
}

const convKernel = 'mote_conv2d_s8s8_stream__mve';
const fullyConnectedKernel = 'mote_fullyconnected_s8s8_stream__mve';

export const mveConvVariants: readonly Variant[] = [
  { kernel: convKernel, op: 'conv2d', isa: 'mve', lower: lowerConv },
  { kernel: fullyConnectedKernel, op: 'fullyConnected', isa: 'mve', lower: lowerFullyConnected },
];
