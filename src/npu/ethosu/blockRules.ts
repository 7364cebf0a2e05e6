// SPDX-License-Identifier: Apache-2.0
// Whether the block of an operation fits the shared RAM as its registers divide it.
import { roundUp } from '../../roundUp.js';
import { bankBytes, type EthosHardware, ethosHardware, largestBlock, outputBanks, usableBanks } from './hardware.js';
import { kernelOf, type OperationRegisters } from './operation.js';
import type { EthosConfig } from './payload.js';
import type { StreamOperation } from './registers.js';

interface Block {
  width: number;
  height: number;
  depth: number;
}

const subkernel = 8;
const accumulatorFormats = [
  { bytes: 4, granule: 'accumulator32' },
  { bytes: 5, granule: 'accumulator40' },
] as const;

/** Banks of two copies (one is filled while the other is used) of a block. */
function banks({ width, height, depth }: Block, bytes: number, granule: number): number {
  const size = width * height * roundUp(roundUp(depth, 8) * bytes, 8);
  return roundUp(2 * Math.ceil(size / bankBytes), granule);
}

function blockOf(registers: OperationRegisters): Block {
  return {
    width: registers.short('OFM_BLK_WIDTH_M1') + 1,
    height: registers.short('OFM_BLK_HEIGHT_M1') + 1,
    depth: registers.short('OFM_BLK_DEPTH_M1') + 1,
  };
}

/** The input that a block of the output needs. */
export function inputBlock(
  operation: StreamOperation,
  registers: OperationRegisters,
  block: Block,
  hardware: EthosHardware,
): Block {
  const kernel = kernelOf(registers);
  const shrink = kernel.upscale === 0 ? 1 : 2;
  const span = (size: number, stride: number, taps: number, dilation: number, unit: number): number =>
    roundUp(Math.ceil(((size - 1) * stride + Math.min(subkernel, (taps - 1) * dilation + 1)) / shrink), unit);
  const [microWidth, microHeight] = hardware.micro;
  const depth = registers.short('IFM_DEPTH_M1') + 1;
  const wide = ((registers.short('IFM_PRECISION') >> 2) & 3) > 0;
  const convDepth = Math.min(depth, wide || kernel.partKernelFirst ? 16 : 32);
  const reduces = operation.name === 'CONV' || (operation.name === 'POOL' && operation.parameter === 2);
  return {
    width: span(block.width, kernel.strideX, kernel.width, kernel.dilationX, microWidth),
    height: span(block.height, kernel.strideY, kernel.height, kernel.dilationY, microHeight),
    depth: reduces ? roundUp(convDepth, 8) : block.depth,
  };
}

function shapeFindings(block: Block, { micro }: EthosHardware): string[] {
  const sizes = [block.width, block.height, block.depth];
  const names = ['width', 'height', 'depth'];
  return sizes.flatMap((size, i) => [
    ...(size > largestBlock[i] ? [`block ${names[i]} ${size} is more than ${largestBlock[i]}`] : []),
    ...(size % micro[i] ? [`block ${names[i]} ${size} is no multiple of ${micro[i]}`] : []),
  ]);
}

/** The part of a block that the output fills: a block may be larger than the map. One row under a kernel of one row keeps no
 *  accumulators for the second row of a micro-block (Vela's fit_block_for_ofm). */
function clipped(block: Block, registers: OperationRegisters, { micro }: EthosHardware): Block {
  const [width, microHeight, depth] = micro;
  const oneRow = registers.short('OFM_HEIGHT_M1') === 0 && kernelOf(registers).height === 1;
  const height = oneRow ? 1 : microHeight;
  return {
    width: Math.min(block.width, roundUp(registers.short('OFM_WIDTH_M1') + 1, width)),
    height: Math.min(block.height, roundUp(registers.short('OFM_HEIGHT_M1') + 1, height)),
    depth: Math.min(block.depth, roundUp(registers.short('OFM_DEPTH_M1') + 1, depth)),
  };
}

/** Broken rules of block and shared RAM. */
export function blockRules(operation: StreamOperation, registers: OperationRegisters, config: EthosConfig): string[] {
  const hardware = ethosHardware[config.id];
  if (!hardware) return [];
  const block = blockOf(registers);
  const end = usableBanks(hardware, (registers.short('ACTIVATION') & 0x1f) >= 16);
  const inputEnd = registers.short('IFM_IB_END');
  const accumulatorStart = registers.short('AB_START');
  const shape = shapeFindings(block, hardware);
  const order = [
    ...(inputEnd > end ? [`input buffers end at bank ${inputEnd} of ${end}`] : []),
    ...(accumulatorStart > end ? [`accumulators start at bank ${accumulatorStart} of ${end}`] : []),
    ...(inputEnd > accumulatorStart
      ? [`input buffers end at bank ${inputEnd}, accumulators start at ${accumulatorStart}`]
      : []),
  ];
  if (operation.name === 'ELEMENTWISE') return [...shape, ...order];
  const used = clipped(block, registers, hardware);
  return [...shape, ...order, ...roomFindings(operation, registers, used, hardware, end)];
}

function roomFindings(
  operation: StreamOperation,
  registers: OperationRegisters,
  block: Block,
  hardware: EthosHardware,
  end: number,
): string[] {
  const code = (registers.short('IFM_PRECISION') >> 2) & 3;
  const granule = code === 2 ? hardware.granules.inputWide : hardware.granules.input;
  const inputNeed = banks(inputBlock(operation, registers, block, hardware), 2 ** code, granule);
  const inputRoom = registers.short('IFM_IB_END') - outputBanks;
  const format =
    accumulatorFormats[registers.short('ACC_FORMAT')] ?? registers.fail('the accumulator format does not exist');
  const accumulatorNeed = banks(block, format.bytes, hardware.granules[format.granule]);
  const accumulatorRoom = end - registers.short('AB_START');
  return [
    ...(inputNeed > inputRoom ? [`a block's input needs ${inputNeed} banks, it has ${inputRoom}`] : []),
    ...(accumulatorNeed > accumulatorRoom
      ? [`a block's accumulators need ${accumulatorNeed} banks, they have ${accumulatorRoom}`]
      : []),
  ];
}
