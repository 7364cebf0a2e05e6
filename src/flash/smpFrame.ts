// SPDX-License-Identifier: Apache-2.0
// SMP packets on a console: base64 in lines of at most 127 bytes, the first begins with 06 09, the others with 04 14. What
// the base64 holds is a length, the packet and a CRC-16.
// https://docs.zephyrproject.org/latest/services/device_mgmt/smp_transport.html
import { crc16 } from './crc16.js';

const lineBytes = 124; // of base64
const firstMark = '\x06\x09';
const nextMark = '\x04\x14';
const lineEnd = '\n';
/** Length and CRC-16 around a packet. */
export const smpFrameBytes = 4;
const mostPacketBytes = 1 << 16;

export function smpFrame(packet: Uint8Array): Uint8Array {
  const body = new Uint8Array(packet.length + smpFrameBytes);
  const view = new DataView(body.buffer);
  view.setUint16(0, packet.length + 2);
  body.set(packet, 2);
  view.setUint16(packet.length + 2, crc16(packet));
  const text = Buffer.from(body).toString('base64');
  let out = '';
  for (let at = 0; at < text.length; at += lineBytes)
    out += (at === 0 ? firstMark : nextMark) + text.slice(at, at + lineBytes) + lineEnd;
  return Uint8Array.from(Buffer.from(out, 'latin1'));
}

/** Joins lines to packets. Anything else on the console, and packets with a wrong CRC, are passed over. */
export class SmpDeframer {
  #text = '';

  /** One line, with or without its end; the packet that it completes. */
  push(line: Uint8Array): Uint8Array | undefined {
    const text = Buffer.from(line)
      .toString('latin1')
      .replace(/[\r\n]+$/, '');
    const first = text.lastIndexOf(firstMark);
    const next = text.lastIndexOf(nextMark);
    if (first >= 0) this.#text = text.slice(first + firstMark.length);
    else if (next >= 0 && this.#text !== '') this.#text += text.slice(next + nextMark.length);
    else return undefined;
    if (this.#text.length > 2 * mostPacketBytes) this.#text = '';
    return this.#whole();
  }

  #whole(): Uint8Array | undefined {
    const body = Uint8Array.from(Buffer.from(this.#text, 'base64'));
    if (body.length < 4) return undefined;
    const view = new DataView(body.buffer);
    const length = view.getUint16(0);
    if (body.length < length + 2 || length < 2) return undefined;
    this.#text = '';
    const packet = body.slice(2, length);
    return view.getUint16(length) === crc16(packet) ? packet : undefined;
  }
}
