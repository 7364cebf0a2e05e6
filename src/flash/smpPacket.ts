// SPDX-License-Identifier: Apache-2.0
// SMP requests and answers: an 8-byte header and a CBOR map.
// https://docs.zephyrproject.org/latest/services/device_mgmt/smp_protocol.html
import { decode, encode } from 'cborg';

export const smpOp = { read: 0, readAnswer: 1, write: 2, writeAnswer: 3 } as const;

export interface SmpCommand {
  op: number;
  group: number;
  id: number;
}

/** Operating system: parameters and reset; images: state and upload. */
export const smpCommands = {
  params: { op: smpOp.read, group: 0, id: 6 },
  reset: { op: smpOp.write, group: 0, id: 5 },
  imageState: { op: smpOp.read, group: 1, id: 0 },
  setImageState: { op: smpOp.write, group: 1, id: 0 },
  upload: { op: smpOp.write, group: 1, id: 1 },
} as const satisfies Record<string, SmpCommand>;

export interface SmpPacket extends SmpCommand {
  sequence: number;
  body: Readonly<Record<string, unknown>>;
}

const headerBytes = 8;

export function encodeSmp({ op, group, id, sequence, body }: SmpPacket): Uint8Array {
  const map = encode(body);
  const packet = new Uint8Array(headerBytes + map.length);
  const view = new DataView(packet.buffer);
  view.setUint8(0, op);
  view.setUint16(2, map.length);
  view.setUint16(4, group);
  view.setUint8(6, sequence & 0xff);
  view.setUint8(7, id);
  packet.set(map, headerBytes);
  return packet;
}

/** Undefined where it is no packet. */
export function decodeSmp(packet: Uint8Array): SmpPacket | undefined {
  if (packet.length < headerBytes) return undefined;
  const view = new DataView(packet.buffer, packet.byteOffset, packet.length);
  if (view.getUint16(2) > packet.length - headerBytes) return undefined;
  try {
    const map: unknown = decode(packet.slice(headerBytes, headerBytes + view.getUint16(2)), { allowIndefinite: true });
    if (typeof map !== 'object' || map === null || Array.isArray(map)) return undefined;
    const body = map as Record<string, unknown>;
    return { op: packet[0] & 7, group: view.getUint16(4), sequence: packet[6], id: packet[7], body };
  } catch {
    return undefined;
  }
}

/** The error of an answer: `rc`, or of version 2 of the protocol `err`; 0 is none. */
export function smpError(body: SmpPacket['body']): number {
  const { rc, err } = body;
  if (typeof err === 'object' && err !== null) return Number((err as { rc?: unknown }).rc ?? 1);
  return typeof rc === 'number' ? rc : 0;
}

const errorWords: Record<number, string> = {
  1: 'an unknown error',
  2: 'no memory left',
  3: 'a wrong argument',
  4: 'it took too long',
  5: 'there is no such image',
  6: 'it is in the wrong state',
  7: 'the answer is too large',
  8: 'it does not know the command',
  9: 'the image is damaged',
  10: 'it is busy',
};

export const smpErrorWords = (code: number): string => errorWords[code] ?? `error ${code}`;
