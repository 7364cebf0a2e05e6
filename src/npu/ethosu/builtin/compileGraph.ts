// SPDX-License-Identifier: Apache-2.0
// A quantized graph of supported nodes -> what an Ethos-U runs: command stream, constants, and where everything lies.
import type { Graph } from '../../../model/graph.js';
import { place } from '../../../plan/place.js';
import { roundUp } from '../../../roundUp.js';
import { blobAlignBytes, blobRegions } from '../../npuBlob.js';
import { type EthosHardware, ethosHardware, oneCore } from '../hardware.js';
import type { BlockConfig } from './blockConfig.js';
import type { Place } from './emitOperation.js';
import { lowerNode } from './lowerNode.js';
import { type System, systems } from './memories.js';
import { inputViews, type NpuOperation, type Storage } from './npuOperation.js';
import { type Piece, scheduleOperations } from './schedule.js';
import { placeViews } from './views.js';
import { writePayload } from './writePayload.js';
import { type Memory, writeStream } from './writeStream.js';

export interface CompileOptions {
  /** A block that somebody else has chosen; for comparisons. */
  givenBlock?(operation: NpuOperation, index: number): BlockConfig | undefined;
}

export interface CompiledPort {
  region: number;
  offsetBytes: number;
  bytes: number;
}

export interface Compiled {
  payload: Uint8Array;
  constants: Uint8Array;
  scratchBytes: number;
  fastScratchBytes: number;
  inputs: CompiledPort[];
  outputs: CompiledPort[];
  pieces: Piece[];
}

/** Regions of their own are few: further ports lie in the scratch. */
const portRegions = blobRegions.count - blobRegions.ports;

interface Lifetime {
  bytes: number;
  first: number;
  last: number;
}

/** Steps from the first to the last that touches each storage; buffers are filled while the step before theirs runs. */
function lifetimes(storages: readonly Storage[], pieces: readonly Piece[]): Lifetime[] {
  const found = storages.map(({ bytes }) => ({ bytes, first: Number.POSITIVE_INFINITY, last: -1 }));
  pieces.forEach(({ operation }, step) => {
    for (const { storage } of [...inputViews(operation), operation.output]) {
      found[storage].first = Math.min(found[storage].first, step);
      found[storage].last = Math.max(found[storage].last, step);
    }
  });
  storages.forEach(({ port }, i) => {
    if (port !== undefined) Object.assign(found[i], { first: 0, last: pieces.length });
  });
  return found;
}

const ownRegion = ({ port }: Storage): boolean => port !== undefined && port < portRegions;
const isPlanned = (storage: Storage): boolean => !storage.data && !ownRegion(storage);

interface Planned {
  memory: Memory;
  scratchBytes: number;
  fastScratchBytes: number;
}

/** Places of storages and weight buffers. On a part with SRAM of its own they lie there, if they fit. */
function planMemory(storages: readonly Storage[], pieces: readonly Piece[], system: System): Planned {
  const lives = lifetimes(storages, pieces);
  const planned = storages.map((s, i) => ({ s, i })).filter(({ s, i }) => isPlanned(s) && lives[i].last >= 0);
  const buffers = pieces.map((piece, i) => ({ piece, i })).filter(({ piece }) => piece.buffered);
  const items = [
    ...planned.map(({ i }) => lives[i]),
    ...buffers.map(({ piece, i }) => ({
      bytes: piece.parameters?.bytes.length ?? 0,
      first: Math.max(0, i - 1),
      last: i,
    })),
  ];
  const { offsets, totalBytes } = items.length > 0 ? place(items, blobAlignBytes) : { offsets: [], totalBytes: 0 };
  const bytes = roundUp(totalBytes, blobAlignBytes);
  const fast = system.dedicatedSramBytes !== undefined && bytes <= system.dedicatedSramBytes;
  const region = fast ? blobRegions.fastScratch : blobRegions.scratch;
  const places = new Map<number, Place>(planned.map(({ i }, at) => [i, { region, address: offsets[at] }]));
  storages.forEach((s, i) => {
    if (ownRegion(s)) places.set(i, { region: blobRegions.ports + (s.port as number), address: 0 });
  });
  const bufferPlaces = new Map(buffers.map(({ i }, at) => [i, { region, address: offsets[planned.length + at] }]));
  return {
    memory: { places, buffers: bufferPlaces },
    scratchBytes: fast ? 0 : bytes,
    fastScratchBytes: fast ? bytes : 0,
  };
}

/** One after the other, each at a multiple of sixteen. */
class Constants {
  private readonly chunks: Uint8Array[] = [];
  private bytes = 0;

  add(chunk: Uint8Array): number {
    const at = this.bytes;
    this.chunks.push(chunk);
    this.bytes = roundUp(at + chunk.length, blobAlignBytes);
    return at;
  }

  joined(): Uint8Array {
    const all = new Uint8Array(this.bytes);
    let at = 0;
    for (const chunk of this.chunks) {
      all.set(chunk, at);
      at = roundUp(at + chunk.length, blobAlignBytes);
    }
    return all;
  }
}

/** A part of two cores runs on one: the functional model, which judges all of this, has no second. */
function hardwareOf(config: string): { hardware: EthosHardware; core: EthosHardware } {
  const hardware = ethosHardware[config];
  if (!hardware) throw new Error(`there is no ${config}`);
  return { hardware, core: oneCore(hardware) };
}

/** Compiles a graph all of whose nodes `supports` takes. */
export function compileGraph(graph: Graph, config: string, options: CompileOptions = {}): Compiled {
  const { hardware, core } = hardwareOf(config);
  const product = config.includes('u65') ? 'u65' : 'u55';
  const system = systems[product];
  const placed = placeViews(graph);
  const operations = graph.nodes.flatMap((node) => lowerNode(node, graph, placed));
  const dedicated = system.dedicatedSramBytes !== undefined;
  const fast = (storage: number): boolean => {
    const { data, port } = placed.storages[storage];
    return !data && !(dedicated && port !== undefined);
  };
  const numbers = new Map(operations.map((o, i) => [o, i]));
  const givenBlock = (o: NpuOperation) => options.givenBlock?.(o, numbers.get(o) ?? -1);
  const pieces = scheduleOperations(operations, { hardware: core, system, fast, givenBlock });
  const { memory, scratchBytes, fastScratchBytes } = planMemory(placed.storages, pieces, system);
  const constants = new Constants();
  placed.storages.forEach(({ data }, i) => {
    if (data) memory.places.set(i, { region: blobRegions.constants, address: constants.add(data) });
  });
  const words = writeStream(pieces, { hardware: core, product, memory, addConstant: (bytes) => constants.add(bytes) });
  const portOf = (id: number): CompiledPort => {
    const view = placed.views.get(id);
    const where = view && memory.places.get(view.storage);
    if (!view || !where) throw new Error(`tensor ${id} has no place`);
    const bytes = placed.storages[view.storage].bytes;
    return { region: where.region, offsetBytes: where.address + view.offset, bytes };
  };
  return {
    payload: writePayload(words, hardware, product),
    constants: constants.joined(),
    scratchBytes,
    fastScratchBytes,
    inputs: graph.inputs.map(portOf),
    outputs: graph.outputs.map(portOf),
    pieces,
  };
}
