// SPDX-License-Identifier: Apache-2.0
// The host model: the packed C as a WebAssembly module in this process. HostModel is synchronous, for evaluation loops;
// startHost gives the same as a Device. The module's exports are those of runtime-c/firmware/wasm_host.c.
import { fail } from '../cli/errors.js';
import type { PackManifest } from '../generated/pack.js';
import type { HostNpu } from '../npu/hostNpu.js';
import { hostNpuOf } from '../npu/hostNpus.js';
import { NpuRefusal } from '../npu/npuRefusal.js';
import type { Device, Window } from './device.js';
import { checkRange } from './linkDevice.js';

interface HostExports {
  memory: WebAssembly.Memory;
  mote_arena(): number;
  mote_arena_bytes(): number;
  mote_layers(): number;
  mote_run(): number;
  mote_step(layer: number): number;
  mote_reset(): number;
  mote_guard(): number;
  mote_guard_reset(): void;
}

const functionNames = [
  'mote_arena',
  'mote_arena_bytes',
  'mote_layers',
  'mote_run',
  'mote_step',
  'mote_reset',
  'mote_guard',
  'mote_guard_reset',
] as const;

const HOST = 'host';

export class HostModel {
  readonly arenaBytes: number;
  readonly layers: number;
  readonly #module: HostExports;
  readonly #start: number;

  readonly #npu: HostNpu | undefined;

  private constructor(module: HostExports, npu: HostNpu | undefined) {
    this.#module = module;
    this.#npu = npu;
    this.arenaBytes = module.mote_arena_bytes();
    this.layers = module.mote_layers();
    this.#start = module.mote_arena();
    if (this.#start + this.arenaBytes > module.memory.buffer.byteLength) broken('its arena lies outside its memory');
    module.mote_guard_reset();
  }

  /** Compiles the module of this pack (src/build/wasm.ts makes it). */
  static async open(wasm: Uint8Array, manifest: PackManifest): Promise<HostModel> {
    const copy = new Uint8Array(wasm); // WebAssembly wants an ArrayBuffer, not a shared one
    const { npu } = manifest;
    const host = npu && hostNpuOf(npu.backend).open(npu.config, () => exported().memory);
    const { instance } = await WebAssembly.instantiate(copy, host?.imports).catch((error: Error) =>
      broken(error.message),
    );
    const exported = (): HostExports => instance.exports as unknown as HostExports;
    const model = new HostModel(checkExports(instance.exports), host);
    if (model.layers !== manifest.layers.length) {
      broken(`it has ${model.layers} layers, pack.json has ${manifest.layers.length}`);
    }
    return model;
  }

  write(offset: number, bytes: Uint8Array): void {
    checkRange(HOST, this.arenaBytes, offset, bytes.length);
    this.#arena(offset, bytes.length).set(bytes);
  }

  /** A copy. */
  read(offset: number, count: number): Uint8Array {
    checkRange(HOST, this.arenaBytes, offset, count);
    return this.#arena(offset, count).slice();
  }

  /** 0 or a MOTE_E code. */
  run(): number {
    return this.#checked(trapped(() => this.#module.mote_run()));
  }

  step(layer: number): number {
    return this.#checked(trapped(() => this.#module.mote_step(layer)));
  }

  /** What the NPU's driver refuses has a reason that a code cannot say. */
  #checked(result: number): number {
    const reason = result === 0 ? undefined : this.#npu?.refusal();
    return reason === undefined ? result : fail('npu.refused', { board: HOST, reason });
  }

  /** Clears what lives from one inference to the next. */
  reset(): void {
    this.#module.mote_reset();
  }

  guardIntact(): boolean {
    return this.#module.mote_guard() === 1;
  }

  /** A fresh view each time: a memory that grows leaves old ones empty. */
  #arena(offset: number, bytes: number): Uint8Array {
    return new Uint8Array(this.#module.memory.buffer, this.#start + offset, bytes);
  }
}

function checkExports(exports: WebAssembly.Exports): HostExports {
  for (const name of functionNames) if (typeof exports[name] !== 'function') broken(`it does not export ${name}`);
  if (!(exports.memory instanceof WebAssembly.Memory)) broken('it does not export its memory');
  return exports as unknown as HostExports;
}

function broken(reason: string): never {
  return fail('tool.failed', { tool: 'the WebAssembly build', reason });
}

/** An unreachable or an access outside the memory is to the host what a fault is to a board. */
function trapped(call: () => number): number {
  try {
    return call();
  } catch (error) {
    if (error instanceof NpuRefusal) return fail('npu.refused', { board: HOST, reason: error.message });
    if (!(error instanceof WebAssembly.RuntimeError)) throw error;
    return fail('device.fault', { board: HOST, reason: error.message });
  }
}

/** The host model as a Device; it counts nothing. */
export async function startHost(wasm: Uint8Array, manifest: PackManifest): Promise<Device> {
  const model = await HostModel.open(wasm, manifest);
  const window = (result: number): Window => ({ result, count: 0, guardIntact: model.guardIntact() });
  return {
    info: {
      board: HOST,
      model: manifest.name,
      hash: manifest.hash.slice(0, 16),
      layers: model.layers,
      arenaBytes: model.arenaBytes,
      clockHz: 0,
      counter: { unit: 'none', source: 'emulated' },
      emptyWindow: 0,
    },
    write: async (offset, bytes) => model.write(offset, bytes),
    read: async (offset, count) => model.read(offset, count),
    run: async () => window(model.run()),
    step: async (index) => window(model.step(index)),
    reset: async () => model.reset(),
    status: async () => ({ guardIntact: model.guardIntact(), stackUsedBytes: 0, stackReservedBytes: 0 }),
    close: async () => undefined,
  };
}
