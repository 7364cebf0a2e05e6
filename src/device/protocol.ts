// SPDX-License-Identifier: Apache-2.0
// The messages of runtime-c/firmware/PROTOCOL.md as values: requests to bytes, responses to objects. No I/O.

export const PROTOCOL_VERSION = 1;
/** MOTE_CHUNK_BYTES + 16 (PROTOCOL.md), and COBS's share, CRC included. */
export const FRAME_LIMIT_BYTES = 1024 + 32;

export const command = {
  hello: 0x01,
  write: 0x02,
  read: 0x03,
  run: 0x04,
  step: 0x05,
  status: 0x06,
  batch: 0x07,
  reset: 0x08,
} as const;
export type CommandName = keyof typeof command;

const RESPONSE_BIT = 0x80;
const FAULT = 0xff;
export const modelError = 3;

/** So a firmware without the agent answers to BATCH. */
export const unknownRequest = 'the firmware does not know this request';
/** Status of every request but HELLO before the first HELLO: the board was reset since the host greeted it. */
export const noSession = 4;
/** So a firmware that was built with --no-layers answers to STEP and to BATCH of one layer. */
export const layersLeftOut = 'its firmware was built without counting single layers (--no-layers)';

const statusText: Record<number, string> = {
  1: unknownRequest,
  2: 'the firmware refused a length or an address',
  5: layersLeftOut,
};

export interface Response {
  kind: 'response';
  command: number;
  sequence: number;
  status: number;
  body: Uint8Array;
}

export interface Fault {
  kind: 'fault';
  cause: number;
  pc: number;
}

export interface Hello {
  counterKind: 'none' | 'cycles' | 'instructions' | 'ticks';
  layers: number;
  clockHz: number;
  counterHz: number;
  arenaBytes: number;
  chunkBytes: number;
  hash: string;
  model: string;
}

/** RUN's and STEP's answer, in ticks of the board's counter. */
export interface TickWindow {
  result: number;
  ticks: number;
  guardIntact: boolean;
}

export interface StatusReply {
  guardIntact: boolean;
  stackUsedBytes: number;
  stackReservedBytes: number;
  emptyTicks: number;
  /** Undefined of older firmware, which does not look. */
  interrupts: Interrupts | undefined;
}

/** What could have interrupted a window since HELLO: nothing, the handler that extends the counter, or others too. */
export type Interrupts = 'off' | 'counter' | 'on';

/** What the bytes of an answer do not allow: becomes device.protocol. */
export class ProtocolError extends Error {}

export function encodeRequest(name: CommandName, sequence: number, body: Uint8Array = new Uint8Array()): Uint8Array {
  const payload = new Uint8Array(2 + body.length);
  payload[0] = command[name];
  payload[1] = sequence;
  payload.set(body, 2);
  return payload;
}

export function writeBody(offset: number, bytes: Uint8Array): Uint8Array {
  const body = new Uint8Array(4 + bytes.length);
  viewOf(body).setUint32(0, offset, true);
  body.set(bytes, 4);
  return body;
}

export function readBody(offset: number, count: number): Uint8Array {
  const body = new Uint8Array(6);
  viewOf(body).setUint32(0, offset, true);
  viewOf(body).setUint16(4, count, true);
  return body;
}

export const stepBody = (layer: number): Uint8Array => Uint8Array.of(layer & 0xff, layer >> 8);

/** The whole model `times` times, or one layer of it. */
export function batchBody(times: number, layer?: number): Uint8Array {
  const body = new Uint8Array(layer === undefined ? 4 : 6);
  viewOf(body).setUint32(0, times, true);
  if (layer !== undefined) viewOf(body).setUint16(4, layer, true);
  return body;
}

/** A message from the board; undefined for what is none. */
export function decodeMessage(payload: Uint8Array): Response | Fault | undefined {
  if (payload.length < 3) return undefined;
  const [code, sequence, status] = payload;
  if (code === FAULT) {
    if (payload.length !== 11) return undefined;
    return { kind: 'fault', cause: viewOf(payload).getUint32(3, true), pc: viewOf(payload).getUint32(7, true) };
  }
  if ((code & RESPONSE_BIT) === 0) return undefined;
  return { kind: 'response', command: code & ~RESPONSE_BIT, sequence, status, body: payload.slice(3) };
}

/** Throws unless the status allows a body to be read. */
export function checkStatus(response: Response): void {
  if (response.status === 0 || response.status === modelError) return;
  throw new ProtocolError(statusText[response.status] ?? `status ${response.status} is unknown`);
}

const counterKinds: Hello['counterKind'][] = ['none', 'cycles', 'instructions', 'ticks'];
const HELLO_FIXED_BYTES = 27;

export function decodeHello(body: Uint8Array): Hello {
  if (body.length >= 1 && body[0] !== PROTOCOL_VERSION) {
    throw new ProtocolError(`it speaks protocol ${body[0]}, this mote speaks ${PROTOCOL_VERSION}`);
  }
  expectLength('HELLO', body, HELLO_FIXED_BYTES + (body[HELLO_FIXED_BYTES - 1] ?? 0));
  const view = viewOf(body);
  const counterKind = counterKinds[body[1]];
  const chunkBytes = view.getUint16(16, true);
  if (counterKind === undefined) throw new ProtocolError(`counter kind ${body[1]} is unknown`);
  if (chunkBytes === 0) throw new ProtocolError('its chunk size is 0');
  return {
    counterKind,
    layers: view.getUint16(2, true),
    clockHz: view.getUint32(4, true),
    counterHz: view.getUint32(8, true),
    arenaBytes: view.getUint32(12, true),
    chunkBytes: Math.min(chunkBytes, 1024),
    hash: Buffer.from(body.subarray(18, 26)).toString('hex'),
    model: Buffer.from(body.subarray(HELLO_FIXED_BYTES)).toString('latin1'),
  };
}

export function decodeWindow(body: Uint8Array): TickWindow {
  expectLength('the window', body, 13);
  const view = viewOf(body);
  const ticks = Number(view.getBigUint64(4, true));
  return { result: view.getInt32(0, true), ticks, guardIntact: body[12] === 1 };
}

const STATUS_BYTES = 14;

export function decodeStatus(body: Uint8Array): StatusReply {
  // Older firmware ends before the interrupts.
  if (body.length !== STATUS_BYTES - 1) expectLength('STATUS', body, STATUS_BYTES);
  const view = viewOf(body);
  return {
    guardIntact: body[0] === 1,
    stackUsedBytes: view.getUint32(1, true),
    stackReservedBytes: view.getUint32(5, true),
    emptyTicks: view.getUint32(9, true),
    interrupts: body.length < STATUS_BYTES ? undefined : interruptsOf(body[STATUS_BYTES - 1]),
  };
}

function interruptsOf(bits: number): Interrupts {
  if ((bits & 1) !== 0) return 'on';
  return (bits & 2) !== 0 ? 'counter' : 'off';
}

export function expectLength(what: string, body: Uint8Array, bytes: number): void {
  if (body.length !== bytes) throw new ProtocolError(`${what} came with ${body.length} bytes instead of ${bytes}`);
}

const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
