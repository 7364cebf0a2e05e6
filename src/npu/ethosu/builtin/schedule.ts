// SPDX-License-Identifier: Apache-2.0
// In which pieces operations run, and which weights are brought to fast memory while the operation before them runs: what
// ends first by the cycle model. A convolution may be cut by output channels, so that its later weights come while the
// first ones are at work.
import type { EthosHardware } from '../hardware.js';
import type { BlockConfig } from './blockConfig.js';
import type { Cascade, Step } from './cascade.js';
import { type Choice, chooseBlock, type MemoriesOf } from './chooseBlock.js';
import type { System } from './memories.js';
import { type ConvOperation, inputViews, type MapView, type NpuOperation } from './npuOperation.js';
import { type PackedParameters, packParameters } from './packParameters.js';
import { brickDepth } from './views.js';

/** An operation, or a cut of one, ready for its registers. */
export interface Piece {
  operation: NpuOperation;
  config: BlockConfig;
  cycles: number;
  parameters?: PackedParameters;
  /** A DMA brings the parameters to a buffer beforehand. */
  buffered: boolean;
  /** It is a stripe. */
  cascade?: Cascade;
}

/** Bytes for weight buffers while a step runs, and while the one before it does. */
export interface BufferRoom {
  own: number;
  before: number;
}

export interface Part {
  hardware: EthosHardware;
  system: System;
  /** Memory that a storage will lie in. */
  fast(storage: number): boolean;
  /** Room for weight buffers; without it, each may take as much as the largest maps. */
  bufferRoom?(step: number): BufferRoom;
  /** Bytes of a node's compressed weights and its scales, where they have been packed before. */
  packedBytes?: ReadonlyMap<string, number>;
  /** A block that somebody else has chosen; for comparisons. */
  givenBlock?(operation: NpuOperation): BlockConfig | undefined;
}

/** Bytes of an operation's parameters; before they have been packed, as if nothing compressed the weights. */
export function parameterBytes({ packedBytes }: Part, operation: NpuOperation): number {
  const raw = isWeighted(operation) ? operation.parameters.weights.length : 0;
  return raw > 0 ? (packedBytes?.get(operation.name) ?? raw) : 0;
}

/** Memories of an operation's maps and parameters. */
export function sizedMemories(part: Part, operation: NpuOperation, buffered: boolean, packed?: number): MemoriesOf {
  const { system } = part;
  const of = (view: MapView) => (part.fast(view.storage) ? system.sram : system.other);
  return {
    input: of(operation.input),
    output: of(operation.output),
    weights: buffered ? system.sram : system.other,
    parameterBytes: packed ?? parameterBytes(part, operation),
  };
}

/** When the multipliers and the DMA are free, in cycles from the start. */
interface Clock {
  kernel: number;
  dma: number;
  /** When the last kernel began. */
  issued: number;
}

function channelView(view: MapView, from: number, to: number): MapView {
  const step = view.bricks ? (from / brickDepth) * view.strideC : from * view.elementBytes;
  return { ...view, offset: view.offset + step, depth: to - from };
}

/** Output channels [from, to) of a convolution. */
export function cut(operation: ConvOperation, from: number, to: number): ConvOperation {
  const { weights, scales } = operation.parameters;
  const each = weights.length / scales.length;
  const input = operation.kind === 'depthwise' ? channelView(operation.input, from, to) : operation.input;
  const parameters = { weights: weights.subarray(from * each, to * each), scales: scales.slice(from, to) };
  return { ...operation, input, output: channelView(operation.output, from, to), parameters };
}

/** Bytes that an operation's maps take. */
const mapBytes = (operation: NpuOperation): number =>
  [...inputViews(operation), operation.output].reduce(
    (sum, { height, width, depth, elementBytes }) => sum + height * width * depth * elementBytes,
    0,
  );

const isWeighted = (o: NpuOperation): o is ConvOperation => o.kind === 'conv' || o.kind === 'depthwise';

class Scheduler {
  private clock: Clock = { kernel: 0, dma: 0, issued: 0 };

  /** A buffer may be as large as what the maps of some operation take: it may not be what memory is needed for. */
  private mostBuffer = 0;
  /** For the operation at hand. */
  private room?: BufferRoom;
  /** Of the piece before, which is at work while the next one's buffer is filled. */
  private previousBuffer = 0;
  private readonly stripes = new Map<number, Pick<Piece, 'config' | 'parameters'>>();

  constructor(private readonly part: Part) {}

  schedule(steps: readonly Step[]): Piece[] {
    this.mostBuffer = Math.max(0, ...steps.map(({ operation }) => mapBytes(operation)));
    return steps.flatMap((step, at) => {
      const { operation, cascade } = step;
      this.room = this.part.bufferRoom?.(at);
      const pieces = cascade
        ? [this.stripe(operation, cascade)]
        : isWeighted(operation)
          ? this.weighted(operation)
          : this.plain(operation);
      const last = pieces[pieces.length - 1];
      // What a cascade keeps is known to the room.
      this.previousBuffer = last.buffered && !cascade ? (last.parameters?.bytes.length ?? 0) : 0;
      return pieces;
    });
  }

  /** Some rows of an operation: block and parameters are those of all its stripes. */
  private stripe(operation: NpuOperation, { cascade, index, tallest }: NonNullable<Step['cascade']>): Piece {
    const buffered = cascade.buffered[index - cascade.from];
    const known = this.stripes.get(index);
    const config = known?.config ?? this.choose(tallest, buffered).config;
    const parameters = known ? known.parameters : isWeighted(tallest) ? this.pack(tallest, config) : undefined;
    const memories = sizedMemories(this.part, operation, buffered, parameters?.bytes.length);
    const { cycles } = chooseBlock(operation, this.part.hardware, memories, config) as Choice;
    this.stripes.set(index, { config, ...(parameters ? { parameters } : {}) });
    const bytes = known || !parameters ? 0 : parameters.bytes.length;
    this.clock =
      parameters && buffered && !known
        ? this.afterBuffered([{ config, cycles }], [bytes])
        : parameters && !buffered
          ? this.afterDirect({ config, cycles }, parameters)
          : { ...this.clock, issued: this.clock.kernel, kernel: this.clock.kernel + cycles };
    const kept = parameters ? { parameters, buffered } : { buffered: false };
    return { operation, config, cycles, ...kept, cascade };
  }

  private choose(operation: NpuOperation, buffered: boolean, packed?: number): Choice {
    const memories = sizedMemories(this.part, operation, buffered, packed);
    const choice = chooseBlock(operation, this.part.hardware, memories, this.part.givenBlock?.(operation));
    if (!choice) throw new Error(`${operation.name}: no block fits the shared RAM`);
    return choice;
  }

  private plain(operation: NpuOperation): Piece[] {
    const choice = this.choose(operation, true);
    this.clock = { ...this.clock, issued: this.clock.kernel, kernel: this.clock.kernel + choice.cycles };
    return [{ operation, ...choice, buffered: false }];
  }

  /** Ways to run a convolution: weights where they are, or in buffers, whole or with a first cut that is small. */
  private weighted(operation: ConvOperation): Piece[] {
    const whole = this.choose(operation, true);
    const packed = this.pack(operation, whole.config);
    const perChannel = packed.bytes.length / operation.output.depth;
    const ways = this.cuts(operation).map((cuts) => {
      const pieces = cuts.map((o) => ({ operation: o, ...(o === operation ? whole : this.choose(o, true)) }));
      const bytes = pieces.map((p) => p.operation.output.depth * perChannel);
      return { pieces, bytes, buffered: true, clock: this.afterBuffered(pieces, bytes) };
    });
    const direct = this.choose(operation, false, packed.bytes.length);
    const unbuffered = { pieces: [{ operation, ...direct }], buffered: false, clock: this.afterDirect(direct, packed) };
    const best = [unbuffered, ...ways.filter((w) => this.fits(w.bytes))].reduce((a, b) =>
      b.clock.kernel < a.clock.kernel ? b : a,
    );
    this.clock = best.clock;
    return best.pieces.map((p) => ({
      ...p,
      parameters: p.config === whole.config ? packed : this.pack(p.operation, p.config),
      buffered: best.buffered,
    }));
  }

  private pack(operation: ConvOperation, config: BlockConfig): PackedParameters {
    return packParameters(operation, config, this.part.hardware);
  }

  /** Each buffer is filled while the piece before it runs, from its own. */
  private fits(bytes: readonly number[]): boolean {
    const { room } = this;
    if (!room) return bytes.every((b) => b <= this.mostBuffer);
    return (
      this.previousBuffer + bytes[0] <= room.before && bytes.every((b, i) => b + (i > 0 ? bytes[i - 1] : 0) <= room.own)
    );
  }

  /** Whole, and cut after the first channels; every cut begins with a brick. */
  private cuts(operation: ConvOperation): ConvOperation[][] {
    const { depth } = operation.output;
    const found = [[operation]];
    for (let first = brickDepth; first < depth; first *= 2)
      found.push([cut(operation, 0, first), cut(operation, first, depth)]);
    for (const size of [brickDepth, brickDepth * 2, brickDepth * 4]) {
      if (depth <= 2 * size) continue;
      const starts = Array.from({ length: Math.ceil(depth / size) }, (_, i) => i * size);
      found.push(starts.map((from) => cut(operation, from, Math.min(depth, from + size))));
    }
    return found;
  }

  private afterDirect({ cycles }: Choice, { bytes }: PackedParameters): Clock {
    const { system } = this.part;
    const start = this.clock.kernel;
    const reading = bytes.length / system.other.bytesPerCycle;
    const end = start + Math.max(cycles, reading);
    return { kernel: end, dma: Math.max(this.clock.dma, start + reading), issued: start };
  }

  /** A DMA is started once the kernel before it has been, and a kernel once its weights are there. */
  private afterBuffered(pieces: readonly Choice[], bytes: readonly number[]): Clock {
    const { other } = this.part.system;
    const { clock } = this;
    let { kernel, dma, issued } = clock;
    pieces.forEach(({ cycles }, i) => {
      dma = Math.max(dma, issued) + other.readLatency + bytes[i] / other.bytesPerCycle;
      issued = Math.max(kernel, dma);
      kernel = issued + cycles;
    });
    return { kernel, dma, issued };
  }
}

/** Pieces in the order in which they run. */
export const scheduleSteps = (steps: readonly Step[], part: Part): Piece[] => new Scheduler(part).schedule(steps);
