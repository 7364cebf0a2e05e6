// SPDX-License-Identifier: Apache-2.0
// The block of the output that takes the fewest estimated cycles of those that fit the shared RAM.
import { roundUp } from '../../../roundUp.js';
import { type EthosHardware, largestBlock } from '../hardware.js';
import { type Block, type BlockConfig, configFor } from './blockConfig.js';
import { type MapShape, operationCycles, type Work } from './kernelCycles.js';
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

function* candidates({ output }: NpuOperation, { micro, cores }: EthosHardware): Generator<Block> {
  // Every core has as many channels of a block, whole micro-blocks of them.
  const unit = micro[2] * cores;
  const end = [output.width, output.height, output.depth].map((size, i) =>
    Math.min(largestBlock[i], roundUp(size, i === 2 ? unit : micro[i])),
  );
  const firstDepth = Math.max(unit, Math.min(end[2], splitDepth));
  for (let depth = firstDepth; depth <= end[2]; depth += unit) {
    if (depth < output.depth && depth % splitDepth) continue;
    for (let height = micro[1]; height <= end[1]; height += micro[1])
      for (let width = micro[0]; width <= end[0]; width += micro[0]) yield { width, height, depth };
  }
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
  /** Of weights and scales as they lie there. */
  parameterBytes: number;
}

/** What an operation takes with a block. */
function costOf(
  operation: NpuOperation,
  config: BlockConfig,
  hardware: EthosHardware,
  { input, output, weights, parameterBytes }: MemoriesOf,
): number {
  return operationCycles(workOf(operation, config), hardware, { input, output, parameters: weights, parameterBytes });
}

/** Differences below this share are no reason for smaller blocks: the model is no finer. */
const modelShare = 0.02;

/** The largest of the blocks that are about the cheapest: fewer blocks wait for each other. A `given` one is taken as it is. */
export function chooseBlock(
  operation: NpuOperation,
  hardware: EthosHardware,
  memories: MemoriesOf,
  given?: BlockConfig,
): Choice | undefined {
  if (given) return { config: given, cycles: costOf(operation, given, hardware, memories) };
  const found: (Choice & { size: number })[] = [];
  for (const block of candidates(operation, hardware)) {
    const config = configFor(operation, block, hardware);
    if (!config) continue;
    const cycles = costOf(operation, config, hardware, memories);
    found.push({ config, cycles, size: block.width * block.height * block.depth });
  }
  const fewest = found.reduce((least, c) => Math.min(least, c.cycles), Number.POSITIVE_INFINITY);
  const near = found.filter((c) => c.cycles <= fewest * (1 + modelShare));
  return near.reduce<(typeof near)[number] | undefined>(
    (best, c) => (!best || c.size > best.size || (c.size === best.size && c.cycles < best.cycles) ? c : best),
    undefined,
  );
}
