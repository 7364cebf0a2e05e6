// SPDX-License-Identifier: Apache-2.0
// BLOCKDEP: how many blocks of what ran before may be unfinished when an operation begins. Each job (a block of the output,
// or one pass over its input's depth) begins when the one before it has: job f may overlap with the block that is r-th from
// the end of what ran before where f + r is less than BLOCKDEP. Only reading what is not yet written can go wrong: blocks
// leave the hardware in the order in which they entered it.
// Facts: Vela's register_command_stream_util.py and ethos_u55_register_cs_generator.cpp (Apache-2.0).
import { roundUp } from '../../roundUp.js';
import { inputBlock } from './blockRules.js';
import type { EthosHardware } from './hardware.js';
import { type Area, areasMeet, clipped, type Point } from './mapArea.js';
import { kernelOf, type MapRegisters, OperationRegisters, outputMap } from './operation.js';
import { poolModes, type StreamOperation } from './registers.js';
import { operationInputs } from './runStream.js';

export const mostBlocks = 3;

/** Blocks of the output that were written last, the latest first. */
export interface Recent {
  blocks: readonly Area[];
  /** Of the latest operation. */
  usesTable: boolean;
}

export const nothingRecent: Recent = { blocks: [], usesTable: false };

const tableCode = 16;
const usesTable = (registers: OperationRegisters): boolean => (registers.short('ACTIVATION') & 0x1f) >= tableCode;

interface Blocks {
  map: MapRegisters;
  size: Point;
  count: number;
}

function blocksOf(registers: OperationRegisters): Blocks {
  const map = outputMap(registers);
  const size = {
    y: registers.short('OFM_BLK_HEIGHT_M1') + 1,
    x: registers.short('OFM_BLK_WIDTH_M1') + 1,
    c: registers.short('OFM_BLK_DEPTH_M1') + 1,
  };
  const count = Math.ceil(map.height / size.y) * Math.ceil(map.width / size.x) * Math.ceil(map.depth / size.c);
  return { map, size, count };
}

/** Blocks follow each other by depth, then along rows, then down. */
function blockAt({ map, size }: Blocks, index: number): Area {
  const deep = Math.ceil(map.depth / size.c);
  const across = Math.ceil(map.width / size.x);
  const from = {
    y: size.y * Math.floor(index / (deep * across)),
    x: size.x * (Math.floor(index / deep) % across),
    c: size.c * (index % deep),
  };
  return clipped({ map, from, to: { y: from.y + size.y, x: from.x + size.x, c: from.c + size.c } });
}

/** Those of an operation that has been started, and those `before` it as far as they count. */
export function recentAfter(before: Recent, operation: StreamOperation, broken: (reason: string) => never): Recent {
  const registers = new OperationRegisters(operation, broken);
  const blocks = blocksOf(registers);
  const own = Array.from({ length: Math.min(mostBlocks, blocks.count) }, (_, r) =>
    blockAt(blocks, blocks.count - 1 - r),
  );
  return { blocks: [...own, ...before.blocks].slice(0, mostBlocks), usesTable: usesTable(registers) };
}

const widestPassBytes = 32;
const depthUnit = 8;

/** Operations that sum over channels pass over their input in steps, the others read what their block has. */
const sumsChannels = ({ name, parameter }: StreamOperation): boolean =>
  name === 'CONV' || (name === 'POOL' && poolModes[parameter] === 'reduceSum');

interface Job {
  /** Of the output. */
  block: Area;
  /** Channels of the input. */
  from: number;
  to: number;
}

/** The jobs that an operation begins with. */
function firstJobs(operation: StreamOperation, registers: OperationRegisters, input: MapRegisters): Job[] {
  const blocks = blocksOf(registers);
  const sums = sumsChannels(operation);
  const pass = Math.min(widestPassBytes / input.elementBytes, roundUp(input.depth, depthUnit));
  const passes = sums ? Math.ceil(input.depth / pass) : 1;
  return Array.from({ length: Math.min(mostBlocks, blocks.count * passes) }, (_, f) => {
    const block = blockAt(blocks, Math.floor(f / passes));
    const from = pass * (f % passes);
    return sums ? { block, from, to: from + pass } : { block, from: block.from.c, to: block.to.c };
  });
}

/** What a job reads through a kernel: no less than the hardware fetches. */
function windowArea(
  operation: StreamOperation,
  registers: OperationRegisters,
  map: MapRegisters,
  { block, from, to }: Job,
  hardware: EthosHardware,
): Area {
  const kernel = kernelOf(registers);
  const shrink = kernel.upscale === 0 ? 1 : 2;
  const size = blocksOf(registers).size;
  const fetched = inputBlock(operation, registers, { width: size.x, height: size.y, depth: size.c }, hardware);
  const reach = (blockSize: number, stride: number, taps: number, dilation: number): number =>
    Math.ceil(((blockSize - 1) * stride + (taps - 1) * dilation + 1) / shrink);
  const y = Math.max(0, Math.floor((block.from.y * kernel.strideY - kernel.padTop) / shrink));
  const x = Math.max(0, Math.floor((block.from.x * kernel.strideX - kernel.padLeft) / shrink));
  const rows = Math.max(fetched.height, reach(size.y, kernel.strideY, kernel.height, kernel.dilationY));
  const columns = Math.max(fetched.width, reach(size.x, kernel.strideX, kernel.width, kernel.dilationX));
  return clipped({ map, from: { y, x, c: from }, to: { y: y + rows, x: x + columns, c: to } });
}

/** What a job reads of each input. */
function readsOf(operation: StreamOperation, registers: OperationRegisters, hardware: EthosHardware): Area[][] {
  const inputs = operationInputs(operation, registers);
  const jobs = firstJobs(operation, registers, inputs[0]);
  return inputs.map((map) =>
    jobs.map((job) => {
      if (operation.name !== 'ELEMENTWISE') return windowArea(operation, registers, map, job, hardware);
      return clipped({ map, from: job.block.from, to: job.block.to });
    }),
  );
}

const wholeOf = (map: MapRegisters): Area => ({
  map,
  from: { y: 0, x: 0, c: 0 },
  to: { y: map.height, x: map.width, c: map.depth },
});

const volume = ({ height, width, depth }: MapRegisters): number => height * width * depth;

/** The largest BLOCKDEP that is right, where `recent` was written before. */
export function largestBlockDependency(
  recent: Recent,
  operation: StreamOperation,
  hardware: EthosHardware,
  broken: (reason: string) => never,
): number {
  const registers = new OperationRegisters(operation, broken);
  // On the smaller parts a table lies where accumulators of the next operation may.
  if (recent.usesTable && hardware.shramBanks <= 16 && !usesTable(registers)) return 0;
  const inputs = operationInputs(operation, registers);
  const meets = inputs.map((map) => recent.blocks.some((block) => areasMeet(wholeOf(map), block)));
  const meeting = meets.filter((m) => m).length;
  if (meeting === 0) return mostBlocks;
  // No finer than Arm's compilers: both inputs, or one that is broadcast, wait for everything.
  if (meeting > 1 || (meets[1] && volume(inputs[1]) < volume(inputs[0]))) return 0;
  const jobs = readsOf(operation, registers, hardware)[meets.indexOf(true)];
  return jobs.reduce((least, job, f) => {
    const r = recent.blocks.findIndex((block) => areasMeet(job, block));
    return r < 0 ? least : Math.min(least, f + r);
  }, mostBlocks);
}
