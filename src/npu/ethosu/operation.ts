// SPDX-License-Identifier: Apache-2.0
// What an operation of the stream is, out of its registers: one typed value instead of eighty numbers.
import type { MapGeometry } from './featureMap.js';
import type { LongRegister, ShortRegister, StreamOperation } from './registers.js';
import { type NpuRounding, roundings, type Scale } from './scaling.js';

type Broken = (reason: string) => never;

export interface MapRegisters extends MapGeometry {
  region: number;
  zeroPoint: number;
}

export interface KernelRegisters {
  height: number;
  width: number;
  strideY: number;
  strideX: number;
  dilationY: number;
  dilationX: number;
  partKernelFirst: boolean;
  padTop: number;
  padLeft: number;
  padBottom: number;
  padRight: number;
  /** 0 none, 1 nearest, 2 zeros between (transposed convolution). */
  upscale: number;
}

export interface OutputStage {
  rounding: NpuRounding;
  /** One scale for the whole output; without it convolutions have one per channel. */
  scale?: Scale;
  min: number;
  max: number;
  /** Lookup table 0-7 behind the clamp, and the value that its first entry is for. */
  table?: { slot: number; first: number };
}

export interface Range {
  region: number;
  base: number;
  length: number;
}

/** Registers of one operation, each read at most once and `broken` when nobody has set it. */
export class OperationRegisters {
  constructor(
    private readonly operation: StreamOperation,
    private readonly broken: Broken,
  ) {}

  short(name: ShortRegister): number {
    return this.operation.registers.short[name] ?? this.missing(name);
  }

  optional(name: ShortRegister): number | undefined {
    return this.operation.registers.short[name];
  }

  signed(name: ShortRegister): number {
    return (this.short(name) << 16) >> 16;
  }

  long(name: LongRegister): number {
    return this.operation.registers.long[name]?.value ?? this.missing(name);
  }

  /** An address of up to 48 bits: on U65 the parameter holds the upper ones. */
  address(name: LongRegister): number {
    const register = this.operation.registers.long[name] ?? this.missing(name);
    return register.parameter * 2 ** 32 + register.value;
  }

  scale(name: LongRegister): Scale {
    const register = this.operation.registers.long[name] ?? this.missing(name);
    return { multiplier: register.value, shift: register.parameter & 0x3f };
  }

  private missing(name: string): never {
    return this.broken(`word ${this.operation.word}: ${this.operation.name} needs ${name}, which was never set`);
  }

  fail(reason: string): never {
    return this.broken(`word ${this.operation.word}: ${reason}`);
  }
}

const elementSizes = [1, 2, 4] as const;

function elementBytes(registers: OperationRegisters, code: number): 1 | 2 | 4 {
  return elementSizes[code] ?? registers.fail('elements of 8 bytes do not exist');
}

/** Elements of 32 bits have no zero point: Vela leaves whatever value the register had. */
const zeroPointOf = (registers: OperationRegisters, name: ShortRegister, sizeCode: number): number =>
  sizeCode === 2 ? 0 : registers.signed(name);

/** A table of words makes 32 bits of a byte, and that byte has one. */
const outputZeroPoint = (registers: OperationRegisters, sizeCode: number): number =>
  forcedRange(registers) ? registers.signed('OFM_ZERO_POINT') : zeroPointOf(registers, 'OFM_ZERO_POINT', sizeCode);

/** No part has so much memory; a damaged register can ask for 2^48 elements. */
const elementLimit = 2 ** 26;

function plausible<T extends MapGeometry>(registers: OperationRegisters, map: T): T {
  const count = map.height * map.width * map.depth;
  return count <= elementLimit
    ? map
    : registers.fail(`a feature map of ${map.height}x${map.width}x${map.depth} is not plausible`);
}

/** The output map and its zero point. */
export function outputMap(registers: OperationRegisters): MapRegisters {
  const precision = registers.short('OFM_PRECISION');
  return plausible(registers, {
    region: registers.short('OFM_REGION'),
    zeroPoint: outputZeroPoint(registers, (precision >> 1) & 3),
    height: registers.short('OFM_HEIGHT_M1') + 1,
    width: registers.short('OFM_WIDTH_M1') + 1,
    depth: registers.short('OFM_DEPTH_M1') + 1,
    signed: (precision & 1) === 1,
    elementBytes: elementBytes(registers, (precision >> 1) & 3),
    bricks: (precision & 0x40) !== 0,
    ...tiles(registers, 'OFM'),
  });
}

function tiles(registers: OperationRegisters, map: 'IFM' | 'IFM2' | 'OFM') {
  return {
    bases: [
      registers.address(`${map}_BASE0`),
      registers.address(`${map}_BASE1`),
      registers.address(`${map}_BASE2`),
      registers.address(`${map}_BASE3`),
    ] as const,
    width0: registers.short(`${map}_WIDTH0_M1`) + 1,
    height0: registers.short(`${map}_HEIGHT0_M1`) + 1,
    height1: registers.short(`${map}_HEIGHT1_M1`) + 1,
    strideX: registers.address(`${map}_STRIDE_X`),
    strideY: registers.address(`${map}_STRIDE_Y`),
    strideC: registers.address(`${map}_STRIDE_C`),
  };
}

/** An input map of a size that the caller knows. */
export function inputMap(
  registers: OperationRegisters,
  map: 'IFM' | 'IFM2',
  { height, width, depth }: { height: number; width: number; depth: number },
): MapRegisters {
  const precision = registers.short(`${map}_PRECISION`);
  return plausible(registers, {
    region: registers.short(`${map}_REGION`),
    zeroPoint: zeroPointOf(registers, `${map}_ZERO_POINT`, (precision >> 2) & 3),
    height,
    width,
    depth,
    signed: (precision & 1) === 1,
    elementBytes: elementBytes(registers, (precision >> 2) & 3),
    bricks: (precision & 0x40) !== 0,
    ...tiles(registers, map),
  });
}

/** Kernel, stride, dilation, padding. */
export function kernelOf(registers: OperationRegisters): KernelRegisters {
  const bits = registers.short('KERNEL_STRIDE');
  const dilationX = ((bits >> 3) & 1) + 1;
  const dilationY = ((bits >> 4) & 1) + 1;
  return {
    strideX: ((bits & 1) | (((bits >> 6) & 7) << 1)) + 1,
    strideY: (((bits >> 1) & 1) | (((bits >> 9) & 7) << 1)) + 1,
    dilationX,
    dilationY,
    partKernelFirst: (bits & 4) !== 0,
    width: Math.floor(registers.short('KERNEL_WIDTH_M1') / dilationX) + 1,
    height: Math.floor(registers.short('KERNEL_HEIGHT_M1') / dilationY) + 1,
    padTop: registers.short('IFM_PAD_TOP'),
    padLeft: registers.short('IFM_PAD_LEFT'),
    padBottom: registers.short('IFM_PAD_BOTTOM'),
    padRight: registers.short('IFM_PAD_RIGHT'),
    upscale: registers.short('IFM_UPSCALE'),
  };
}

/** Size of the input that a kernel needs for an output: no register says it. */
export function inputSize(output: MapRegisters, kernel: KernelRegisters): { height: number; width: number } {
  const height =
    (output.height - 1) * kernel.strideY +
    (kernel.height - 1) * kernel.dilationY +
    1 -
    kernel.padTop -
    kernel.padBottom;
  const width =
    (output.width - 1) * kernel.strideX + (kernel.width - 1) * kernel.dilationX + 1 - kernel.padLeft - kernel.padRight;
  const scale = kernel.upscale === 0 ? 1 : 2;
  return { height: Math.max(1, Math.ceil(height / scale)), width: Math.max(1, Math.ceil(width / scale)) };
}

const tableCode = 16;
/** ACTIVATION [14:12]: the range to clamp to; 0 is that of the output. */
const forcedRanges: Record<number, readonly [number, number]> = { 2: [0, 255], 3: [-128, 127], 5: [-32_768, 32_767] };
const forcedRange = (registers: OperationRegisters): readonly [number, number] | undefined =>
  forcedRanges[(registers.short('ACTIVATION') >> 12) & 7];
const int32Range = [-(2 ** 31), 2 ** 31 - 1] as const;

/** Scaling, clamp and table behind the accumulators. */
export function outputStage(registers: OperationRegisters, output: MapRegisters): OutputStage {
  const precision = registers.short('OFM_PRECISION');
  const activation = registers.short('ACTIVATION');
  const code = activation & 0x1f;
  if (code !== 0 && code < tableCode)
    registers.fail(
      `activation ${code} (${code === 3 ? 'tanh' : 'sigmoid'} in hardware) is not in the functional model`,
    );
  const forced = forcedRange(registers);
  const [low, high] =
    forced ??
    (output.elementBytes === 4 ? int32Range : [registers.signed('ACTIVATION_MIN'), registers.signed('ACTIVATION_MAX')]);
  return {
    rounding: roundings[(precision >> 14) & 3] ?? registers.fail('rounding mode 3 does not exist'),
    scale: precision & 0x100 ? registers.scale('OFM_SCALE') : undefined,
    min: forced ? Math.max(low, registers.signed('ACTIVATION_MIN')) : low,
    max: forced ? Math.min(high, registers.signed('ACTIVATION_MAX')) : high,
    table:
      code >= tableCode ? { slot: code - tableCode, first: (forced ? low < 0 : output.signed) ? -128 : 0 } : undefined,
  };
}

/** Where a core's weights or scales are, in one region. */
export function rangeOf(registers: OperationRegisters, what: 'WEIGHT' | 'SCALE', core: 0 | 1 = 0): Range {
  const name = core === 0 ? what : (`${what}1` as const);
  return {
    region: registers.short(`${what}_REGION`),
    base: registers.address(`${name}_BASE`),
    length: registers.long(`${name}_LENGTH`),
  };
}

/** Cores that an operation runs on. */
export const coresOf = (registers: OperationRegisters): readonly (0 | 1)[] =>
  registers.optional('PARALLEL_MODE') === 1 ? [0, 1] : [0];
