// SPDX-License-Identifier: Apache-2.0
// A Nordic PPK2 at the far end of a link, written from the description of its protocol (facts: Nordic's public
// pc-nrfconnect-ppk and IRNAS' ppk2-api-python), not from our driver: true current -> range and raw code -> bytes.
import type { FarEnd } from '../../link/memoryLink.js';
import { noise, type Scene } from './scene.js';

/** Samples a second. */
export const ppk2RateHz = 100_000;

/** A calibration as a meter holds it: one row a measuring range. */
export interface Ppk2Cal {
  R: number[];
  GS: number[];
  GI: number[];
  O: number[];
  S: number[];
  I: number[];
  UG: number[];
}

/** Plausible values, each coefficient at work, so that one left out of the conversion shows in the energy. */
export const emulatedCal: Ppk2Cal = {
  R: [1003.35, 101.586, 10.3027, 0.963672, 0.0564241],
  GS: [0.2, 1.1, 2.3, 0.8, 0.15],
  GI: [0.9963, 0.9991, 1.0042, 1.0087, 0.9923],
  O: [112.79, 80.5, 75.25, 64.8, 91.6],
  S: [0.00000004, 0.00000044, 0.000005, 0.00006, 0.0006],
  I: [-0.00000005, -0.0000003, -0.000004, -0.00005, -0.0009],
  UG: [1, 1.01, 0.99, 1, 1.02],
};

/** Upper end of each range, ampere. */
export const rangeTops = [50e-6, 500e-6, 5e-3, 60e-3, 1];

export interface Ppk2Faults {
  /** Samples left out of the stream while the counter counts on: at most 63 in one place can be told. */
  lose?: { at: number; count: number }[];
  /** Bytes of an earlier recording that still come after opening. */
  staleBytes?: number;
  /** No answer to `metadata`; no stream after `start`. */
  silent?: 'metadata' | 'stream';
  /** The plug is pulled after this many samples. */
  unplugAfter?: number;
  /** Changes the metadata text, as a damaged meter would. */
  metadata?: (text: string) => string;
}

export interface Ppk2Options extends Ppk2Faults {
  scene: Scene;
  cal?: Ppk2Cal;
  /** Sizes of the pieces the stream arrives in, in turn; whole USB packets by default. */
  pieces?: number[];
  /** Samples are handed out only on `stop` (a scene whose time is not the host's). */
  pull?: boolean;
  /** The scene grows in this machine's time; samples are sent as they come. */
  live?: boolean;
  /** Digital input of the marker pin. */
  markerInput?: number;
}

const argumentBytes: Record<number, number> = { 17: 1, 12: 1, 13: 2, 37: 5 };
const knownCommands = new Set([0x19, 0x11, 0x0d, 0x0c, 0x06, 0x07, 0x20, 0x25, 0x15, 0x16]);
const batchSamples = 4096;
const livePauseMs = 5;

export class Ppk2Emulator {
  /** Every command with its arguments, in order. */
  readonly commands: number[][] = [];
  readonly unknown: number[] = [];
  supplyMillivolts = 3300;
  mode: 'ampere' | 'source' | undefined;
  powered = false;
  readonly #far: FarEnd;
  readonly #options: Ppk2Options;
  readonly #random = noise(20011);
  readonly #cal: Ppk2Cal;
  #pending: number[] = [];
  #running = false;
  #sent = 0;
  #counter = 17;
  #held = new Uint8Array(0);
  #piece = 0;
  #stale: number;
  #finish: () => void = () => {};
  /** Settles when the whole scene has been sent. */
  readonly finished = new Promise<void>((resolve) => {
    this.#finish = resolve;
  });

  constructor(far: FarEnd, options: Ppk2Options) {
    this.#far = far;
    this.#options = options;
    this.#cal = options.cal ?? emulatedCal;
    this.#stale = options.staleBytes ?? 0;
    far.onData((bytes) => this.#receive(bytes));
    far.onClose(() => {
      this.#running = false;
    });
  }

  /** The plug is pulled now. */
  unplug(): void {
    this.#flush();
    this.#running = false;
    this.#far.break('unplugged');
    this.#finish();
  }

  #receive(bytes: Uint8Array): void {
    if (this.#stale > 0) this.#far.send(staleSamples(this.#stale));
    this.#stale = 0;
    for (const byte of bytes) {
      this.#pending.push(byte);
      if (this.#pending.length < 1 + (argumentBytes[this.#pending[0]] ?? 0)) continue;
      this.#obey(this.#pending);
      this.#pending = [];
    }
  }

  #obey(command: number[]): void {
    const [code, first, second] = command;
    if (!knownCommands.has(code)) {
      this.unknown.push(code);
      return;
    }
    this.commands.push(command);
    if (code === 0x19 && this.#options.silent !== 'metadata') this.#sendMetadata();
    if (code === 0x11) this.mode = first === 1 ? 'ampere' : 'source';
    if (code === 0x0d) this.supplyMillivolts = first * 256 + second;
    if (code === 0x0c) this.powered = first === 1;
    if (code === 0x06) this.#start();
    if (code === 0x07) this.#stop();
  }

  #sendMetadata(): void {
    const text = metadataText(this.#cal, this.supplyMillivolts, this.mode);
    const bytes = Buffer.from(this.#options.metadata?.(text) ?? text, 'latin1');
    for (let at = 0; at < bytes.length; at += 64) this.#far.send(bytes.subarray(at, at + 64));
  }

  #start(): void {
    if (this.#options.silent === 'stream') return;
    this.#options.scene.begin?.();
    this.#running = true;
    if (!this.#options.pull) setImmediate(() => this.#pump());
  }

  #stop(): void {
    const { pull, live, scene } = this.#options;
    if (this.#running && (pull || live))
      for (const end = scene.count(); this.#running && this.#sent < end; ) this.#batch();
    this.#running = false;
  }

  #pump(): void {
    if (!this.#running) return;
    if (this.#sent >= this.#options.scene.count()) {
      this.#flush();
      if (this.#options.live) setTimeout(() => this.#pump(), livePauseMs);
      else this.#finish();
      return;
    }
    this.#batch();
    setImmediate(() => this.#pump());
  }

  /** A batch of samples as bytes, cut into pieces that need not end where a sample does. */
  #batch(): void {
    const { scene, unplugAfter = Number.POSITIVE_INFINITY } = this.#options;
    const end = Math.min(scene.count(), this.#sent + batchSamples, unplugAfter);
    const words = new DataView(new ArrayBuffer(4 * (end - this.#sent)));
    let used = 0;
    for (; this.#sent < end; this.#sent++) {
      if (!this.#lost(this.#sent)) {
        words.setUint32(used, this.#word(this.#sent), true);
        used += 4;
      }
      this.#counter = (this.#counter + 1) % 64;
    }
    this.#cut(new Uint8Array(words.buffer, 0, used));
    if (this.#sent >= scene.count()) this.#flush();
    if (this.#sent >= unplugAfter) this.unplug();
  }

  #lost(sample: number): boolean {
    return this.#options.lose?.some((gap) => sample >= gap.at && sample < gap.at + gap.count) ?? false;
  }

  #word(sample: number): number {
    const { amps, high } = this.#options.scene.at(sample);
    const range = rangeFor(amps);
    const code = codeFor(this.#cal, amps, range, this.supplyMillivolts, this.#random());
    const pins = high ? 255 : 255 & ~(1 << (this.#options.markerInput ?? 0));
    return ((pins << 24) | (this.#counter << 18) | (range << 14) | code) >>> 0;
  }

  #cut(bytes: Uint8Array): void {
    const pieces = this.#options.pieces ?? [4096];
    let rest = Buffer.concat([this.#held, bytes]);
    for (let size = pieces[this.#piece]; rest.length >= size; size = pieces[this.#piece]) {
      this.#far.send(rest.subarray(0, size));
      rest = rest.subarray(size);
      this.#piece = (this.#piece + 1) % pieces.length;
    }
    this.#held = rest;
  }

  #flush(): void {
    if (this.#held.length > 0) this.#far.send(this.#held);
    this.#held = new Uint8Array(0);
  }
}

export function rangeFor(amps: number): number {
  const range = rangeTops.findIndex((top) => amps <= top);
  return range < 0 ? rangeTops.length - 1 : range;
}

/** The converter's 14-bit code: the meter's published polynomial solved for the code, and half a step of noise. */
export function codeFor(cal: Ppk2Cal, amps: number, r: number, millivolts: number, random: number): number {
  const y = amps / cal.UG[r] - cal.S[r] * (millivolts / 1000) - cal.I[r];
  const [gs, gi] = [cal.GS[r], cal.GI[r]];
  const x = gs === 0 ? y / gi : (-gi + Math.sqrt(gi * gi + 4 * gs * y)) / (2 * gs);
  const a = (x * cal.R[r] * 163840) / 1.8 + cal.O[r];
  return Math.max(0, Math.min(16383, Math.floor(a / 4 + random)));
}

function metadataText(cal: Ppk2Cal, millivolts: number, mode: string | undefined): string {
  const groups = ['R', 'GS', 'GI', 'O', 'S', 'I', 'UG'] as const;
  const rows = groups.flatMap((group) => cal[group].map((value, r) => `${group}${r}: ${value.toFixed(10)}`));
  const tail = [`VDD: ${millivolts}`, 'HW: 9173', `mode: ${mode === 'ampere' ? 1 : 2}`, 'IA: 56', 'END'];
  return `${['Calibrated: 1', ...rows, ...tail].join('\n')}\n`;
}

function staleSamples(count: number): Uint8Array {
  return Uint8Array.from({ length: count }, (_, i) => (i * 73 + 41) & 255);
}
