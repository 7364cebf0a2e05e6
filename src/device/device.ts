// SPDX-License-Identifier: Apache-2.0
// A packed model that can be run: on the host (wasm.ts), in an emulator (qemu.ts, rp2040.ts) or on a board behind a
// port (board.ts). One interface, so one suite tests all of them.
import type { Interrupts } from './protocol.js';

export interface DeviceInfo {
  /** Board id, or `host`. */
  board: string;
  model: string;
  /** First 16 hex digits of the pack hash. */
  hash: string;
  layers: number;
  arenaBytes: number;
  clockHz: number;
  /** What a count is, and whether an emulator or real silicon gave it. */
  counter: { unit: 'cycles' | 'instructions' | 'none'; source: 'emulated' | 'measured' };
  /** What counting itself costs a window, in counts; taken off all of them. */
  emptyWindow: number;
}

export interface Window {
  /** Result of the model function: 0 or a MOTE_E code. */
  result: number;
  /** Cycles or instructions of the window (see DeviceInfo.counter), overhead of an empty window taken off. */
  count: number;
  /** Instructions of the window where `count` is cycles and the emulator knows them too. */
  instructions?: number;
  /** The canaries around the arena are untouched. */
  guardIntact: boolean;
}

export interface DeviceStatus {
  guardIntact: boolean;
  stackUsedBytes: number;
  stackReservedBytes: number;
  /** Whether windows could be interrupted; undefined where nobody looks (the host, older firmware). */
  interrupts?: Interrupts | undefined;
}

export interface Device {
  readonly info: DeviceInfo;
  /** Writes into the arena. */
  write(offset: number, bytes: Uint8Array): Promise<void>;
  read(offset: number, count: number): Promise<Uint8Array>;
  /** The whole model once. The input must have been written before each run. */
  run(): Promise<Window>;
  /** Layer `index` alone; layers 0 … n-1 in order are one run. */
  step(index: number): Promise<Window>;
  /** Clears what lives from one inference to the next. */
  reset(): Promise<void>;
  /** So many runs of the input in the arena, or of one layer, as a window framed by the marker; only firmware with the agent. */
  batch?(times: number, layer?: number): Promise<Window>;
  status(): Promise<DeviceStatus>;
  close(): Promise<void>;
}
