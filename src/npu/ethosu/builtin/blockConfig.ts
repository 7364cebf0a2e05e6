// SPDX-License-Identifier: Apache-2.0
// A block of the output, the input that it needs, and how the shared RAM is divided for both; undefined where it does not
// fit. Facts: section 3.8 of the project's NPU reference, Vela's architecture_allocator.py.
import { roundUp } from '../../../roundUp.js';
import { bankBytes, type EthosHardware, largestBlock, outputBanks, usableBanks } from '../hardware.js';
import { isView, type NpuOperation } from './npuOperation.js';

export interface Block {
  width: number;
  height: number;
  depth: number;
}

export interface BlockConfig {
  block: Block;
  inputBlock: Block;
  partKernelFirst: boolean;
  /** Banks: where input buffers end, where those of a second input begin, where accumulators begin. */
  inputEnd: number;
  secondStart: number;
  accumulatorStart: number;
}

const subkernel = 8;
const inputMicroDepth = 8;

/** Whether the hardware should walk a kernel before the channels: what leaves fewer multipliers idle. */
export function partKernelFirst(operation: NpuOperation): boolean {
  if (operation.kind !== 'conv') return false;
  const { depth } = operation.input;
  if (depth <= inputMicroDepth) return true;
  const elements = operation.kernel.height * operation.kernel.width;
  const byDepth = depth / roundUp(depth, 32);
  const byKernel = (depth / roundUp(depth, inputMicroDepth)) * (elements / roundUp(elements, 4));
  return byKernel > byDepth;
}

const sumsChannels = (o: NpuOperation): boolean => o.kind === 'conv' || (o.kind === 'pool' && o.mode === 'reduceSum');

/** The input under a block of the output. */
function inputBlockOf(operation: NpuOperation, block: Block, partKernel: boolean, { micro }: EthosHardware): Block {
  if (operation.kind === 'elementwise') return block;
  const { kernel, input } = operation;
  const span = (size: number, stride: number, taps: number, dilation: number, unit: number): number =>
    roundUp((size - 1) * stride + Math.min(subkernel, (taps - 1) * dilation + 1), unit);
  const depth = Math.min(input.depth, partKernel || input.elementBytes > 1 ? 16 : 32);
  return {
    width: span(block.width, kernel.strideX, kernel.width, kernel.dilationX, micro[0]),
    height: span(block.height, kernel.strideY, kernel.height, kernel.dilationY, micro[1]),
    depth: sumsChannels(operation) ? roundUp(depth, inputMicroDepth) : block.depth,
  };
}

/** Rows of one output row are taken two by two on the parts whose micro-block is two high, and need half the accumulators. */
function accumulated(operation: NpuOperation, block: Block, { micro }: EthosHardware): Block {
  if (operation.kind === 'elementwise' || micro[1] !== 2) return block;
  if (operation.output.height !== 1 || operation.kernel.height !== 1) return block;
  return { ...block, height: 1 };
}

const banksOf = ({ width, height, depth }: Block, bytes: number, granule: number): number =>
  roundUp(2 * Math.ceil((width * height * roundUp(roundUp(depth, 8) * bytes, 8)) / bankBytes), granule);

const accumulatorBytes = 4;

/** The division of the shared RAM for a block. */
export function configFor(operation: NpuOperation, block: Block, hardware: EthosHardware): BlockConfig | undefined {
  const sizes = [block.width, block.height, block.depth];
  if (sizes.some((size, i) => size > largestBlock[i] || size % hardware.micro[i])) return undefined;
  const partKernel = partKernelFirst(operation);
  const inputBlock = inputBlockOf(operation, block, partKernel, hardware);
  const end = usableBanks(hardware, operation.stage.table !== undefined);
  const { elementBytes } = operation.input;
  const granule = elementBytes === 4 ? hardware.granules.inputWide : hardware.granules.input;
  const inputBanks = banksOf(inputBlock, elementBytes, granule);
  const inputEnd = outputBanks + inputBanks;
  const common = { block, inputBlock, partKernelFirst: partKernel };
  if (operation.kind === 'elementwise') {
    const both = isView(operation.second) ? inputEnd + inputBanks : inputEnd;
    return both <= end ? { ...common, inputEnd: end, secondStart: inputEnd, accumulatorStart: end } : undefined;
  }
  const accumulators = banksOf(
    accumulated(operation, block, hardware),
    accumulatorBytes,
    hardware.granules.accumulator32,
  );
  const accumulatorStart = end - accumulators;
  return inputEnd <= accumulatorStart ? { ...common, inputEnd, secondStart: inputEnd, accumulatorStart } : undefined;
}
