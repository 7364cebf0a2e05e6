// SPDX-License-Identifier: Apache-2.0
// Frames of runtime-c/firmware/PROTOCOL.md: 00 COBS(payload ‖ crc32) 00.
import { crc32 } from 'node:zlib';
import { cobsDecode, cobsEncode } from './cobs.js';

const CRC_BYTES = 4;

/** The frame on the wire, with a leading 00 that ends whatever noise came before. */
export function encodeFrame(payload: Uint8Array): Uint8Array {
  const body = new Uint8Array(payload.length + CRC_BYTES);
  body.set(payload);
  new DataView(body.buffer).setUint32(payload.length, crc32(payload), true);
  const stuffed = cobsEncode(body);
  const wire = new Uint8Array(stuffed.length + 2);
  wire.set(stuffed, 1);
  return wire;
}

/** The payload between two zeros, or undefined where it is empty or damaged. */
export function decodeFrame(stuffed: Uint8Array): Uint8Array | undefined {
  const body = cobsDecode(stuffed);
  if (body === undefined || body.length <= CRC_BYTES) return undefined;
  const payload = body.subarray(0, body.length - CRC_BYTES);
  const sent = new DataView(body.buffer, body.byteOffset).getUint32(payload.length, true);
  return crc32(payload) === sent ? payload : undefined;
}

/** Cuts a byte stream into frames. Damaged ones are dropped; `limitBytes` bounds what a stream without 00 can hold. */
export class FrameDecoder {
  readonly #pending: Uint8Array;
  #length = 0;
  #overflow = false;

  constructor(limitBytes: number) {
    this.#pending = new Uint8Array(limitBytes);
  }

  /** The payloads of the frames that these bytes complete. */
  push(bytes: Uint8Array): Uint8Array[] {
    const payloads: Uint8Array[] = [];
    for (const byte of bytes) {
      if (byte === 0) {
        const payload = this.#overflow ? undefined : decodeFrame(this.#pending.subarray(0, this.#length));
        if (payload) payloads.push(payload);
        this.#length = 0;
        this.#overflow = false;
      } else if (this.#length < this.#pending.length) {
        this.#pending[this.#length++] = byte;
      } else {
        this.#overflow = true;
      }
    }
    return payloads;
  }
}
