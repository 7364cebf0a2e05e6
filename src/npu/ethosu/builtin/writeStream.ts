// SPDX-License-Identifier: Apache-2.0
// Pieces with their places -> the words of the command stream: DMA of weights and tables, waits, operations, the end.
import { largestBlockDependency, nothingRecent, recentAfter } from '../blockDependency.js';
import { bankBytes, type EthosHardware } from '../hardware.js';
import type { StreamOperation } from '../registers.js';
import { emitOperation, type ParameterRanges, type Place, type Range } from './emitOperation.js';
import { inputViews, type MapView } from './npuOperation.js';
import type { PackedParameters } from './packParameters.js';
import { RegisterWriter } from './registerWriter.js';
import type { Piece } from './schedule.js';
import { type Access, type Span, waitsOf } from './waits.js';

export interface Memory {
  places: Map<number, Place>;
  /** Of parameters that a DMA brings. */
  buffers: Map<PackedParameters, Place>;
}

export interface StreamContext {
  hardware: EthosHardware;
  product: 'u55' | 'u65';
  memory: Memory;
  /** Puts bytes into region 0 and says where. */
  addConstant(bytes: Uint8Array): number;
}

interface Dma {
  kind: 'dma';
  from: Range;
  to: Place;
}

interface Kernel {
  kind: 'kernel';
  piece: Piece;
  /** Of each core. */
  parameters?: readonly ParameterRanges[];
  tableSlot?: number;
}

type Step = Dma | Kernel;

const shramRegion = 3 | 0x100;
const tableBytes = 256;
const tableSlots = 8;
const wordsKey = 'words ';
const constantRegion = 0;

/** Tables lie in the last two banks. */
const tableAddress = ({ shramBanks }: EthosHardware, slot: number): number =>
  (shramBanks - 2) * bankBytes + slot * tableBytes;

class StreamSteps {
  private readonly tables = new Map<string, number>();
  private readonly steps: Step[] = [];
  private readonly known = new Map<PackedParameters, readonly ParameterRanges[]>();

  constructor(private readonly context: StreamContext) {}

  of(pieces: readonly Piece[]): Step[] {
    for (const piece of pieces) this.add(piece);
    return this.steps;
  }

  private add(piece: Piece): void {
    const kernel: Kernel = { kind: 'kernel', piece };
    const { table } = piece.operation.stage;
    if (table) kernel.tableSlot = this.loadTable(table);
    if (piece.parameters) kernel.parameters = this.parameters(piece.parameters);
    this.steps.push(kernel);
  }

  /** Stripes of one operation share them. */
  private parameters(packed: PackedParameters): readonly ParameterRanges[] {
    const known = this.known.get(packed);
    if (known) return known;
    const { bytes, cores } = packed;
    const constant: Range = {
      region: constantRegion,
      address: this.context.addConstant(bytes),
      length: bytes.length,
    };
    const buffer = this.context.memory.buffers.get(packed);
    if (buffer) this.steps.push({ kind: 'dma', from: constant, to: buffer });
    const { region, address } = buffer ?? constant;
    const rangeOf = ({ from, length }: { from: number; length: number }): Range => ({
      region,
      address: address + from,
      length,
    });
    const ranges = cores.map(({ scales, weights }) => ({ scales: rangeOf(scales), weights: rangeOf(weights) }));
    this.known.set(packed, ranges);
    return ranges;
  }

  /** A table that is there already is not loaded again. Only tables follow each other on the smaller parts, where
   *  accumulators may lie in the same banks. */
  private loadTable(table: Uint8Array): number {
    const key = (table.length > tableBytes ? wordsKey : '') + table.join();
    const previous = this.steps.at(-1);
    const kept =
      this.context.hardware.shramBanks > 16 || (previous?.kind === 'kernel' && previous.tableSlot !== undefined);
    if (!kept) this.tables.clear();
    const known = this.tables.get(key);
    if (known !== undefined) return known;
    // One of words takes the first four slots: it comes alone.
    const alone = table.length > tableBytes || [...this.tables.keys()].some((k) => k.startsWith(wordsKey));
    if (alone || this.tables.size === tableSlots) this.tables.clear();
    const slot = this.tables.size;
    this.tables.set(key, slot);
    const from = { region: constantRegion, address: this.context.addConstant(table), length: table.length };
    this.steps.push({
      kind: 'dma',
      from,
      to: { region: shramRegion, address: tableAddress(this.context.hardware, slot) },
    });
    return slot;
  }
}

const rangeSpan = ({ region, address, length }: Range): Span => ({ region, start: address, end: address + length });

/** From the first to the last byte of a view, or all of a rolling buffer. */
function viewSpan(view: MapView, { region, address }: Place): Span {
  const from = address + view.offset;
  if (view.rolling) return { region, start: from, end: from + view.rolling.rows * view.strideY };
  const channels = view.bricks
    ? Math.floor((view.depth - 1) / 16) * view.strideC + 16 * view.elementBytes
    : view.depth * view.elementBytes;
  return {
    region,
    start: from,
    end: from + (view.height - 1) * view.strideY + (view.width - 1) * view.strideX + channels,
  };
}

/** Bytes of the shared RAM that a kernel writes: up to the tables, or all of it on the smaller parts. */
function shramSpan({ shramBanks }: EthosHardware, usesTable: boolean): Span {
  const banks = shramBanks - (shramBanks > 16 || usesTable ? 2 : 0);
  return { region: shramRegion, start: 0, end: banks * bankBytes };
}

function accessOf(step: Step, { hardware, memory }: StreamContext): Access {
  if (step.kind === 'dma')
    return {
      kind: 'dma',
      reads: [rangeSpan(step.from)],
      writes: [rangeSpan({ ...step.to, length: step.from.length })],
    };
  const { operation } = step.piece;
  const span = (view: MapView): Span => viewSpan(view, memory.places.get(view.storage) as Place);
  const table = step.tableSlot !== undefined;
  const slots = { region: shramRegion, start: tableAddress(hardware, 0), end: tableAddress(hardware, tableSlots) };
  return {
    kind: 'kernel',
    reads: [
      ...inputViews(operation).map(span),
      ...(step.parameters ?? []).flatMap(({ weights, scales }) => [rangeSpan(weights), rangeSpan(scales)]),
      ...(table ? [slots] : []),
    ],
    writes: [span(operation.output), shramSpan(hardware, table)],
  };
}

function writeDma(out: RegisterWriter, { from, to }: Dma, waits: () => void): void {
  out.short('DMA0_SRC_REGION', from.region);
  out.address('DMA0_SRC', from.address);
  out.short('DMA0_DST_REGION', to.region);
  out.address('DMA0_DST', to.address);
  out.address('DMA0_LEN', from.length);
  waits();
  out.operation('DMA_START');
}

const stopParameter = 0xffff;

const broken = (reason: string): never => {
  throw new Error(`mote's own stream: ${reason}`);
};

/** BLOCKDEP of one operation after the other. */
function blockDependencies(hardware: EthosHardware): (operation: StreamOperation) => number {
  let recent = nothingRecent;
  return (operation) => {
    const found = recent === nothingRecent ? 0 : largestBlockDependency(recent, operation, hardware, broken);
    recent = recentAfter(recent, operation, broken);
    return found;
  };
}

/** All words, up to STOP. */
export function writeStream(pieces: readonly Piece[], context: StreamContext): number[] {
  const { hardware, product, memory } = context;
  const steps = new StreamSteps(context).of(pieces);
  const waits = waitsOf(
    steps.map((step) => accessOf(step, context)),
    product,
  );
  const out = new RegisterWriter();
  if (product === 'u65') out.short('PARALLEL_MODE', hardware.cores - 1);
  const placeOf = (storage: number): Place => memory.places.get(storage) as Place;
  const blockDependency = blockDependencies(hardware);
  for (const [i, step] of steps.entries()) {
    const wait = (): void => {
      const count = waits[i];
      if (count !== undefined) out.operation(step.kind === 'dma' ? 'KERNEL_WAIT' : 'DMA_WAIT', count);
    };
    if (step.kind === 'dma') {
      writeDma(out, step, wait);
      continue;
    }
    const { parameters, tableSlot, piece } = step;
    const emission = {
      operation: piece.operation,
      config: piece.config,
      placeOf,
      ...(parameters ? { parameters } : {}),
      ...(tableSlot === undefined ? {} : { tableSlot }),
      blockDependency,
    };
    emitOperation(out, emission, wait);
  }
  out.operation('STOP', stopParameter);
  return out.words;
}
