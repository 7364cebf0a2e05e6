// SPDX-License-Identifier: Apache-2.0
// The NPU of a virtual board: a link that serves the firmware's calls (runtime-c/firmware/PROTOCOL.md, NPU)
// with the functional model, on memory that it reads from the guest and writes back there. All bytes go on to whoever
// listens; frames of the NPU mean nothing to a Session.
import { encodeFrame, FrameDecoder } from '../link/frame.js';
import type { Link } from '../link/link.js';
import { baseAlignBytes, DriverModel } from '../npu/ethosu/driverModel.js';
import { runLinkedLayer } from '../npu/k210/linkedLayer.js';
import { NpuRefusal } from '../npu/npuRefusal.js';
import type { NpuChoice } from '../npu/partition.js';
import { FRAME_LIMIT_BYTES } from './protocol.js';

const codes = { call: 0xfe, read: 0x20, write: 0x21, done: 0x22 } as const;
const responseBit = 0x80;
const headBytes = 3;
const rangeBytes = 8;
const chunkBytes = 1024;

interface Range {
  address: number;
  bytes: number;
}

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

function words(...values: number[]): Uint8Array {
  const out = new Uint8Array(4 * values.length);
  values.forEach((value, i) => {
    viewOf(out).setUint32(4 * i, value, true);
  });
  return out;
}

function rangesOf(payload: Uint8Array): Range[] {
  const view = viewOf(payload);
  const count = Math.floor((payload.length - headBytes) / rangeBytes);
  return Array.from({ length: count }, (_, i) => ({
    address: view.getUint32(headBytes + rangeBytes * i, true),
    bytes: view.getUint32(headBytes + rangeBytes * i + 4, true),
  }));
}

/** Bytes that differ, as runs; short gaps are written along. */
export function changes(before: Uint8Array, after: Uint8Array): { at: number; bytes: Uint8Array }[] {
  const gap = 16;
  const runs: [number, number][] = [];
  for (let i = 0; i < after.length; i++) {
    if (before[i] === after[i]) continue;
    const last = runs.at(-1);
    if (last && i - last[1] < gap && i + 1 - last[0] <= chunkBytes) last[1] = i + 1;
    else runs.push([i, i + 1]);
  }
  return runs.map(([from, to]) => ({ at: from, bytes: after.slice(from, to) }));
}

interface Model {
  /** Ranges of a call, by number, whose bytes lie in flash: read once. */
  kept: ReadonlySet<number>;
  /** The first range of a call, and the others, which are changed. Throws NpuRefusal. */
  invoke(payload: Uint8Array, regions: readonly Uint8Array[]): void;
}

/** By NpuBackend.id. */
const models: Readonly<Record<string, (config: string) => Model>> = {
  ethosu(config) {
    const driver = new DriverModel(config);
    return { kept: new Set([0, 1]), invoke: (payload, regions) => driver.invoke(payload, regions) };
  },
  k210: () => ({ kept: new Set([1, 2, 3]), invoke: runLinkedLayer }),
};

class Npu {
  readonly #link: Link;
  readonly #model: Model;
  readonly #decoder = new FrameDecoder(FRAME_LIMIT_BYTES);
  /** Payloads and constants by place: they lie in flash. */
  readonly #kept = new Map<string, Uint8Array>();
  #answer: ((payload: Uint8Array) => void) | undefined;

  constructor(link: Link, { backend, config }: NpuChoice) {
    this.#link = link;
    this.#model = models[backend](config);
  }

  take(bytes: Uint8Array): void {
    for (const payload of this.#decoder.push(bytes)) {
      const [code] = payload;
      if (code === codes.call) void this.#serve(rangesOf(payload)).catch(() => undefined);
      else if (code === (codes.read | responseBit) || code === (codes.write | responseBit)) this.#answer?.(payload);
    }
  }

  /** The board's own patience ends a call whose answer does not come. */
  async #ask(code: number, body: Uint8Array): Promise<Uint8Array> {
    const answer = new Promise<Uint8Array>((resolve) => {
      this.#answer = resolve;
    });
    await this.#send(code, body);
    const payload = await answer;
    if (payload[2] !== 0) throw new NpuRefusal('the firmware refused an address');
    return payload.slice(headBytes);
  }

  #send(code: number, body: Uint8Array): Promise<void> {
    return this.#link.write(encodeFrame(Uint8Array.from([code, 1, ...body])));
  }

  async #read({ address, bytes }: Range): Promise<Uint8Array> {
    const out = new Uint8Array(bytes);
    for (let at = 0; at < bytes; at += chunkBytes)
      out.set(await this.#ask(codes.read, words(address + at, Math.min(chunkBytes, bytes - at))), at);
    return out;
  }

  /** Range `index` of a call. */
  async #rangeOf(range: Range, index: number): Promise<Uint8Array> {
    if (!this.#model.kept.has(index)) return this.#read(range);
    const key = `${range.address} ${range.bytes}`;
    const known = this.#kept.get(key) ?? (await this.#read(range));
    this.#kept.set(key, known);
    return known;
  }

  async #serve([payload, ...regions]: Range[]): Promise<void> {
    let failed = 0;
    try {
      await this.#run(payload, regions);
    } catch (error) {
      if (!(error instanceof NpuRefusal)) throw error;
      failed = 1;
    }
    await this.#send(codes.done, Uint8Array.of(failed));
  }

  async #run(payload: Range, regions: readonly Range[]): Promise<void> {
    for (const { address } of [payload, ...regions])
      if (address % baseAlignBytes) throw new NpuRefusal(`0x${address.toString(16)} is no multiple of 16`);
    const code = await this.#rangeOf(payload, 0);
    const memory = await this.#memory(regions);
    const before = memory.map((m) => m.slice());
    this.#model.invoke(code, memory);
    for (const [i, { address }] of regions.entries()) {
      if (this.#model.kept.has(i + 1) || this.#aliasOf(regions, i) !== i) continue;
      for (const { at, bytes } of changes(before[i], memory[i]))
        await this.#ask(codes.write, Uint8Array.from([...words(address + at), ...bytes]));
    }
  }

  /** Regions that are the same memory are the same here. */
  #aliasOf(regions: readonly Range[], i: number): number {
    return regions.findIndex((r) => r.address === regions[i].address && r.bytes === regions[i].bytes && r.bytes > 0);
  }

  async #memory(regions: readonly Range[]): Promise<Uint8Array[]> {
    const memory: Uint8Array[] = [];
    for (const [i, range] of regions.entries()) {
      const alias = this.#aliasOf(regions, i);
      const isCopy = alias >= 0 && alias < i;
      memory.push(isCopy ? memory[alias] : await this.#rangeOf(range, i + 1));
    }
    return memory;
  }
}

/** The link with this NPU behind it. */
export function npuLink(link: Link, choice: NpuChoice): Link {
  const npu = new Npu(link, choice);
  return {
    name: link.name,
    can: link.can,
    write: (bytes) => link.write(bytes),
    onData: (listener) =>
      link.onData((bytes) => {
        npu.take(bytes);
        listener(bytes);
      }),
    onClose: (listener) => link.onClose(listener),
    close: () => link.close(),
  };
}
