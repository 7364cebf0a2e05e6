// SPDX-License-Identifier: Apache-2.0
// The block of the output that takes the fewest estimated cycles of those that fit the shared RAM.
import { roundUp } from '../../../roundUp.js';
import { type EthosHardware, largestBlock } from '../hardware.js';
import { type Block, type BlockConfig, configFor } from './blockConfig.js';
import { kernelCycles, type MapShape, type Work } from './kernelCycles.js';
import type { Memory } from './memories.js';
import { isView, type MapView, type NpuOperation } from './npuOperation.js';

/** Depths of blocks that do not hold all channels: bricks of the output must stay whole. */
const splitDepth = 16;

const shapeOf = ({ width, height, depth, elementBytes, bricks }: MapView): MapShape => ({
  width,
  height,
  depth,
  elementBytes,
  bricks,
});

/** An operation with its block, as the cycle model takes it. */
export function workOf(operation: NpuOperation, config: BlockConfig): Work {
  const { kind, stage } = operation;
  const kernel = kind === 'elementwise' ? undefined : operation.kernel;
  const clamps = stage.min > -128 || stage.max < 127;
  return {
    kind,
    ...('mode' in operation ? { mode: operation.mode } : {}),
    input: shapeOf(operation.input),
    output: shapeOf(operation.output),
    binary: kind === 'elementwise' && isView(operation.second),
    kernelHeight: kernel?.height ?? 1,
    kernelWidth: kernel?.width ?? 1,
    block: config.block,
    inputBlock: config.inputBlock,
    partKernelFirst: config.partKernelFirst,
    activation: stage.table ? 'table' : clamps ? 'clamp' : 'none',
  };
}

function* candidates({ output }: NpuOperation, { micro }: EthosHardware): Generator<Block> {
  const end = [output.width, output.height, output.depth].map((size, i) =>
    Math.min(largestBlock[i], roundUp(size, micro[i])),
  );
  const firstDepth = Math.max(micro[2], Math.min(end[2], splitDepth));
  for (let depth = firstDepth; depth <= end[2]; depth += micro[2]) {
    if (depth < output.depth && depth % splitDepth) continue;
    for (let height = micro[1]; height <= end[1]; height += micro[1])
      for (let width = micro[0]; width <= end[0]; width += micro[0]) yield { width, height, depth };
  }
}

/** Bytes that all weights take again for every block of rows and columns. */
function weightTraffic(operation: NpuOperation, { block }: BlockConfig): number {
  if (operation.kind !== 'conv' && operation.kind !== 'depthwise') return 0;
  const { output } = operation;
  const turns = Math.ceil(output.width / block.width) * Math.ceil(output.height / block.height);
  return turns * operation.parameters.weights.length;
}

export interface Choice {
  config: BlockConfig;
  cycles: number;
}

export interface MemoriesOf {
  input: Memory;
  output: Memory;
  /** Where weights are read from while the operation runs. */
  weights: Memory;
}

/** What an operation takes with a block. */
function costOf(operation: NpuOperation, config: BlockConfig, hardware: EthosHardware, memories: MemoriesOf): number {
  const cycles = kernelCycles(workOf(operation, config), hardware, memories.input, memories.output);
  return Math.max(cycles, weightTraffic(operation, config) / memories.weights.bytesPerCycle);
}

/** The cheapest block; of equal ones the largest, for fewer blocks to wait for. A `given` one is taken as it is. */
export function chooseBlock(
  operation: NpuOperation,
  hardware: EthosHardware,
  memories: MemoriesOf,
  given?: BlockConfig,
): Choice | undefined {
  if (given) return { config: given, cycles: costOf(operation, given, hardware, memories) };
  let best: (Choice & { size: number }) | undefined;
  for (const block of candidates(operation, hardware)) {
    const config = configFor(operation, block, hardware);
    if (!config) continue;
    const cycles = costOf(operation, config, hardware, memories);
    const size = block.width * block.height * block.depth;
    if (!best || cycles < best.cycles || (cycles === best.cycles && size > best.size)) best = { config, cycles, size };
  }
  return best;
}
