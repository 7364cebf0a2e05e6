// SPDX-License-Identifier: Apache-2.0
// Estimated cycles of a command stream, whoever made it: every operation by the published model (kernelCycles.ts), DMA and
// operations beside each other as queues and waits allow. An estimate: nothing here has been on silicon.
import { inputBlock } from '../blockRules.js';
import { type EthosHardware, ethosHardware, oneCore } from '../hardware.js';
import { queuedDmas, queuedKernels } from '../hazards.js';
import { coresOf, kernelOf, type MapRegisters, OperationRegisters, outputMap, rangeOf } from '../operation.js';
import type { EthosConfig } from '../payload.js';
import {
  elementwiseModes,
  kernelOperations,
  poolModes,
  type StreamOperation,
  weightedOperations,
} from '../registers.js';
import { operationInputs } from '../runStream.js';
import { type MapShape, operationCycles, type Traffic, type Work } from './kernelCycles.js';
import { type Memory, memoryOf, type System, systems } from './memories.js';

const shapeOf = ({ width, height, depth, elementBytes, bricks }: MapRegisters): MapShape => ({
  width,
  height,
  depth,
  elementBytes,
  bricks,
});

const kinds = { CONV: 'conv', DEPTHWISE: 'depthwise', POOL: 'pool', ELEMENTWISE: 'elementwise' } as const;
const tableCode = 16;

function activationOf(registers: OperationRegisters): Work['activation'] {
  if ((registers.short('ACTIVATION') & 0x1f) >= tableCode) return 'table';
  return registers.signed('ACTIVATION_MIN') > -128 || registers.signed('ACTIVATION_MAX') < 127 ? 'clamp' : 'none';
}

/** An operation of a stream as the cycle model takes it. */
function workOf(operation: StreamOperation, registers: OperationRegisters, hardware: EthosHardware): Work {
  const kind = kinds[operation.name as keyof typeof kinds];
  const output = outputMap(registers);
  const inputs = operationInputs(operation, registers);
  const block = {
    width: registers.short('OFM_BLK_WIDTH_M1') + 1,
    height: registers.short('OFM_BLK_HEIGHT_M1') + 1,
    depth: registers.short('OFM_BLK_DEPTH_M1') + 1,
  };
  const kernel = kind === 'elementwise' ? undefined : kernelOf(registers);
  return {
    kind,
    ...(kind === 'pool' ? { mode: poolModes[operation.parameter] } : {}),
    ...(kind === 'elementwise' ? { mode: elementwiseModes[operation.parameter] } : {}),
    input: shapeOf(inputs[0]),
    output: shapeOf(output),
    binary: inputs.length > 1,
    kernelHeight: kernel?.height ?? 1,
    kernelWidth: kernel?.width ?? 1,
    block,
    inputBlock: kind === 'elementwise' ? block : inputBlock(operation, registers, block, hardware),
    partKernelFirst: kind === 'conv' && (kernel?.partKernelFirst ?? false),
    activation: activationOf(registers),
  };
}

function trafficOf(operation: StreamOperation, registers: OperationRegisters, system: System): Traffic {
  const weighted = weightedOperations.has(operation.name);
  const memory = (region: number): Memory => memoryOf(system, region);
  const bytes = (what: 'WEIGHT' | 'SCALE'): number =>
    coresOf(registers).reduce<number>((sum, core) => sum + rangeOf(registers, what, core).length, 0);
  return {
    input: memory(registers.short('IFM_REGION')),
    output: memory(registers.short('OFM_REGION')),
    parameters: weighted ? memory(registers.short('WEIGHT_REGION')) : system.sram,
    parameterBytes: weighted ? bytes('WEIGHT') + bytes('SCALE') : 0,
  };
}

/** When queues move on: an operation starts when the commands before it have been taken and the one of its kind is done. */
class Timeline {
  private commands = 0;
  private readonly ends = { kernel: [0], dma: [0] };

  constructor(private readonly queued: { kernel: number; dma: number }) {}

  /** Waits until no more than `outstanding` of a kind are unfinished. */
  wait(kind: 'kernel' | 'dma', outstanding: number): void {
    this.commands = Math.max(this.commands, this.ends[kind].at(-1 - outstanding) ?? 0);
  }

  run(kind: 'kernel' | 'dma', cycles: number): void {
    // A full queue takes no more.
    this.wait(kind, this.queued[kind] - (kind === 'dma' ? 1 : 0));
    const start = Math.max(this.commands, this.ends[kind].at(-1) ?? 0);
    this.ends[kind].push(start + cycles);
  }

  get end(): number {
    return Math.max(this.ends.kernel.at(-1) ?? 0, this.ends.dma.at(-1) ?? 0);
  }
}

export interface StreamCycles {
  total: number;
  /** Of each operation that computes, in order. */
  operations: number[];
}

function dmaCycles(registers: OperationRegisters, system: System): number {
  const source = memoryOf(system, registers.short('DMA0_SRC_REGION'));
  const target = memoryOf(system, registers.short('DMA0_DST_REGION'));
  const bytes = registers.address('DMA0_LEN');
  return source.readLatency + bytes / Math.min(source.bytesPerCycle, target.bytesPerCycle);
}

/** Cycles of a decoded stream on the memories that Vela assumes. */
export function streamCycles(
  operations: readonly StreamOperation[],
  config: EthosConfig,
  broken: (reason: string) => never,
): StreamCycles {
  const part = ethosHardware[config.id] ?? broken(`there is no ${config.id}`);
  const system = systems[config.product];
  const timeline = new Timeline({ kernel: queuedKernels, dma: queuedDmas[config.product] });
  const each: number[] = [];
  for (const operation of operations) {
    const registers = new OperationRegisters(operation, broken);
    if (operation.name === 'DMA_WAIT') timeline.wait('dma', operation.parameter);
    else if (operation.name === 'KERNEL_WAIT') timeline.wait('kernel', operation.parameter);
    else if (operation.name === 'DMA_START') timeline.run('dma', dmaCycles(registers, system));
    else if (kernelOperations.has(operation.name)) {
      const hardware = operation.registers.short.PARALLEL_MODE ? part : oneCore(part);
      const work = workOf(operation, registers, hardware);
      const cycles = operationCycles(work, hardware, trafficOf(operation, registers, system));
      timeline.run('kernel', cycles);
      each.push(cycles);
    }
  }
  return { total: Math.ceil(timeline.end), operations: each };
}
