// SPDX-License-Identifier: Apache-2.0
// Cycles of one operation by the model that Arm publishes with Vela (npu_performance.py and architecture_features.py,
// Apache-2.0): multipliers by micro-blocks, output stage by elements, the first read and the last write of a block.
// Checked against the cycles per layer that Vela prints: what it says of its own streams.
import type { EthosHardware } from '../hardware.js';
import type { ElementwiseMode, PoolMode } from '../registers.js';
import type { Block } from './blockConfig.js';
import type { Memory } from './memories.js';

/** A feature map as the model sees it. */
export interface MapShape extends Block {
  elementBytes: number;
  bricks: boolean;
}

export interface Work {
  kind: 'conv' | 'depthwise' | 'pool' | 'elementwise';
  mode?: PoolMode | ElementwiseMode;
  input: MapShape;
  output: MapShape;
  /** Of an elementwise operation: it reads two maps. */
  binary: boolean;
  kernelHeight: number;
  kernelWidth: number;
  block: Block;
  inputBlock: Block;
  partKernelFirst: boolean;
  activation: 'none' | 'clamp' | 'table';
}

interface OutputRates {
  binary32: number;
  unary32: number;
  mul32: number;
  mul: number;
  add: number;
  maxPool: number;
  other: number;
  table: number;
  clamp: number;
}

/** Cycles per element of the output stage, by multipliers per cycle of a core. */
const outputRates: Readonly<Record<number, OutputRates>> = {
  32: { binary32: 2, unary32: 3, mul32: 3, mul: 3, add: 6, maxPool: 1, other: 2, table: 1, clamp: 1 },
  64: { binary32: 1, unary32: 1.5, mul32: 1.5, mul: 1.5, add: 3, maxPool: 0.5, other: 1, table: 1, clamp: 1 },
  128: {
    binary32: 0.75,
    unary32: 1.25,
    mul32: 0.75,
    mul: 0.75,
    add: 1.5,
    maxPool: 0.25,
    other: 0.5,
    table: 1,
    clamp: 0.5,
  },
  256: {
    binary32: 0.625,
    unary32: 1.125,
    mul32: 0.5,
    mul: 0.375,
    add: 0.75,
    maxPool: 0.125,
    other: 0.25,
    table: 1,
    clamp: 0.25,
  },
};

const volume = ({ width, height, depth }: Block): number => width * height * depth;
const smaller = (a: Block, b: Block): Block => ({
  width: Math.min(a.width, b.width),
  height: Math.min(a.height, b.height),
  depth: Math.min(a.depth, b.depth),
});

const ratesOf = (hardware: EthosHardware): OutputRates =>
  outputRates[hardware.macs / hardware.cores] ?? outputRates[256];

function cyclesPerElement(work: Work, hardware: EthosHardware): number {
  const rates = ratesOf(hardware);
  const activation = work.activation === 'table' ? rates.table : work.activation === 'clamp' ? rates.clamp : 0;
  return Math.max(rates[rateName(work)], activation) / hardware.cores;
}

function rateName({ kind, mode, input, output, binary }: Work): keyof OutputRates {
  if (kind === 'elementwise' && input.elementBytes === 4) return binary ? 'binary32' : 'unary32';
  if (mode === 'mul') return output.elementBytes === 4 ? 'mul32' : 'mul';
  if (mode === 'add' || mode === 'sub') return 'add';
  return kind === 'pool' && mode === 'max' ? 'maxPool' : 'other';
}

const brick = 16;

/** Bytes that one burst of a block brings, of those that the memory moves at once. */
function burst(map: MapShape, block: Block, memory: Memory, writes: boolean): number {
  const bytes = map.elementBytes;
  if (map.bricks) return Math.min(memory.burstBytes, brick * bytes * block.width);
  const row = bytes * block.depth;
  return Math.min(memory.burstBytes, writes ? Math.min(64, brick * bytes, row) : row);
}

function transferCycles(map: MapShape, block: Block, memory: Memory, writes: boolean): number {
  const bytes = volume(smaller(map, block)) * map.elementBytes;
  const useful = memory.burstBytes / burst(map, block, memory, writes);
  return (writes ? memory.writeLatency : memory.readLatency) + (bytes * useful) / memory.bytesPerCycle;
}

const subkernel = 8;

/** Sizes of the sub-kernels of one dimension. */
const parts = (taps: number): number[] =>
  Array.from({ length: Math.ceil(taps / subkernel) }, (_, i) => Math.min(subkernel, taps - i * subkernel));

/** The micro-block for one row of outputs and one-row kernels is four wide where else it is two by two. */
function microOf(work: Work, { micro }: EthosHardware): readonly [number, number, number] {
  const row = work.output.height === 1 && work.output.width % 2 === 0 && work.kernelHeight === 1;
  return micro[1] === 2 && row && work.kind !== 'pool' ? [4, 1, micro[2]] : micro;
}

/** A pause after each step where micro-blocks are too few to hide the multipliers' depth. */
const pipelineDelay = (hardware: EthosHardware): number => (hardware.macs === 32 ? 3 : 2);

/** Cycles of the multipliers for one block. */
function multiplierCycles(work: Work, block: Block, hardware: EthosHardware): number {
  const micro = microOf(work, hardware);
  const across = Math.ceil(block.width / micro[0]) * Math.ceil(block.height / micro[1]);
  const deep = Math.ceil(block.depth / micro[2]);
  const reload = (32 * micro[2]) / 8;
  const inputDepth = Math.min(work.input.depth, work.inputBlock.depth);
  const sums = work.kind === 'conv' || work.mode === 'reduceSum';
  const passes = sums ? Math.ceil(work.input.depth / inputDepth) : 1;
  const inner = work.partKernelFirst ? Math.ceil(inputDepth / 8) : 1;
  let cycles = 0;
  for (const rows of parts(work.kernelHeight))
    for (const columns of parts(work.kernelWidth)) {
      const taps = rows * columns;
      const steps = work.kind === 'depthwise' || work.partKernelFirst ? Math.ceil(taps / 4) : taps;
      if (work.kind === 'pool' && !sums) cycles += poolCycles(taps) * across * deep;
      else cycles += Math.max(reload, 4 * across) * steps * deep * inner;
      cycles += inner * pauses(across, deep, work.kind === 'pool' && !sums ? 1 : steps, pipelineDelay(hardware));
    }
  return (cycles * passes) / hardware.cores;
}

/** One element per cycle and micro-block, four at least. */
const poolCycles = (taps: number): number => Math.max(4, taps);

function pauses(across: number, deep: number, steps: number, delay: number): number {
  if (across > 1) return 0;
  return deep === 1 ? delay * steps : steps > 1 ? delay * (steps - 1) * deep : 0;
}

/** Sizes of the blocks along one dimension, and how many there are of each. */
function sizesAlong(size: number, block: number): { size: number; count: number }[] {
  const rest = size % block;
  const whole = { size: block, count: Math.floor(size / block) };
  return [...(whole.count > 0 ? [whole] : []), ...(rest > 0 ? [{ size: rest, count: 1 }] : [])];
}

/** The blocks that cover an output, those at its edges smaller. */
function blocksOf({ output, block }: Work): { block: Block; count: number }[] {
  return sizesAlong(output.depth, block.depth).flatMap((d) =>
    sizesAlong(output.height, block.height).flatMap((h) =>
      sizesAlong(output.width, block.width).map((w) => ({
        block: { width: w.size, height: h.size, depth: d.size },
        count: w.count * h.count * d.count,
      })),
    ),
  );
}

function elementwiseCycles(work: Work, perElement: number, memoryCycles: number): number {
  const elements = volume(work.block);
  const each = Math.max(perElement, (memoryCycles / elements + perElement) / 4);
  const depth = work.output.bricks ? brick * Math.ceil(work.output.depth / brick) : work.output.depth;
  return Math.ceil(each * work.output.height * work.output.width * depth);
}

/** Multipliers and output stage work beside each other, block by block; the first read and the last write come on top. */
function computeCycles(work: Work, hardware: EthosHardware, input: Memory, output: Memory): number {
  const perElement = cyclesPerElement(work, hardware);
  const memoryCycles =
    transferCycles(work.input, work.inputBlock, input, false) + transferCycles(work.output, work.block, output, true);
  if (work.kind === 'elementwise') return elementwiseCycles(work, perElement, memoryCycles);
  let cycles = memoryCycles;
  let last = 0;
  for (const { block, count } of blocksOf(work)) {
    const outputs = perElement * volume(block);
    const multipliers = multiplierCycles(work, block, hardware);
    const command = (memoryCycles + outputs + multipliers) / 4;
    cycles += count * Math.max(outputs, multipliers, command);
    last = Math.max(Math.min(outputs, multipliers), command);
  }
  return Math.ceil(cycles + last);
}

/** What an operation reads and writes, and where. */
export interface Traffic {
  input: Memory;
  output: Memory;
  /** Weights and scales as they lie in memory; none: 0 bytes. */
  parameters: Memory;
  parameterBytes: number;
}

const roundedDepth = ({ depth, bricks }: MapShape): number => (bricks ? brick * Math.ceil(depth / brick) : depth);

/** Bytes that the blocks of an operation read of its input: what two blocks share is read twice. */
function inputBytes({ kind, input, output, inputBlock, block, binary, ...work }: Work): number {
  const depth = roundedDepth(input);
  if (kind === 'elementwise') return output.height * output.width * depth * input.elementBytes * (binary ? 2 : 1);
  const subkernels = Math.ceil(work.kernelHeight / subkernel) * Math.ceil(work.kernelWidth / subkernel);
  const across = Math.ceil(output.width / block.width) * Math.ceil(output.height / block.height);
  const deep = kind === 'conv' ? Math.ceil(output.depth / block.depth) : 1;
  const area = Math.min(input.width, inputBlock.width) * Math.min(input.height, inputBlock.height);
  return area * depth * input.elementBytes * subkernels * across * deep;
}

/** Cycles of an operation: of what computes, or of the memory that is busiest. */
export function operationCycles(work: Work, hardware: EthosHardware, traffic: Traffic): number {
  const { output, block } = work;
  const turns = Math.ceil(output.width / block.width) * Math.ceil(output.height / block.height);
  const busy = new Map<Memory, number>();
  const add = (memory: Memory, bytes: number): void => {
    busy.set(memory, (busy.get(memory) ?? 0) + bytes / memory.bytesPerCycle);
  };
  add(traffic.input, inputBytes(work));
  add(traffic.output, output.height * output.width * roundedDepth(output) * output.elementBytes);
  add(traffic.parameters, traffic.parameterBytes * turns);
  return Math.max(computeCycles(work, hardware, traffic.input, traffic.output), ...busy.values());
}
