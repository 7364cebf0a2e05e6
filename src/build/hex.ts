// SPDX-License-Identifier: Apache-2.0
// Intel HEX (Intel, "Hexadecimal Object File Format Specification", revision A): 16 data bytes per line, 32-bit
// addresses.
import { type Chunk, ImageError, joinChunks } from './image.js';

const lineBytes = 16;
const record = { data: 0, end: 1, extendedSegment: 2, startSegment: 3, extendedLinear: 4, startLinear: 5 } as const;

/** Why text is no Intel HEX file. */
export class HexError extends ImageError {}

const hexByte = (n: number): string => n.toString(16).padStart(2, '0').toUpperCase();

function line(type: number, address: number, data: ArrayLike<number>): string {
  const bytes = [data.length, (address >> 8) & 0xff, address & 0xff, type, ...Array.from(data)];
  const sum = bytes.reduce((a, b) => a + b, 0);
  return `:${[...bytes, -sum & 0xff].map(hexByte).join('')}\n`;
}

export function writeHex(image: readonly Chunk[], entry?: number): string {
  const lines: string[] = [];
  let upper = -1;
  for (const { address, bytes } of image) {
    for (let at = 0; at < bytes.length; ) {
      const here = address + at;
      const high = Math.floor(here / 65536);
      if (high !== upper) lines.push(line(record.extendedLinear, 0, [high >> 8, high & 0xff]));
      upper = high;
      // Lines begin at multiples of 16, so none crosses a 64 KB border.
      const count = Math.min(lineBytes - (here % lineBytes), bytes.length - at);
      lines.push(line(record.data, here % 65536, bytes.subarray(at, at + count)));
      at += count;
    }
  }
  if (entry !== undefined)
    lines.push(line(record.startLinear, 0, [entry >>> 24, (entry >>> 16) & 0xff, (entry >>> 8) & 0xff, entry & 0xff]));
  lines.push(line(record.end, 0, []));
  return lines.join('');
}

function parseLine(text: string, number: number): { type: number; address: number; data: Uint8Array } {
  if (!/^:([0-9a-fA-F]{2}){5,260}$/.test(text)) throw new HexError(`line ${number} is no record`);
  const bytes = Uint8Array.from(Buffer.from(text.slice(1), 'hex'));
  if (bytes[0] !== bytes.length - 5) throw new HexError(`line ${number} has a wrong length`);
  if (bytes.reduce((a, b) => (a + b) & 0xff, 0) !== 0) throw new HexError(`line ${number} has a wrong checksum`);
  return { type: bytes[3], address: bytes[1] * 256 + bytes[2], data: bytes.slice(4, -1) };
}

export function readHex(text: string): { image: Chunk[]; entry: number | undefined } {
  const chunks: Chunk[] = [];
  let base = 0;
  let entry: number | undefined;
  let ended = false;
  for (const [i, raw] of text.split(/\r?\n/).entries()) {
    if (raw.trim() === '') continue;
    if (ended) throw new HexError(`line ${i + 1} comes after the end record`);
    const { type, address, data } = parseLine(raw.trim(), i + 1);
    const number = data.reduce((n, b) => n * 256 + b, 0);
    if (type === record.data) chunks.push({ address: base + address, bytes: data });
    else if (type === record.end) ended = true;
    else if (type === record.extendedLinear && data.length === 2) base = number * 65536;
    else if (type === record.extendedSegment && data.length === 2) base = number * 16;
    else if (type === record.startLinear && data.length === 4) entry = number;
    else if (type !== record.startSegment || data.length !== 4) throw new HexError(`line ${i + 1} has an unknown type`);
  }
  if (!ended) throw new HexError('it has no end record');
  return { image: joinChunks(chunks), entry };
}
