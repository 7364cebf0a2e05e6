// SPDX-License-Identifier: Apache-2.0
// One operation -> its registers, in the order in which Vela writes them (register_command_stream_generator.py), so that
// streams can be compared word by word.
import { elementwiseModes, type OperationName, poolModes, type StreamOperation } from '../registers.js';
import { roundings } from '../scaling.js';
import type { BlockConfig } from './blockConfig.js';
import {
  type ElementwiseOperation,
  isView,
  type Kernel,
  type MapView,
  type NpuOperation,
  type PoolOperation,
} from './npuOperation.js';
import type { RegisterWriter } from './registerWriter.js';

export interface Place {
  region: number;
  address: number;
}

export interface Range extends Place {
  length: number;
}

export interface ParameterRanges {
  scales: Range;
  weights: Range;
}

/** All that an operation's registers say beyond the operation itself. */
export interface Emission {
  operation: NpuOperation;
  config: BlockConfig;
  /** Where storages begin. */
  placeOf(storage: number): Place;
  /** Of each core. */
  parameters?: readonly ParameterRanges[];
  /** Slot of the lookup table. */
  tableSlot?: number;
  /** BLOCKDEP of the operation as its other registers have it. */
  blockDependency(operation: StreamOperation): number;
}

const log2Bytes = (view: MapView): number => Math.log2(view.elementBytes);

type MapName = 'IFM' | 'IFM2' | 'OFM';

/** Rows of the upper tile: what does not fit behind them follows at the beginning of a rolling buffer. */
const upperRows = ({ height, rolling }: MapView): number =>
  rolling ? Math.min(height, rolling.rows - rolling.first) : height;

function putAddresses(out: RegisterWriter, name: MapName, view: MapView, place: Place): void {
  out.short(`${name}_REGION`, place.region);
  const start = place.address + view.offset;
  out.address(`${name}_BASE0`, start + (view.rolling?.first ?? 0) * view.strideY);
  out.address(`${name}_BASE1`, 0);
  out.address(`${name}_BASE2`, upperRows(view) < view.height ? start : 0);
  out.address(`${name}_BASE3`, 0);
}

function putTiles(out: RegisterWriter, name: MapName, view: MapView): void {
  const rows = upperRows(view);
  out.short(`${name}_HEIGHT0_M1`, rows - 1);
  out.short(`${name}_HEIGHT1_M1`, rows - 1);
  out.short(`${name}_WIDTH0_M1`, view.width - 1);
}

function putStrides(out: RegisterWriter, name: MapName, view: MapView): void {
  out.address(`${name}_STRIDE_Y`, view.strideY);
  out.address(`${name}_STRIDE_X`, view.strideX);
  out.address(`${name}_STRIDE_C`, view.strideC);
}

function putInput(out: RegisterWriter, { operation, placeOf }: Emission): void {
  const { input } = operation;
  putAddresses(out, 'IFM', input, placeOf(input.storage));
  putTiles(out, 'IFM', input);
  out.short('IFM_DEPTH_M1', input.depth - 1);
  putStrides(out, 'IFM', input);
  out.short('IFM_ZERO_POINT', input.zeroPoint);
  const which = operation.kind === 'elementwise' ? (operation.scales?.which ?? 0) : 0;
  out.short('IFM_PRECISION', precision(input, 2) | (which << 8));
  out.short('IFM_UPSCALE', 0);
}

/** Signed, size, layout: all maps are signed. */
const precision = (view: MapView, sizeBit: number): number =>
  1 | (log2Bytes(view) << sizeBit) | (view.bricks ? 0x40 : 0);

function putOutput(out: RegisterWriter, { operation, placeOf }: Emission): void {
  const { output, stage } = operation;
  putAddresses(out, 'OFM', output, placeOf(output.storage));
  out.short('OFM_HEIGHT_M1', output.height - 1);
  out.short('OFM_WIDTH_M1', output.width - 1);
  putTiles(out, 'OFM', output);
  out.short('OFM_DEPTH_M1', output.depth - 1);
  putStrides(out, 'OFM', output);
  out.short('OFM_ZERO_POINT', output.zeroPoint);
  const global = stage.scale ? 0x100 : 0;
  out.short('OFM_PRECISION', precision(output, 1) | global | (roundings.indexOf(stage.rounding) << 14));
}

function putKernel(out: RegisterWriter, kernel: Kernel, partKernelFirst: boolean): void {
  out.short('KERNEL_HEIGHT_M1', kernel.dilationY * (kernel.height - 1));
  out.short('KERNEL_WIDTH_M1', kernel.dilationX * (kernel.width - 1));
  const [x, y] = [kernel.strideX - 1, kernel.strideY - 1];
  out.short(
    'KERNEL_STRIDE',
    (x & 1) |
      ((y & 1) << 1) |
      ((partKernelFirst ? 1 : 0) << 2) |
      ((kernel.dilationX - 1) << 3) |
      ((kernel.dilationY - 1) << 4) |
      ((x >> 1) << 6) |
      ((y >> 1) << 9),
  );
}

function putPadding(out: RegisterWriter, kernel: Kernel): void {
  out.short('IFM_PAD_TOP', kernel.padTop);
  out.short('IFM_PAD_LEFT', kernel.padLeft);
  out.short('IFM_PAD_BOTTOM', kernel.padBottom);
  out.short('IFM_PAD_RIGHT', kernel.padRight);
}

const coreNames = [
  { WEIGHT: 'WEIGHT', SCALE: 'SCALE' },
  { WEIGHT: 'WEIGHT1', SCALE: 'SCALE1' },
] as const;

function putParameters(out: RegisterWriter, { parameters }: Emission): void {
  if (!parameters) return;
  for (const [what, key] of [
    ['WEIGHT', 'weights'],
    ['SCALE', 'scales'],
  ] as const) {
    out.short(`${what}_REGION`, parameters[0][key].region);
    parameters.forEach((core, i) => {
      const name = coreNames[i][what];
      out.address(`${name}_BASE`, core[key].address);
      out.long(`${name}_LENGTH`, core[key].length);
    });
  }
}

const tableCode = 16;
/** ACTIVATION [14:12]: what indexes a table of words is clamped to eight bits signed. */
const forceInt8 = 3 << 12;

function putActivation(out: RegisterWriter, { stage, output }: NpuOperation, tableSlot: number | undefined): void {
  const range = output.elementBytes === 4 ? forceInt8 : 0;
  out.short('ACTIVATION', tableSlot === undefined ? 0 : (tableCode + tableSlot) | range);
  out.short('ACTIVATION_MIN', stage.min);
  out.short('ACTIVATION_MAX', stage.max);
}

function putBlock(out: RegisterWriter, { operation, config }: Emission): void {
  out.short('OFM_BLK_HEIGHT_M1', config.block.height - 1);
  out.short('OFM_BLK_WIDTH_M1', config.block.width - 1);
  out.short('OFM_BLK_DEPTH_M1', config.block.depth - 1);
  out.short('IFM_IB_END', config.inputEnd);
  out.short('AB_START', config.accumulatorStart);
  if (operation.kind === 'elementwise' && isView(operation.second)) out.short('IFM2_IB_START', config.secondStart);
  out.short('ACC_FORMAT', 0);
}

function putScales(out: RegisterWriter, operation: ElementwiseOperation | PoolOperation): void {
  const { scale } = operation.stage;
  if (operation.kind === 'elementwise' && operation.scales) {
    const { a, b } = operation.scales;
    out.long('OPA_SCALE', a.multiplier, a.shift);
    out.long('OPB_SCALE', b.multiplier, b.shift);
  }
  if (scale) out.long('OFM_SCALE', scale.multiplier, scale.shift);
}

const broadcastBits = { height: 1, width: 2, depth: 4, reversed: 0x40, scalar: 0x80 } as const;

function putSecond(out: RegisterWriter, operation: ElementwiseOperation, placeOf: Emission['placeOf']): void {
  const { second, input, reversed } = operation;
  if (!second) return;
  const turned = reversed ? broadcastBits.reversed : 0;
  if (!isView(second)) {
    out.short('IFM2_ZERO_POINT', second.zeroPoint);
    out.short('IFM2_PRECISION', precision({ ...input, bricks: false }, 2));
    out.short('IFM2_BROADCAST', turned | broadcastBits.scalar);
    out.short('IFM2_SCALAR', second.scalar);
    return;
  }
  putAddresses(out, 'IFM2', second, placeOf(second.storage));
  putTiles(out, 'IFM2', second);
  putStrides(out, 'IFM2', second);
  out.short('IFM2_ZERO_POINT', second.zeroPoint);
  out.short('IFM2_PRECISION', precision(second, 2));
  const dimensions = (['height', 'width', 'depth'] as const).filter((d) => second[d] !== input[d]);
  out.short(
    'IFM2_BROADCAST',
    dimensions.reduce((bits, d) => bits | broadcastBits[d], turned),
  );
}

/** The operation's name in the stream, and its parameter. */
function nameOf(operation: NpuOperation): [OperationName, number] {
  if (operation.kind === 'pool') return ['POOL', poolModes.indexOf(operation.mode)];
  if (operation.kind === 'elementwise') return ['ELEMENTWISE', elementwiseModes.indexOf(operation.mode)];
  return [operation.kind === 'conv' ? 'CONV' : 'DEPTHWISE', 0];
}

/** Writes the registers of an operation; `waits` come between them and the operation itself. */
export function emitOperation(out: RegisterWriter, emission: Emission, waits: () => void): void {
  const { operation, config, tableSlot } = emission;
  if (operation.kind === 'elementwise') putScales(out, operation);
  putInput(out, emission);
  if (operation.kind !== 'elementwise') putPadding(out, operation.kernel);
  putOutput(out, emission);
  if (operation.kind !== 'elementwise') putKernel(out, operation.kernel, config.partKernelFirst);
  putParameters(out, emission);
  if (operation.kind === 'pool') putScales(out, operation);
  putActivation(out, operation, tableSlot);
  if (operation.kind === 'elementwise') putSecond(out, operation, emission.placeOf);
  putBlock(out, emission);
  const [name, parameter] = nameOf(operation);
  out.short('BLOCKDEP', emission.blockDependency(out.read(name, parameter)));
  waits();
  out.operation(name, parameter);
}
