// SPDX-License-Identifier: Apache-2.0
// Weights and scales of a convolution -> bytes: the compressed stream in the order that a block depth gives, and ten bytes
// per channel.
import { roundUp } from '../../../roundUp.js';
import { type ChannelScale, scaleBytes } from '../scaling.js';
import { walkWeights } from '../weightOrder.js';
import type { BlockConfig } from './blockConfig.js';
import { encodeWeights } from './encodeWeights.js';
import type { ConvOperation } from './npuOperation.js';

export const parameterUnit = 16;

/** Bias 40, multiplier 32, shift 6 bits, little-endian; padded to sixteen bytes. */
export function packScales(scales: readonly ChannelScale[]): Uint8Array {
  const bytes = new Uint8Array(roundUp(scales.length * scaleBytes, parameterUnit));
  const view = new DataView(bytes.buffer);
  scales.forEach(({ bias, multiplier, shift }, c) => {
    const at = c * scaleBytes;
    const low = ((bias % 2 ** 32) + 2 ** 32) % 2 ** 32;
    view.setUint32(at, low, true);
    view.setInt8(at + 4, (bias - low) / 2 ** 32);
    view.setUint32(at + 5, multiplier, true);
    view.setUint8(at + 9, shift);
  });
  return bytes;
}

/** Weights in the order in which the hardware takes them. */
export function orderedWeights(
  operation: ConvOperation,
  { block, partKernelFirst }: BlockConfig,
  microDepth: number,
): Int16Array {
  const { kernel, input, parameters } = operation;
  const depthwise = operation.kind === 'depthwise';
  const inputs = depthwise ? 1 : input.depth;
  const order = {
    outputs: parameters.scales.length,
    inputs,
    kernelHeight: kernel.height,
    kernelWidth: kernel.width,
    blockDepth: block.depth,
    microDepth,
    depthwise,
    partKernelFirst,
    inputBits: 8 * input.elementBytes,
    dilationY: kernel.dilationY,
    dilationX: kernel.dilationX,
  };
  const stream: number[] = [];
  walkWeights(order, (index) => stream.push(index < 0 ? 0 : parameters.weights[index]));
  return Int16Array.from(stream);
}

/** Scales, then the stream, as they lie in memory. */
export interface PackedParameters {
  bytes: Uint8Array;
  scaleBytes: number;
}

export function packParameters(operation: ConvOperation, config: BlockConfig, microDepth: number): PackedParameters {
  const scales = packScales(operation.parameters.scales);
  const weights = encodeWeights(orderedWeights(operation, config, microDepth));
  const bytes = new Uint8Array(scales.length + weights.length);
  bytes.set(scales);
  bytes.set(weights, scales.length);
  return { bytes, scaleBytes: scales.length };
}
