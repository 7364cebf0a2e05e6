// SPDX-License-Identifier: Apache-2.0
// Runs a graph on the C kernels themselves, as WebAssembly in this process, for evaluation and search: loaded once, run on
// many samples, and any constant or scale can be exchanged in between without a compiler. No C of the model is made: the
// module holds kernels only, and parameters and constants are written into its memory. Every tensor has a place of its
// own there.
import { buildKernelModule } from '../build/kernelModule.js';
import type { WasmCache } from '../build/wasmCache.js';
import { fail } from '../cli/errors.js';
import { constArrays } from '../emit/cText.js';
import type { Target } from '../generated/target.js';
import {
  cloneGraph,
  dtypeBytes,
  elementCount,
  type Graph,
  type Node,
  type Tensor,
  type TensorData,
  type TensorId,
  tensorBytes,
} from '../model/graph.js';
import { resetData, stateTensors, stateViews } from '../model/state.js';
import { bytesOf } from '../model/tensorData.js';
import { kernelTable } from '../ops/kernels.js';
import type { KernelCall, Rounding } from '../ops/op.js';
import { lowerNode } from '../ops/variants/choose.js';
import { variants } from '../ops/variants/index.js';
import { findBuffers, specOf } from '../plan/buffers.js';
import { paramBytes } from './paramBytes.js';

export interface GraphRunnerOptions {
  /** wasm32, perhaps with fewer instruction sets. */
  target: Target;
  rounding: Rounding;
  /** Of compiled kernels; several runners should share one. */
  cache: WasmCache;
  /** A module that has all kernels of the graph (`graphKernels`), for callers that run many graphs. */
  module?: WebAssembly.Module;
  /** State goes on from one run to the next; else each run begins from a reset. */
  keepsState?: boolean;
}

export type Visit = (id: TensorId, data: TensorData) => void;
export type TensorChange = Partial<Pick<Tensor, 'data' | 'quant'>>;

/** Bytes of the module's memory. */
interface Slot {
  at: number;
  bytes: number;
}

interface Step {
  node: Node;
  run: () => void;
  /** What the call's parameters and constants occupy, and its scratch. */
  slot: Slot;
  scratch: Slot;
}

const alignBytes = 16;
const pageBytes = 65_536;
const aligned = (n: number): number => Math.ceil(n / alignBytes) * alignBytes;

const views: Readonly<Record<string, (buffer: ArrayBuffer, at: number, count: number) => TensorData>> = {
  float32: (buffer, at, count) => new Float32Array(buffer, at, count),
  int8: (buffer, at, count) => new Int8Array(buffer, at, count),
  uint8: (buffer, at, count) => new Uint8Array(buffer, at, count),
  bool: (buffer, at, count) => new Uint8Array(buffer, at, count),
  int16: (buffer, at, count) => new Int16Array(buffer, at, count),
  int32: (buffer, at, count) => new Int32Array(buffer, at, count),
  int64: (buffer, at, count) => new BigInt64Array(buffer, at, count),
};

/** The kernels that a node may take, whatever its constants: a change of scale may ask for another one. */
function kernelsFor(node: Node, call: KernelCall, target: Target): string[] {
  const rows = new Map(kernelTable().map((row) => [row.name, row]));
  const { activation, weight } = rows.get(call.kernel) ?? { activation: '', weight: '' };
  const fits = (name: string): boolean => {
    const row = rows.get(name);
    return row?.activation === activation && row.weight === weight;
  };
  return variants
    .filter((v) => v.op === node.op && target.isa.includes(v.isa) && target.costs?.[v.kernel] && fits(v.kernel))
    .map((v) => v.kernel);
}

/** All kernels that a runner of this graph may call. */
export function graphKernels(
  graph: Graph,
  { rounding, target }: Pick<GraphRunnerOptions, 'rounding' | 'target'>,
): string[] {
  return findBuffers(graph).nodes.flatMap((node) => {
    const plain = specOf(node).lower(node, { graph, rounding, target });
    return [plain.kernel, ...kernelsFor(node, plain, target)];
  });
}

export class GraphRunner {
  readonly #graph: Graph;
  readonly #options: GraphRunnerOptions;
  readonly #exports: WebAssembly.Exports;
  readonly #memory: WebAssembly.Memory;
  readonly #viewOf: ReadonlyMap<TensorId, TensorId>;
  /** The views of a tensor, itself first. */
  readonly #shownAs = new Map<TensorId, TensorId[]>();
  readonly #placeOf = new Map<TensorId, number>();
  readonly #steps: Step[] = [];
  readonly #stepOf = new Map<TensorId, Step>();
  /** Typed arrays over the memory, until it grows. */
  #arrays = new Map<TensorId, TensorData>();
  #end: number;

  private constructor(graph: Graph, instance: WebAssembly.Instance, options: GraphRunnerOptions, calls: KernelCall[]) {
    this.#graph = graph;
    this.#options = options;
    this.#exports = instance.exports;
    this.#memory = instance.exports.memory as WebAssembly.Memory;
    this.#end = aligned((instance.exports.__heap_base as WebAssembly.Global).value);
    const { nodes, viewOf } = findBuffers(graph);
    this.#viewOf = viewOf;
    const stateOf = stateViews(graph);
    for (const id of [...graph.inputs, ...stateTensors(graph), ...nodes.flatMap((n) => n.outputs)]) {
      const kept = this.#placeOf.get(stateOf.get(id) ?? -1);
      this.#placeOf.set(id, kept ?? this.#reserve(tensorBytes(graph.tensors[id])).at);
      this.#shownAs.set(id, [id]);
    }
    for (const [view, source] of viewOf) this.#shownAs.get(source)?.push(view);
    for (const [i, node] of nodes.entries()) {
      const empty = { at: 0, bytes: 0 };
      const step: Step = { node, run: () => undefined, slot: empty, scratch: empty };
      this.#steps.push(step);
      this.#stepOf.set(node.outputs[0], step);
      this.#prepare(step, calls[i]);
    }
    this.reset();
  }

  static async open(source: Graph, options: GraphRunnerOptions): Promise<GraphRunner> {
    const { target, rounding, cache } = options;
    const graph = cloneGraph(source);
    const { nodes } = findBuffers(graph);
    const context = { graph, rounding, target };
    const calls = nodes.map((node) => lowerNode(specOf(node), node, context));
    const module = options.module ?? (await buildKernelModule(graphKernels(graph, options), target, cache));
    return new GraphRunner(graph, await WebAssembly.instantiate(module), options, calls);
  }

  /** Nodes that are calls, in order; the index of one is its layer number in a pack. */
  get layers(): readonly Node[] {
    return this.#steps.map((s) => s.node);
  }

  /** Clears what lives from one run to the next. */
  reset(): void {
    for (const id of stateTensors(this.#graph)) this.#write(id, resetData(this.#graph.tensors[id]));
  }

  /** One inference. Shows every computed activation once, under each of its ids; what is shown may be overwritten by the
   *  next run. */
  run(inputs: readonly TensorData[], visit?: Visit): void {
    if (!this.#options.keepsState) this.reset();
    this.#graph.inputs.forEach((id, i) => {
      this.#write(id, inputs[i]);
      if (visit) for (const view of this.#shown(id).slice(1)) visit(view, this.#array(view));
    });
    for (const { node, run } of this.#steps) {
      run();
      if (visit) for (const id of node.outputs) for (const shown of this.#shown(id)) visit(shown, this.#array(shown));
    }
  }

  /** Runs some of the nodes on values that are known; copies of those that are wanted. */
  runPart(
    nodes: readonly Node[],
    known: ReadonlyMap<TensorId, TensorData>,
    wanted: readonly TensorId[],
  ): Map<TensorId, TensorData> {
    for (const [id, data] of known) this.#write(id, data);
    // Views have no step of their own.
    for (const node of nodes) this.#stepOf.get(node.outputs[0])?.run();
    return new Map(wanted.map((id) => [id, this.#array(id).slice()]));
  }

  /** One inference; copies of its outputs. */
  outputs(inputs: readonly TensorData[]): TensorData[] {
    this.run(inputs);
    return this.#graph.outputs.map((id) => this.#array(id).slice());
  }

  /** One inference; the bytes of every layer's outputs, which stay as they are until the next. */
  layerOutputs(inputs: readonly TensorData[]): Uint8Array[][] {
    this.run(inputs);
    return this.layers.map((node) => node.outputs.map((id) => bytesOf(this.#array(id))));
  }

  /** Exchanges data of constants (of the same size) and scales of any tensor. Layers that they touch are prepared anew. */
  setTensors(changes: ReadonlyMap<TensorId, TensorChange>): void {
    const { tensors } = this.#graph;
    for (const [id, change] of changes) {
      const { data } = tensors[id];
      if (change.data && change.data.length !== data?.length)
        throw new Error(`'${tensors[id].name}' has ${data?.length ?? 'no'} constants, not ${change.data.length}`);
      tensors[id] = { ...tensors[id], ...change };
    }
    const touched = (n: Node): boolean => [...n.inputs, ...n.outputs].some((id) => changes.has(id));
    for (const step of this.#steps) {
      if (!touched(step.node)) continue;
      const { target, rounding } = this.#options;
      this.#prepare(step, lowerNode(specOf(step.node), step.node, { graph: this.#graph, rounding, target }));
    }
  }

  /** Writes parameters and constants of a call, over the step's former ones where they fit. */
  #prepare(step: Step, call: KernelCall): void {
    const kernel = this.#exports[call.kernel];
    if (typeof kernel !== 'function') throw new Error(`${call.kernel} is not in the module`);
    const arrays = constArrays(call.params);
    const paramsBytes = aligned(paramBytes(call.params, () => 0).length);
    const total = arrays.reduce((n, a) => n + aligned(a.data.byteLength), paramsBytes);
    if (step.slot.bytes < total) step.slot = this.#reserve(total);
    if (step.scratch.bytes < call.scratchBytes) step.scratch = this.#reserve(call.scratchBytes);
    const addresses = new Map<object, number>();
    let at = step.slot.at + paramsBytes;
    for (const array of arrays) {
      addresses.set(array, at);
      new Uint8Array(this.#memory.buffer).set(bytesOf(array.data), at);
      at += aligned(array.data.byteLength);
    }
    const params = paramBytes(call.params, (array) => addresses.get(array) as number);
    new Uint8Array(this.#memory.buffer).set(params, step.slot.at);
    const args = [
      step.slot.at,
      ...call.inputs.map((i) => this.#address(step.node.inputs[i])),
      ...call.outputs.map((i) => this.#address(step.node.outputs[i])),
      ...(call.scratchBytes > 0 ? [step.scratch.at] : []),
    ];
    step.run = () => kernel(...args);
  }

  #reserve(bytes: number): Slot {
    const slot = { at: this.#end, bytes: aligned(bytes) };
    this.#end += slot.bytes;
    // A vector load may touch no byte behind a buffer, but the last page must be there for all of the buffer.
    const missing = this.#end - this.#memory.buffer.byteLength;
    if (missing > 0) {
      try {
        this.#memory.grow(Math.ceil(missing / pageBytes));
      } catch {
        fail('tool.failed', { tool: 'WebAssembly', reason: `the model needs more than ${slot.at} bytes of memory` });
      }
      this.#arrays = new Map();
    }
    return slot;
  }

  #shown(id: TensorId): readonly TensorId[] {
    return this.#shownAs.get(id) ?? [id];
  }

  #address(id: TensorId): number {
    const address = this.#placeOf.get(this.#viewOf.get(id) ?? id);
    if (address === undefined) throw new Error(`'${this.#graph.tensors[id]?.name}' has no place`);
    return address;
  }

  #array(id: TensorId): TensorData {
    let array = this.#arrays.get(id);
    if (!array) {
      const t = this.#graph.tensors[id];
      array = views[t.dtype](this.#memory.buffer, this.#address(id), elementCount(t.shape));
      this.#arrays.set(id, array);
    }
    return array;
  }

  #write(id: TensorId, data: TensorData): void {
    const t = this.#graph.tensors[id];
    if (data.byteLength !== elementCount(t.shape) * dtypeBytes(t.dtype))
      throw new Error(`'${t.name}' takes ${tensorBytes(t)} bytes, not ${data.byteLength}`);
    bytesOf(this.#array(id)).set(bytesOf(data));
  }
}
