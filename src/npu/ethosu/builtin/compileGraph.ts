// SPDX-License-Identifier: Apache-2.0
// A quantized graph of supported nodes -> what an Ethos-U runs: command stream, constants, and where everything lies.
import type { Graph } from '../../../model/graph.js';
import { roundUp } from '../../../roundUp.js';
import type { MemoryWish } from '../../npuBackend.js';
import { blobAlignBytes, blobRegions } from '../../npuBlob.js';
import { type EthosHardware, ethosHardware } from '../hardware.js';
import type { BlockConfig } from './blockConfig.js';
import { type Cascade, cascaded } from './cascade.js';
import { type Division, type Limits, searchCascades } from './cascadeSearch.js';
import { fuseTables } from './fuseTables.js';
import { lowerNode } from './lowerNode.js';
import { type System, systems } from './memories.js';
import type { NpuOperation } from './npuOperation.js';
import { bufferRoom, isPlanned, type Planned, planMemory } from './planMemory.js';
import { type Part, type Piece, parameterBytes, scheduleSteps } from './schedule.js';
import { stripeCosts } from './stripeCosts.js';
import { type Layout, type Placed, placeViews } from './views.js';
import { writePayload } from './writePayload.js';
import { writeStream } from './writeStream.js';

export interface CompileOptions extends MemoryWish {
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

interface Target {
  hardware: EthosHardware;
  system: System;
  givenBlock?: CompileOptions['givenBlock'];
}

/** A graph scheduled and with a place for everything. */
interface Attempt extends Planned {
  placed: Placed;
  pieces: Piece[];
}

const bytesOf = ({ scratchBytes, fastScratchBytes }: Planned): number => scratchBytes + fastScratchBytes;

/** A graph as operations, and what they run on. */
interface Prepared {
  placed: Placed;
  operations: NpuOperation[];
  part: Part;
}

function prepare(graph: Graph, target: Target, layout: Layout, packedBytes?: Part['packedBytes']): Prepared {
  const { hardware, system, givenBlock } = target;
  const placed = placeViews(graph, layout);
  const { storages } = placed;
  const lowered = graph.nodes.flatMap((node) => lowerNode(node, graph, placed));
  const operations = fuseTables(lowered, storages);
  const dedicated = system.dedicatedSramBytes !== undefined;
  const numbers = new Map(operations.map((o, i) => [o, i]));
  const part: Part = {
    hardware,
    system,
    fast: (storage) => {
      const { data, port } = storages[storage];
      return !data && !(dedicated && port !== undefined);
    },
    ...(packedBytes ? { packedBytes } : {}),
    ...(givenBlock ? { givenBlock: (o: NpuOperation) => givenBlock(o, numbers.get(o) ?? -1) } : {}),
  };
  return { placed, operations, part };
}

/** Without a division all maps are whole, and weights are brought early wherever that is faster. */
function attempt({ placed, operations, part }: Prepared, division?: Division, budgetBytes = 0): Attempt {
  // Storages inside of cascades shrink: each attempt has its own.
  const storages = [...placed.storages];
  const steps = cascaded(operations, division?.cascades ?? [], storages);
  const kept = ({ from, buffered }: Cascade): number =>
    buffered.reduce((sum, b, at) => sum + (b ? parameterBytes(part, operations[from + at]) : 0), 0);
  const most = division && Math.max(division.peakBytes, budgetBytes);
  const room = most === undefined ? {} : { bufferRoom: bufferRoom(steps, storages, kept, most) };
  const pieces = scheduleSteps(steps, { ...part, ...room });
  return { placed: { ...placed, storages }, pieces, ...planMemory(storages, pieces, part.system) };
}

/** What the least memory may cost: half as many cycles again. */
const ramShare = 0.5;
const ramTries = 4;

const cyclesOf = ({ pieces }: Attempt): number => pieces.reduce((sum, p) => sum + p.cycles, 0);

/** Of several with as few bytes the fastest. */
const smallest = (attempts: readonly Attempt[]): Attempt =>
  attempts.reduce((a, b) => {
    const more = bytesOf(b) - bytesOf(a);
    return more < 0 || (more === 0 && cyclesOf(b) < cyclesOf(a)) ? b : a;
  });

/** Bytes of each node's parameters, as an attempt has packed them. */
function packedBytes({ pieces }: Attempt): Map<string, number> {
  const found = new Map<string, number>();
  for (const { operation, parameters } of pieces)
    if (parameters) found.set(operation.name, (found.get(operation.name) ?? 0) + parameters.bytes.length);
  return found;
}

/** Attempts within limits, in both layouts. */
function attemptsOf(graph: Graph, target: Target, usual: Attempt): (limits: Limits) => Attempt[] {
  const packed = packedBytes(usual);
  const searches = (['bricks', 'dense'] as const).map((layout) => {
    const prepared = prepare(graph, target, layout, packed);
    const { operations, placed, part } = prepared;
    const costs = stripeCosts(operations, part);
    return { prepared, search: searchCascades({ operations, storages: placed.storages, costs, isPlanned }) };
  });
  return (limits) => searches.map(({ prepared, search }) => attempt(prepared, search(limits), limits.budgetBytes));
}

/** The least memory for what it may cost. The search only guesses cycles: where it guessed too few, it may spend less. */
function leastMemory(usual: Attempt, attempts: (limits: Limits) => Attempt[]): Attempt {
  const most = cyclesOf(usual) * (1 + ramShare);
  const found = [usual];
  for (let i = 0, mostCycles = cyclesOf(usual) * ramShare; i < ramTries; i++, mostCycles /= 2) {
    const tried = attempts({ mostCycles });
    found.push(...tried.filter((a) => cyclesOf(a) <= most));
    if (tried.every((a) => cyclesOf(a) <= most)) break;
  }
  return smallest(found);
}

/** Whole maps if they fit what there is. */
function bestAttempt(graph: Graph, target: Target, { prefer, budgetBytes }: CompileOptions): Attempt {
  const usual = attempt(prepare(graph, target, 'bricks'));
  const room = Math.min(
    budgetBytes ?? Number.POSITIVE_INFINITY,
    target.system.dedicatedSramBytes ?? Number.POSITIVE_INFINITY,
  );
  if (prefer !== 'ram' && bytesOf(usual) <= room) return usual;
  const attempts = attemptsOf(graph, target, usual);
  const least = prefer === 'ram' ? leastMemory(usual, attempts) : usual;
  if (bytesOf(least) <= room) return least;
  return smallest([least, ...attempts({ budgetBytes: room })]);
}

/** Compiles a graph all of whose nodes `supports` takes. */
export function compileGraph(graph: Graph, config: string, options: CompileOptions = {}): Compiled {
  const hardware = ethosHardware[config];
  if (!hardware) throw new Error(`there is no ${config}`);
  const product = config.includes('u65') ? 'u65' : 'u55';
  const target = { hardware, system: systems[product], givenBlock: options.givenBlock };
  const { placed, pieces, memory, scratchBytes, fastScratchBytes } = bestAttempt(graph, target, options);
  const constants = new Constants();
  placed.storages.forEach(({ data }, i) => {
    if (data) memory.places.set(i, { region: blobRegions.constants, address: constants.add(data) });
  });
  const words = writeStream(pieces, { hardware, product, memory, addConstant: (bytes) => constants.add(bytes) });
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
