// SPDX-License-Identifier: Apache-2.0
// Weights and scales of a convolution -> bytes: the compressed stream in the order that a block depth gives, and ten bytes
// per channel.
import { roundUp } from '../../../roundUp.js';
import type { EthosHardware } from '../hardware.js';
import { type ChannelScale, scaleBytes } from '../scaling.js';
import { walkWeights } from '../weightOrder.js';
import type { BlockConfig } from './blockConfig.js';
import { encodeWeights } from './encodeWeights.js';
import type { ConvOperation, Parameters } from './npuOperation.js';

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

/** Of two cores each has every second channel, and of each block as many. */
const ownOf = (count: number, core: number, cores: number): number => Math.ceil((count - core) / cores);

/** Output channels of one core. */
function ofCore({ weights, scales }: Parameters, core: number, cores: number): Parameters {
  if (cores === 1) return { weights, scales };
  const each = weights.length / scales.length;
  const own = Array.from({ length: ownOf(scales.length, core, cores) }, (_, i) => core + i * cores);
  const found = new Int16Array(own.length * each);
  own.forEach((c, i) => {
    found.set(weights.subarray(c * each, (c + 1) * each), i * each);
  });
  return { weights: found, scales: own.map((c) => scales[c]) };
}

/** Weights of a core in the order in which the hardware takes them. */
export function orderedWeights(
  operation: ConvOperation,
  { block, partKernelFirst }: BlockConfig,
  { micro, cores }: EthosHardware,
  core = 0,
): Int16Array {
  const { kernel, input } = operation;
  const { weights, scales } = ofCore(operation.parameters, core, cores);
  const depthwise = operation.kind === 'depthwise';
  const order = {
    outputs: scales.length,
    inputs: depthwise ? 1 : input.depth,
    kernelHeight: kernel.height,
    kernelWidth: kernel.width,
    blockDepth: ownOf(block.depth, core, cores),
    microDepth: micro[2],
    depthwise,
    partKernelFirst,
    inputBits: 8 * input.elementBytes,
    dilationY: kernel.dilationY,
    dilationX: kernel.dilationX,
  };
  const stream: number[] = [];
  walkWeights(order, (index) => stream.push(index < 0 ? 0 : weights[index]));
  return Int16Array.from(stream);
}

interface Stretch {
  from: number;
  length: number;
}

/** Of each core scales, then the stream, as they lie in memory. */
export interface PackedParameters {
  bytes: Uint8Array;
  /** Nothing for a core without channels. */
  cores: readonly { scales: Stretch; weights: Stretch }[];
}

export function packParameters(
  operation: ConvOperation,
  config: BlockConfig,
  hardware: EthosHardware,
): PackedParameters {
  const chunks: Uint8Array[] = [];
  let end = 0;
  const put = (chunk: Uint8Array): Stretch => {
    const from = end;
    chunks.push(chunk);
    end += chunk.length;
    return { from, length: chunk.length };
  };
  const cores = Array.from({ length: hardware.cores }, (_, core) => {
    const { scales } = ofCore(operation.parameters, core, hardware.cores);
    if (scales.length === 0) return { scales: { from: 0, length: 0 }, weights: { from: 0, length: 0 } };
    return {
      scales: put(packScales(scales)),
      weights: put(encodeWeights(orderedWeights(operation, config, hardware, core))),
    };
  });
  const bytes = new Uint8Array(end);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return { bytes, cores };
}
