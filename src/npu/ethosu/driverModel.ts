// SPDX-License-Identifier: Apache-2.0
// What Arm's driver and the chip do with one call of ethosu_invoke_v3, on the functional model: the driver's refusals
// (ethosu_driver.c of ethos-u-core-driver: hardware of another configuration, memory that is not aligned), then the stream.
import { createHash } from 'node:crypto';
import { NpuRefusal } from '../npuRefusal.js';
import { decodeStream } from './commandStream.js';
import { type EthosConfig, type Payload, readPayload } from './payload.js';
import type { StreamOperation } from './registers.js';
import { runStream } from './runStream.js';

export class DriverRefusal extends NpuRefusal {}

const refuse = (reason: string): never => {
  throw new DriverRefusal(reason);
};

export const baseAlignBytes = 16;

interface Opened {
  payload: Payload;
  operations: StreamOperation[];
  /** Decoded weights, as long as the constants are the same. */
  weights: Map<string, Int16Array>;
}

/** Which hardware a payload is for; throws DriverRefusal where it is none. */
export const configOf = (payload: Uint8Array): EthosConfig => readPayload(payload, refuse).config;

export class DriverModel {
  readonly #opened = new Map<string, Opened>();

  /** `config`: the part that is there; undefined takes any. */
  constructor(private readonly config?: string) {}

  /** Runs the payload on the regions, which are changed. Throws DriverRefusal with the reason. */
  invoke(payload: Uint8Array, regions: readonly Uint8Array[]): void {
    const { payload: read, operations, weights } = this.#open(payload, regions[0] ?? new Uint8Array(0));
    const { config } = read;
    if (this.config !== undefined && config.id !== this.config)
      refuse(`the stream is for ${config.id} (word 0x${config.configWord.toString(16)}), the NPU is an ${this.config}`);
    const memory = [...regions];
    // The slot of SHRAM; no region of memory has this number (blobRegions).
    memory[shramRegion] = new Uint8Array(config.shramKib * 1024);
    runStream({ config, regions: memory, broken: refuse, weights }, operations);
  }

  #open(payload: Uint8Array, constants: Uint8Array): Opened {
    const key = createHash('sha256').update(payload).update(constants).digest('hex');
    const known = this.#opened.get(key);
    if (known) return known;
    const read = readPayload(payload, refuse);
    const opened = { payload: read, operations: decodeStream(read.words, refuse), weights: new Map() };
    this.#opened.set(key, opened);
    return opened;
  }
}

const shramRegion = 3;
