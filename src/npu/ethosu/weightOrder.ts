// SPDX-License-Identifier: Apache-2.0
// The order in which Ethos-U takes weights, as a walk that is shared by reader and writer.
// Order: Vela's weight_compressor.py and mlw_encode.c (Apache-2.0).
import { roundUp } from '../../roundUp.js';

export interface WeightShape {
  outputs: number;
  /** 1 for depthwise. */
  inputs: number;
  kernelHeight: number;
  kernelWidth: number;
}

export interface WeightOrder extends WeightShape {
  /** Output channels of a block, OFM_BLK_DEPTH. */
  blockDepth: number;
  /** Output channels of a micro-block. */
  microDepth: number;
  depthwise: boolean;
  partKernelFirst: boolean;
  /** Bits of an input element: 8 or 16. */
  inputBits: number;
  dilationY: number;
  dilationX: number;
}

const inputMicroDepth = 8;
const subkernel = 8;

/** Kernel elements of a sub-kernel, with the padding that part-kernel-first and depthwise want. */
function paddedElements(order: WeightOrder, elements: number): number {
  if (order.depthwise) return roundUp(elements, 4);
  if (!order.partKernelFirst) return elements;
  return roundUp(elements, order.inputBits === 16 ? 2 : 4);
}

/** Calls `visit` for each place of the stream in turn with the index into OHWI weights, or -1 for padding. */
export function walkWeights(order: WeightOrder, visit: (index: number) => void): void {
  const inputBlock = order.partKernelFirst || order.inputBits === 16 ? 16 : 32;
  const inputEnd = order.depthwise ? 1 : order.inputs;
  for (let block = 0; block < order.outputs; block += order.blockDepth) {
    const depth = Math.min(order.blockDepth, order.outputs - block);
    for (let input = 0; input < inputEnd; input += inputBlock) {
      const inputDepth = order.depthwise
        ? inputMicroDepth
        : order.partKernelFirst
          ? Math.min(inputBlock, order.inputs - input)
          : inputBlock;
      walkBlock(order, { block, depth, input, inputDepth }, visit);
    }
  }
}

interface Block {
  block: number;
  depth: number;
  input: number;
  inputDepth: number;
}

interface SubKernel {
  y: number;
  x: number;
  height: number;
  width: number;
}

function walkBlock(order: WeightOrder, at: Block, visit: (index: number) => void): void {
  const stepY = Math.floor(subkernel / order.dilationY);
  const stepX = Math.floor(subkernel / order.dilationX);
  const outer = order.partKernelFirst ? at.inputDepth : 1;
  for (let y = 0; y < order.kernelHeight; y += stepY)
    for (let x = 0; x < order.kernelWidth; x += stepX) {
      const sub = {
        y,
        x,
        height: Math.min(stepY, order.kernelHeight - y),
        width: Math.min(stepX, order.kernelWidth - x),
      };
      for (let inputMicro = 0; inputMicro < outer; inputMicro += inputMicroDepth)
        for (let micro = 0; micro < at.depth; micro += order.microDepth)
          walkMicro(order, at, sub, inputMicro, micro, visit);
    }
}

function walkMicro(
  order: WeightOrder,
  at: Block,
  sub: SubKernel,
  inputMicro: number,
  micro: number,
  visit: (index: number) => void,
): void {
  const inner = order.partKernelFirst ? 1 : at.inputDepth;
  const lanes = order.depthwise ? 1 : inputMicroDepth;
  const elements = paddedElements(order, sub.height * sub.width);
  for (let element = 0; element < elements; element++) {
    const ky = Math.floor(element / sub.width);
    const row = (sub.y + ky) * order.kernelWidth + sub.x + (element % sub.width);
    for (let inputAt = 0; inputAt < inner; inputAt += inputMicroDepth)
      for (let o = 0; o < order.microDepth; o++)
        for (let lane = 0; lane < lanes; lane++) {
          const output = at.block + micro + o;
          const input = at.input + inputMicro + inputAt + lane;
          const inside = output < order.outputs && input < order.inputs && ky < sub.height;
          visit(inside ? (output * order.kernelHeight * order.kernelWidth + row) * order.inputs + input : -1);
        }
  }
}

/** Stream order -> OHWI. The stream may have no more and no fewer weights than the order wants. */
export function unorderWeights(stream: Int16Array, order: WeightOrder, broken: (reason: string) => never): Int16Array {
  const weights = new Int16Array(order.outputs * order.kernelHeight * order.kernelWidth * order.inputs);
  let at = 0;
  walkWeights(order, (index) => {
    if (index >= 0) weights[index] = stream[at];
    at++;
  });
  if (at !== stream.length) broken(`a weight stream has ${stream.length} weights, the operation takes ${at}`);
  return weights;
}
