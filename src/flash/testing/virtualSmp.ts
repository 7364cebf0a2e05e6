// SPDX-License-Identifier: Apache-2.0
// Test only: a board in MCUboot's serial recovery, one slot (128 kB), from docs.mcuboot.com/serial_recovery.html and
// Zephyr's SMP pages. It knows an image by the SHA-256 in its trailer, as MCUboot does; signatures are not looked at.
import { createHash } from 'node:crypto';
import { decode, encode } from 'cborg';
import type { Link } from '../../link/link.js';
import { type FarEnd, memoryLink } from '../../link/memoryLink.js';
import { crc16 } from '../crc16.js';
import { RomFlash } from './romFlash.js';
import type { FlashRecord, TestBoard } from './testBoard.js';

export interface VirtualSmpOptions {
  /** Older boot loaders do not say how large their buffer is. */
  bufferBytes?: number;
  saysBuffer?: boolean;
  /** Without, the list of images has versions only. */
  saysHash?: boolean;
  badCell?: number;
  slot?: number;
  slotBytes?: number;
}

export const smpSlotStart = 0xc000;
export const smpSlotBytes = 128 * 1024;
const sectorBytes = 4096;

type Body = Record<string, unknown>;

/** An image as imgtool writes it, without a signature. */
export function makeMcubootImage(
  program: Uint8Array,
  version: [number, number, number] = [1, 2, 3],
  headerBytes = 32,
): Uint8Array {
  const header = new DataView(new ArrayBuffer(headerBytes));
  header.setUint32(0, 0x96f3b83d, true);
  header.setUint16(8, headerBytes, true);
  header.setUint32(12, program.length, true);
  header.setUint8(20, version[0]);
  header.setUint8(21, version[1]);
  header.setUint16(22, version[2], true);
  const body = Buffer.concat([new Uint8Array(header.buffer), program]);
  const trailer = Buffer.from([0x07, 0x69, 40, 0, 0x10, 0, 32, 0]);
  return Uint8Array.from(Buffer.concat([body, trailer, createHash('sha256').update(body).digest()]));
}

export class VirtualSmp implements TestBoard {
  readonly link: Link;
  readonly flash: RomFlash;
  /** Decoded requests, in order. */
  readonly requests: { group: number; id: number; body: Body }[] = [];
  confirmed = false;
  running = false;
  readonly #far: FarEnd;
  readonly #slotBytes: number;
  #line: number[] = [];
  #base64 = '';
  #offset = 0;
  #length = 0;
  #refuseNext = false;

  constructor(readonly options: VirtualSmpOptions = {}) {
    this.#slotBytes = options.slotBytes ?? smpSlotBytes;
    const sectors = Array.from({ length: this.#slotBytes / sectorBytes }, (_, i) => ({
      address: smpSlotStart + i * sectorBytes,
      bytes: sectorBytes,
    }));
    this.flash = new RomFlash(sectors);
    this.flash.cells.fill(0xa5);
    const { near, far } = memoryLink('virtual-mcuboot');
    this.link = near;
    this.#far = far;
    far.onData((bytes) => {
      for (const byte of bytes) this.#onByte(byte);
    });
  }

  get record(): FlashRecord {
    return this.flash.record;
  }

  content(address: number, count: number): Uint8Array {
    return this.flash.read(address, count);
  }

  say(bytes: Uint8Array): void {
    this.#far.send(bytes);
  }

  refuseNext(): void {
    this.#refuseNext = true;
  }

  reset(): void {
    [this.#line, this.#base64, this.#offset, this.#length] = [[], '', 0, 0];
  }

  runProgram(output: Uint8Array): void {
    this.running = true;
    this.#far.send(output);
  }

  unplug(): void {
    this.#far.break('unplugged');
  }

  #onByte(byte: number): void {
    if (this.running) return;
    if (byte !== 0x0a) {
      if (this.#line.push(byte) > 127) this.#line = [];
      return;
    }
    const [first, second, ...text] = this.#line.splice(0);
    const part = String.fromCharCode(...text);
    if (first === 6 && second === 9) this.#base64 = part;
    else if (first === 4 && second === 20) this.#base64 += part;
    else return;
    if (this.#base64.length > (this.options.bufferBytes ?? 512)) this.#base64 = '';
    this.#whole(Buffer.from(this.#base64, 'base64'));
  }

  #whole(body: Buffer): void {
    if (body.length < 4 || body.readUInt16BE(0) > body.length - 2) return;
    const packet = body.subarray(2, body.readUInt16BE(0));
    this.#base64 = '';
    if (packet.length < 8 || crc16(packet) !== body.readUInt16BE(2 + packet.length)) return;
    this.#act(packet);
  }

  #act(packet: Buffer): void {
    const [op, group, id] = [packet[0] & 7, packet.readUInt16BE(4), packet[7]];
    let body: Body;
    try {
      body = decode(packet.subarray(8)) as Body;
    } catch {
      this.#answer(packet, { rc: 3 });
      return;
    }
    this.requests.push({ group, id, body });
    const refused = this.#refuseNext;
    this.#refuseNext = false;
    this.#answer(packet, refused ? { rc: 1 } : this.#result(`${op}.${group}.${id}`, body));
  }

  #result(command: string, body: Body): Body {
    const acts: Record<string, () => Body> = {
      '0.0.6': () =>
        this.options.saysBuffer === false ? { rc: 8 } : { buf_size: this.options.bufferBytes ?? 512, buf_count: 1 },
      '2.0.5': () => {
        this.running = true;
        return {};
      },
      '0.1.0': () => ({ images: this.#images() }),
      '2.1.0': () => {
        this.confirmed = true;
        return { images: this.#images() };
      },
      '2.1.1': () => this.#upload(body),
    };
    return acts[command]?.() ?? { rc: 8 };
  }

  #upload({ off, len, data }: Body): Body {
    if (typeof off !== 'number' || !(data instanceof Uint8Array)) return { rc: 3 };
    if (off === 0) {
      if (typeof len !== 'number' || len > this.#slotBytes) return { rc: 3 };
      for (const sector of this.flash.blocks) this.flash.erase(sector);
      [this.#offset, this.#length] = [0, len];
    }
    if (off !== this.#offset) return { rc: 0, off: this.#offset };
    if (off + data.length > this.#length) return { rc: 3 };
    const part = data.slice();
    const bad = (this.options.badCell ?? -1) - off;
    if (bad >= 0 && bad < part.length) part[bad] = 0;
    this.flash.write(smpSlotStart + off, part);
    this.#offset += part.length;
    return { rc: 0, off: this.#offset };
  }

  #images(): Body[] {
    const slot = Buffer.from(this.flash.cells);
    if (slot.readUInt32LE(0) !== 0x96f3b83d) return [];
    const end = slot.readUInt16LE(8) + slot.readUInt32LE(12);
    if (end + 40 > slot.length || slot.readUInt16LE(end) !== 0x6907) return [];
    const stored = slot.subarray(end + 8, end + 40);
    if (!createHash('sha256').update(slot.subarray(0, end)).digest().equals(stored)) return [];
    const version = `${slot[20]}.${slot[21]}.${slot.readUInt16LE(22)}`;
    const hash = this.options.saysHash === false ? {} : { hash: Uint8Array.from(stored) };
    return [{ slot: this.options.slot ?? 0, version, confirmed: this.confirmed, ...hash }];
  }

  #answer(request: Buffer, body: Body): void {
    const map = encode(body);
    const packet = Buffer.concat([Buffer.from(request.subarray(0, 8)), map]);
    packet[0] |= 1;
    packet.writeUInt16BE(map.length, 2);
    const framed = Buffer.concat([Buffer.alloc(2), packet, Buffer.alloc(2)]);
    framed.writeUInt16BE(packet.length + 2, 0);
    framed.writeUInt16BE(crc16(packet), packet.length + 2);
    const text = framed.toString('base64');
    const lines = text.match(/.{1,124}/g) ?? [];
    lines.forEach((line, i) => {
      this.#far.send(
        Uint8Array.from(Buffer.concat([Buffer.from(i === 0 ? [6, 9] : [4, 20]), Buffer.from(`${line}\n`)])),
      );
    });
  }
}
