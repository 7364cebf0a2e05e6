// SPDX-License-Identifier: Apache-2.0
// Test only: both ends of XMODEM-CRC as a device has them, byte by byte.
import { crc16 } from '../crc16.js';

const [soh, eot, ack, nak, can, crcStart] = [0x01, 0x04, 0x06, 0x15, 0x18, 0x43];
const blockBytes = 128;

export interface XmodemStep {
  reply?: Uint8Array;
  data?: Uint8Array;
  done?: boolean;
  aborted?: boolean;
}

/** Takes blocks; anything but a block or the end at the start of a block ends it. */
export class XmodemReceiver {
  #frame: number[] = [];
  #next = 1;

  take(byte: number): XmodemStep {
    if (this.#frame.length === 0) {
      if (byte === eot) return { reply: Uint8Array.of(ack), done: true };
      if (byte !== soh) return { aborted: true };
    }
    this.#frame.push(byte);
    if (this.#frame.length < blockBytes + 5) return {};
    const frame = Uint8Array.from(this.#frame.splice(0));
    const body = frame.subarray(3, 3 + blockBytes);
    const sum = crc16(body);
    const whole = frame[1] + frame[2] === 255 && frame[131] === sum >> 8 && frame[132] === (sum & 0xff);
    if (!whole) return { reply: Uint8Array.of(nak) };
    // The last block again: its acknowledgement was lost.
    if (frame[1] === ((this.#next - 1) & 0xff)) return { reply: Uint8Array.of(ack) };
    if (frame[1] !== (this.#next & 0xff)) return { reply: Uint8Array.of(can), aborted: true };
    this.#next++;
    return { reply: Uint8Array.of(ack), data: body };
  }
}

export class XmodemSender {
  #number = 0;

  constructor(readonly bytes: Uint8Array) {}

  take(byte: number): XmodemStep {
    const blocks = Math.ceil(this.bytes.length / blockBytes);
    if (byte === ack && this.#number > blocks) return { done: true };
    if (byte === ack || (byte === crcStart && this.#number === 0)) this.#number++;
    else if (byte !== nak && byte !== crcStart) return { done: true };
    return { reply: this.#number > blocks ? Uint8Array.of(eot) : this.#block() };
  }

  #block(): Uint8Array {
    const frame = new Uint8Array(blockBytes + 5);
    const from = (this.#number - 1) * blockBytes;
    frame.set([soh, this.#number & 0xff, ~this.#number & 0xff]);
    frame.set(this.bytes.subarray(from, from + blockBytes), 3);
    const sum = crc16(frame.subarray(3, 3 + blockBytes));
    frame.set([sum >> 8, sum & 0xff], 3 + blockBytes);
    return frame;
  }
}
