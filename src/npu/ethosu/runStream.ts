// SPDX-License-Identifier: Apache-2.0
// The functional model of Ethos-U55 and U65: runs the operations of a command stream on the memory of its regions.
// It computes what the hardware is documented to compute; timing, SHRAM hazards, waits and caches it cannot see.
import {
  averageScale,
  convolve,
  elementwise,
  finish,
  multiply,
  type OperandScaling,
  pool,
  type Windowed,
} from './arithmetic.js';
import { elements, readMap, writeMap } from './featureMap.js';
import { ethosHardware, microDepth } from './hardware.js';
import {
  coresOf,
  inputMap,
  inputSize,
  type KernelRegisters,
  kernelOf,
  type MapRegisters,
  OperationRegisters,
  type OutputStage,
  outputMap,
  outputStage,
  type Range,
  rangeOf,
} from './operation.js';
import type { EthosConfig } from './payload.js';
import {
  type ElementwiseMode,
  elementwiseModes,
  type OperationName,
  poolModes,
  type StreamOperation,
} from './registers.js';
import { type ChannelScale, readChannelScale, scaleBytes } from './scaling.js';
import { unorderWeights } from './weightOrder.js';
import { decodeWeights } from './weightStream.js';

type Broken = (reason: string) => never;

/** Memory by region: 0 constants, 1 arena, 2 fast scratch, 3 the NPU's own SHRAM (lookup tables). */
export type Regions = readonly Uint8Array[];
const shramRegion = 3;
/** DMA into SHRAM is marked by this bit of the region. */
const shramFlag = 0x100;

export interface StreamRun {
  config: EthosConfig;
  regions: Regions;
  broken: Broken;
  /** Decoded weights by range, since one stream is decoded for every inference. */
  weights: Map<string, Int16Array>;
}

function region(run: StreamRun, index: number): Uint8Array {
  return run.regions[index & shramFlag ? shramRegion : index] ?? run.broken(`region ${index} does not exist`);
}

function bytesOf(run: StreamRun, { region: index, base, length }: Range): Uint8Array {
  const memory = region(run, index);
  if (base + length > memory.length)
    run.broken(`bytes ${base} to ${base + length} lie outside region ${index} of ${memory.length}`);
  return memory.subarray(base, base + length);
}

/** Table of 256 entries in SHRAM, one per output byte: bytes, or words of 32 bits for outputs of 4 bytes. */
function tableLookup(
  run: StreamRun,
  stage: OutputStage,
  output: MapRegisters,
): ((index: number) => number) | undefined {
  if (stage.table === undefined) return undefined;
  const { first } = stage.table;
  // Tables lie in the last two banks of 1 KiB; a table of words takes four slots.
  // The word of a part counts the shared RAM of all its cores; each has the tables in its own.
  const cores = ethosHardware[run.config.id]?.cores ?? 1;
  const start = (run.config.shramKib / cores - 2) * 1024 + stage.table.slot * 256;
  const size = output.elementBytes === 4 ? 1024 : 256;
  const bytes = bytesOf(run, { region: shramRegion, base: start, length: size });
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  // A clamp wider than the table reads its last entries, as an index of eight bits must.
  const entry = (value: number): number => Math.min(255, Math.max(0, value - first));
  if (output.elementBytes === 4) return (value) => view.getInt32(4 * entry(value), true);
  return (value) => (output.signed ? view.getInt8(entry(value)) : view.getUint8(entry(value)));
}

const store = (run: StreamRun, output: MapRegisters, dense: Int32Array): void =>
  writeMap(region(run, output.region), output, dense, run.broken);

const load = (run: StreamRun, map: MapRegisters): Int32Array => readMap(region(run, map.region), map, run.broken);

/** Of two cores each has every second channel. */
const ownChannels = (channels: number, core: number, cores: number): number => Math.ceil((channels - core) / cores);

function channelScales(run: StreamRun, registers: OperationRegisters, channels: number): ChannelScale[] {
  const cores = coresOf(registers);
  const scales = new Array<ChannelScale>(channels);
  for (const core of cores) {
    const own = ownChannels(channels, core, cores.length);
    if (own === 0) continue;
    const bytes = bytesOf(run, rangeOf(registers, 'SCALE', core));
    if (bytes.length < own * scaleBytes) run.broken(`${bytes.length} bytes of scales are too few for ${own} channels`);
    for (let i = 0; i < own; i++) scales[core + i * cores.length] = readChannelScale(bytes, i);
  }
  return scales;
}

interface CoreWeights {
  range: Range;
  blockDepth: number;
  outputs: number;
}

function decoded(
  run: StreamRun,
  w: Windowed,
  depthwise: boolean,
  { range, blockDepth, outputs }: CoreWeights,
): Int16Array {
  const { kernel, inputMap: map } = w;
  const key = [range.region, range.base, range.length, blockDepth, outputs, map.depth, kernel.height].join();
  // What lies in the read-only region stays what it is; what a DMA brought may change.
  const known = range.region === 0 ? run.weights.get(key) : undefined;
  if (known) return known;
  const order = {
    outputs,
    inputs: depthwise ? 1 : map.depth,
    kernelHeight: kernel.height,
    kernelWidth: kernel.width,
    blockDepth,
    microDepth: microDepth(run.config.id),
    depthwise,
    partKernelFirst: kernel.partKernelFirst,
    inputBits: 8 * map.elementBytes,
    dilationY: kernel.dilationY,
    dilationX: kernel.dilationX,
  };
  const weights = unorderWeights(decodeWeights(bytesOf(run, range), run.broken), order, run.broken);
  if (range.region === 0) run.weights.set(key, weights);
  return weights;
}

function denseWeights(run: StreamRun, registers: OperationRegisters, w: Windowed, depthwise: boolean): Int16Array {
  const cores = coresOf(registers);
  const block = registers.short('OFM_BLK_DEPTH_M1') + 1;
  const streams = cores.map((core) => {
    const outputs = ownChannels(w.output.depth, core, cores.length);
    if (outputs === 0) return new Int16Array(0);
    const blockDepth = ownChannels(block, core, cores.length);
    return decoded(run, w, depthwise, { range: rangeOf(registers, 'WEIGHT', core), blockDepth, outputs });
  });
  if (streams.length === 1) return streams[0];
  const each = w.kernel.height * w.kernel.width * (depthwise ? 1 : w.inputMap.depth);
  const all = new Int16Array(each * w.output.depth);
  for (let c = 0; c < w.output.depth; c++) {
    const at = Math.floor(c / cores.length) * each;
    all.set(streams[c % cores.length].subarray(at, at + each), c * each);
  }
  return all;
}

/** Half a minute of this model; the largest layer of an NPU network for a microcontroller has a hundredth. */
const stepLimit = 2 ** 34;

function windowed(run: StreamRun, registers: OperationRegisters): Windowed & { kernel: KernelRegisters } {
  const output = outputMap(registers);
  const kernel = kernelOf(registers);
  const depth = registers.short('IFM_DEPTH_M1') + 1;
  const steps = elements(output) * kernel.height * kernel.width * depth;
  if (steps > stepLimit) registers.fail(`an operation of ${steps} multiplications is not plausible`);
  const map = inputMap(registers, 'IFM', { ...inputSize(output, kernel), depth });
  return { input: load(run, map), inputMap: map, output, kernel };
}

function runConvolution(run: StreamRun, registers: OperationRegisters, depthwise: boolean): void {
  const w = windowed(run, registers);
  if (depthwise && w.output.depth > w.inputMap.depth)
    registers.fail('a depthwise operation has more outputs than inputs');
  const stage = outputStage(registers, w.output);
  const scales = channelScales(run, registers, w.output.depth);
  const sums = convolve(w, denseWeights(run, registers, w, depthwise), scales, depthwise);
  const table = tableLookup(run, stage, w.output);
  const dense = Int32Array.from(sums, (sum, i) =>
    finish(sum, stage.scale ?? scales[i % w.output.depth], stage, w.output.zeroPoint, table),
  );
  store(run, w.output, dense);
}

function runPool(run: StreamRun, registers: OperationRegisters, parameter: number): void {
  const mode = poolModes[parameter] ?? registers.fail(`pooling mode ${parameter} does not exist`);
  const w = windowed(run, registers);
  const stage = outputStage(registers, w.output);
  const { sums, counts } = pool(w, mode);
  const table = tableLookup(run, stage, w.output);
  const scaleAt = (i: number) =>
    stage.scale ?? (mode === 'average' ? averageScale(counts[Math.floor(i / w.output.depth)]) : undefined);
  store(
    run,
    w.output,
    Int32Array.from(sums, (sum, i) => finish(sum, scaleAt(i), stage, w.output.zeroPoint, table)),
  );
}

const unary: ReadonlySet<ElementwiseMode> = new Set(['lrelu', 'abs', 'clz']);
const broadcastBits = { height: 1, width: 2, depth: 4, reverse: 0x40, scalar: 0x80 } as const;

/** Size of the second input: 1 where it is broadcast. */
const secondSize = (bits: number, output: MapRegisters) => ({
  height: bits & broadcastBits.height ? 1 : output.height,
  width: bits & broadcastBits.width ? 1 : output.width,
  depth: bits & broadcastBits.depth ? 1 : output.depth,
});

/** The second operand at each output position. */
function secondOperand(
  run: StreamRun,
  registers: OperationRegisters,
  output: MapRegisters,
): { at(index: number): number; wide: boolean } {
  const bits = registers.short('IFM2_BROADCAST');
  const zeroPoint = registers.signed('IFM2_ZERO_POINT');
  if (bits & broadcastBits.scalar) {
    const scalar = registers.signed('IFM2_SCALAR') - zeroPoint;
    return { at: () => scalar, wide: false };
  }
  const size = secondSize(bits, output);
  const map = inputMap(registers, 'IFM2', size);
  const dense = load(run, map);
  const at = (index: number): number => {
    const c = index % output.depth;
    const x = Math.floor(index / output.depth) % output.width;
    const y = Math.floor(index / (output.depth * output.width));
    const row = (size.height === 1 ? 0 : y) * size.width + (size.width === 1 ? 0 : x);
    return dense[row * size.depth + (size.depth === 1 ? 0 : c)] - zeroPoint;
  };
  return { at, wide: map.elementBytes === 4 };
}

function operandScaling(
  registers: OperationRegisters,
  mode: ElementwiseMode,
  elementBytes: number,
): OperandScaling | undefined {
  if (mode !== 'add' && mode !== 'sub') return undefined;
  const which = (registers.short('IFM_PRECISION') >> 8) & 3;
  return {
    which,
    a: registers.scale('OPA_SCALE'),
    b: registers.scale('OPB_SCALE'),
    headroom: elementBytes === 1 ? 20 : 15,
  };
}

function runElementwise(run: StreamRun, registers: OperationRegisters, parameter: number): void {
  const mode = elementwiseModes[parameter] ?? registers.fail(`elementwise mode ${parameter} does not exist`);
  const output = outputMap(registers);
  const map = inputMap(registers, 'IFM', { height: output.height, width: output.width, depth: output.depth });
  const first = load(run, map);
  const second = unary.has(mode) ? { at: () => 0, wide: false } : secondOperand(run, registers, output);
  const reverse = !unary.has(mode) && (registers.short('IFM2_BROADCAST') & broadcastBits.reverse) !== 0;
  const scaling = operandScaling(registers, mode, map.elementBytes);
  const stage = outputStage(registers, output);
  const table = tableLookup(run, stage, output);
  const dense = new Int32Array(elements(output));
  for (let i = 0; i < dense.length; i++) {
    const own = first[i] - map.zeroPoint;
    const other = second.at(i);
    const [a, b] = reverse ? [other, own] : [own, other];
    if (mode === 'mul') {
      const product = multiply(a, b, map.elementBytes === 4, stage.scale, stage.rounding);
      dense[i] = finish(product, undefined, stage, output.zeroPoint, table);
    } else {
      const value = elementwise(mode, a, b, scaling, stage.rounding);
      const scale = mode === 'lrelu' && value >= 0 ? undefined : stage.scale;
      dense[i] = finish(value, scale, stage, output.zeroPoint, table);
    }
  }
  store(run, output, dense);
}

function runDma(run: StreamRun, registers: OperationRegisters): void {
  const length = registers.address('DMA0_LEN');
  const source = bytesOf(run, {
    region: registers.short('DMA0_SRC_REGION'),
    base: registers.address('DMA0_SRC'),
    length,
  });
  const target = bytesOf(run, {
    region: registers.short('DMA0_DST_REGION'),
    base: registers.address('DMA0_DST'),
    length,
  });
  target.set(source.slice());
}

/** The input maps of an operation, without what is in them. */
export function operationInputs(operation: StreamOperation, registers: OperationRegisters): MapRegisters[] {
  const output = outputMap(registers);
  const depth = registers.short('IFM_DEPTH_M1') + 1;
  if (operation.name !== 'ELEMENTWISE') {
    return [inputMap(registers, 'IFM', { ...inputSize(output, kernelOf(registers)), depth })];
  }
  const own = inputMap(registers, 'IFM', output);
  const bits = registers.short('IFM2_BROADCAST');
  const alone = unary.has(elementwiseModes[operation.parameter]) || (bits & broadcastBits.scalar) !== 0;
  return alone ? [own] : [own, inputMap(registers, 'IFM2', secondSize(bits, output))];
}

type Runner = (run: StreamRun, registers: OperationRegisters, parameter: number) => void;

/** Waits and the end have nothing to run: the model does one operation after the other. */
const runners: Partial<Record<OperationName, Runner>> = {
  CONV: (run, registers) => runConvolution(run, registers, false),
  DEPTHWISE: (run, registers) => runConvolution(run, registers, true),
  POOL: runPool,
  ELEMENTWISE: runElementwise,
  DMA_START: runDma,
};

/** Runs one operation. */
function runOperation(run: StreamRun, operation: StreamOperation): void {
  const registers = new OperationRegisters(operation, run.broken);
  if ((registers.optional('PARALLEL_MODE') ?? 0) > 1) registers.fail('no part has more than two cores');
  runners[operation.name]?.(run, registers, operation.parameter);
}

/** Runs a whole stream. */
export function runStream(run: StreamRun, operations: readonly StreamOperation[]): void {
  for (const operation of operations) runOperation(run, operation);
}
