// SPDX-License-Identifier: Apache-2.0
// The image formats: what is written is read back, and damaged files are refused with a sentence.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { writeBin } from './bin.js';
import { boot2Crc, sealBoot2 } from './boot2.js';
import { readHex, writeHex } from './hex.js';
import { type Chunk, ImageError, joinChunks } from './image.js';
import { readUf2, rp2040Family, writeUf2 } from './uf2.js';

/** Images of a few chunks with gaps between them, anywhere in 32 bits. */
const images = fc
  .tuple(
    fc.integer({ min: 0, max: 0xffff0000 }),
    fc.array(fc.tuple(fc.integer({ min: 1, max: 70000 }), fc.uint8Array({ minLength: 1, maxLength: 600 })), {
      maxLength: 5,
    }),
  )
  .map(([base, parts]) => {
    const chunks: Chunk[] = [];
    let at = base;
    for (const [gap, bytes] of parts) {
      at += gap;
      if (at + bytes.length > 2 ** 32) break;
      chunks.push({ address: at, bytes });
      at += bytes.length;
    }
    return joinChunks(chunks);
  });

const flat = (image: readonly Chunk[]) => image.map((c) => [c.address, [...c.bytes]]);

test('Intel HEX: what is written is read back', () => {
  fc.assert(
    fc.property(images, fc.option(fc.integer({ min: 0, max: 0xffffffff }), { nil: undefined }), (image, entry) => {
      const back = readHex(writeHex(image, entry));
      expect(flat(back.image)).toEqual(flat(image));
      expect(back.entry).toBe(entry);
    }),
  );
});

test('UF2: what is written is read back, in whole pages', () => {
  fc.assert(
    fc.property(images, (image) => {
      if (image.length === 0) return;
      const bytes = writeUf2(image);
      expect(bytes.length % 512).toBe(0);
      const back = readUf2(bytes);
      expect(back.family).toBe(rp2040Family);
      const start = back.image[0].address;
      const whole = writeBin(back.image, 2 ** 24);
      for (const chunk of image) {
        expect([...whole.bytes.subarray(chunk.address - start, chunk.address - start + chunk.bytes.length)]).toEqual([
          ...chunk.bytes,
        ]);
      }
      expect(back.image.every((c) => c.address % 256 === 0 && c.bytes.length % 256 === 0)).toBe(true);
    }),
  );
});

test('UF2: the layout is that of the specification', () => {
  const bytes = writeUf2([{ address: 0x10000000, bytes: Uint8Array.of(1, 2, 3) }]);
  const view = new DataView(bytes.buffer);
  expect([0, 4, 8, 12, 16, 20, 24, 28, 508].map((at) => view.getUint32(at, true))).toEqual([
    0x0a324655, 0x9e5d5157, 0x2000, 0x10000000, 256, 0, 1, 0xe48bff56, 0x0ab16f30,
  ]);
  expect([...bytes.subarray(32, 37)]).toEqual([1, 2, 3, 0, 0]);
});

test('Intel HEX: the known example and its checksums', () => {
  expect(writeHex([{ address: 0x08000010, bytes: Uint8Array.of(0x21, 0x46, 0x01) }], 0x080001c5)).toBe(
    ':020000040800F2\n:03001000214601' + '85\n:04000005080001C529\n:00000001FF\n',
  );
});

test('damaged files are refused, never crash', () => {
  const image = [{ address: 0x10000000, bytes: Uint8Array.from({ length: 700 }, (_, i) => i) }];
  const uf2 = writeUf2(image);
  const hex = Buffer.from(writeHex(image));
  fc.assert(
    fc.property(fc.nat(uf2.length - 1), fc.integer({ min: 1, max: 255 }), fc.boolean(), (at, flip, cut) => {
      const broken = cut ? uf2.slice(0, at) : Uint8Array.from(uf2, (b, i) => (i === at ? b ^ flip : b));
      try {
        readUf2(broken);
      } catch (e) {
        if (!(e instanceof ImageError)) throw e;
      }
    }),
    { numRuns: 500 },
  );
  fc.assert(
    fc.property(fc.nat(hex.length - 2), fc.integer({ min: 1, max: 127 }), (at, flip) => {
      const text = Uint8Array.from(hex, (b, i) => (i === at ? b ^ flip : b));
      const parsed = (() => {
        try {
          return readHex(Buffer.from(text).toString('latin1'));
        } catch (e) {
          if (e instanceof ImageError) return undefined;
          throw e;
        }
      })();
      // A flip that is still read changed only the case of a digit or the blank space between lines.
      if (parsed) expect(flat(parsed.image)).toEqual(flat(image));
    }),
    { numRuns: 500 },
  );
});

test('overlapping chunks are an error, adjacent ones become one', () => {
  const chunk = (address: number, length: number): Chunk => ({ address, bytes: new Uint8Array(length) });
  expect(() => joinChunks([chunk(0, 10), chunk(9, 2)])).toThrow(/overlaps itself at 0x9/);
  expect(joinChunks([chunk(10, 2), chunk(0, 10)])).toHaveLength(1);
});

test('BIN: gaps are erased flash, and a huge gap is refused', () => {
  const image = [
    { address: 100, bytes: Uint8Array.of(1) },
    { address: 103, bytes: Uint8Array.of(2) },
  ];
  expect(writeBin(image)).toEqual({ address: 100, bytes: Uint8Array.of(1, 255, 255, 2) });
  expect(() => writeBin([...image, { address: 0x80000000, bytes: Uint8Array.of(1) }])).toThrow(/bytes/);
});

test("the second stage gets the boot ROM's checksum", () => {
  // Check value of CRC-32/MPEG-2, which has these parameters (reveng catalogue).
  expect(boot2Crc(Buffer.from('123456789'))).toBe(0x0376e6e7);
  const section = new Uint8Array(256).fill(7, 0, 252);
  sealBoot2(section);
  expect(new DataView(section.buffer).getUint32(252, true)).toBe(boot2Crc(new Uint8Array(252).fill(7)));
  expect(() => sealBoot2(new Uint8Array(255))).toThrow();
});
