// SPDX-License-Identifier: Apache-2.0
// UF2 (https://github.com/microsoft/uf2): 512-byte blocks of 256 payload bytes each, as the RP2040's boot ROM takes
// them.
import { type Chunk, ImageError, joinChunks } from './image.js';

export const rp2040Family = 0xe48bff56;
/** Arm secure, RISC-V and Arm non-secure programs of an RP2350. */
export const rp2350Families: readonly number[] = [0xe48bff59, 0xe48bff5a, 0xe48bff5b];
const absoluteFamily = 0xe48bff57;

const magic = [0x0a324655, 0x9e5d5157, 0x0ab16f30] as const;
const blockBytes = 512;
const payloadBytes = 256;
const maxPayloadBytes = 476;
const familyPresent = 0x2000;
const notMainFlash = 0x0001;
const extensionPresent = 0x8000;
/** After the payload: this block is for nobody. */
const ignoreTag = 0x9957e304;
/** The last page below 16 MB. */
const erratumAddress = 0x10ffff00;

/** Why bytes are no UF2 file. */
export class Uf2Error extends ImageError {}

/** The 256-byte pages that the image touches, each zero-filled where the image has nothing. */
function pagesOf(image: readonly Chunk[]): Map<number, Uint8Array> {
  const pages = new Map<number, Uint8Array>();
  for (const { address, bytes } of image) {
    for (let at = 0; at < bytes.length; ) {
      const page = Math.floor((address + at) / payloadBytes) * payloadBytes;
      const inPage = address + at - page;
      const count = Math.min(payloadBytes - inPage, bytes.length - at);
      const target = pages.get(page) ?? new Uint8Array(payloadBytes);
      target.set(bytes.subarray(at, at + count), inPage);
      pages.set(page, target);
      at += count;
    }
  }
  return pages;
}

export function writeUf2(image: readonly Chunk[], family = rp2040Family): Uint8Array {
  const pages = [...pagesOf(image)].sort(([a], [b]) => a - b);
  const out = new Uint8Array(pages.length * blockBytes);
  const view = new DataView(out.buffer);
  pages.forEach(([address, payload], i) => {
    const at = i * blockBytes;
    const header = [magic[0], magic[1], familyPresent, address, payloadBytes, i, pages.length, family];
    header.forEach((word, k) => void view.setUint32(at + k * 4, word, true));
    out.set(payload, at + 32);
    view.setUint32(at + blockBytes - 4, magic[2], true);
  });
  return out;
}

/**
 * Comes first in a file for an RP2350, whose ROM may otherwise refuse the file (RP2350 data sheet, erratum E10): block 0
 * of 2 of the absolute family, to be ignored.
 */
export function rp2350ErratumBlock(): Uint8Array {
  const out = new Uint8Array(blockBytes);
  const view = new DataView(out.buffer);
  const flags = familyPresent | extensionPresent;
  const header = [magic[0], magic[1], flags, erratumAddress, payloadBytes, 0, 2, absoluteFamily];
  header.forEach((word, k) => void view.setUint32(k * 4, word, true));
  out.fill(0xef, 32, 32 + payloadBytes);
  view.setUint32(32 + payloadBytes, ignoreTag, true);
  view.setUint32(blockBytes - 4, magic[2], true);
  return out;
}

function isIgnored(block: Uint8Array): boolean {
  const view = new DataView(block.buffer, block.byteOffset, block.length);
  const tagAt = 32 + Math.min(view.getUint32(16, true), maxPayloadBytes - 4);
  return (view.getUint32(8, true) & extensionPresent) !== 0 && view.getUint32(tagAt, true) === ignoreTag;
}

/** The image and its family (undefined where blocks name none). Blocks may come in any order, each exactly once. */
export function readUf2(bytes: Uint8Array): { image: Chunk[]; family: number | undefined } {
  if (bytes.length === 0 || bytes.length % blockBytes !== 0) throw new Uf2Error('its size is no multiple of 512');
  const first = isIgnored(bytes.subarray(0, blockBytes)) ? blockBytes : 0;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const total = (bytes.length - first) / blockBytes;
  const seen = new Set<number>();
  const families = new Set<number>();
  const chunks: Chunk[] = [];
  for (let at = first; at < bytes.length; at += blockBytes) {
    const [m0, m1, flags, address, size, index, count, family] = Array.from({ length: 8 }, (_, k) =>
      view.getUint32(at + k * 4, true),
    );
    if (m0 !== magic[0] || m1 !== magic[1] || view.getUint32(at + blockBytes - 4, true) !== magic[2])
      throw new Uf2Error(`block ${at / blockBytes} has no magic`);
    if (size > maxPayloadBytes || address + size > 2 ** 32)
      throw new Uf2Error(`block ${at / blockBytes} has a wrong size`);
    if (count !== total || index >= total || seen.has(index))
      throw new Uf2Error(`block ${at / blockBytes} is numbered ${index} of ${count}`);
    seen.add(index);
    if (flags & familyPresent) families.add(family);
    if (!(flags & notMainFlash)) chunks.push({ address, bytes: bytes.slice(at + 32, at + 32 + size) });
  }
  if (families.size > 1) throw new Uf2Error('it is for several families');
  return { image: joinChunks(chunks), family: [...families][0] };
}
