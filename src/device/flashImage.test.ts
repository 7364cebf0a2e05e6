// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ImageError, parseFlashImage } from './flashImage.js';

const BASE = 0x10000000;

function elf(segments: { type: number; address: number; bytes: number[] }[]): Uint8Array {
  const header = 52 + 32 * segments.length;
  const file = new Uint8Array(header + segments.reduce((n, s) => n + s.bytes.length, 0));
  const view = new DataView(file.buffer);
  view.setUint32(0, 0x464c457f, true);
  file.set([1, 1, 1], 4);
  view.setUint16(18, 40, true);
  view.setUint32(28, 52, true);
  view.setUint16(42, 32, true);
  view.setUint16(44, segments.length, true);
  let at = header;
  segments.forEach(({ type, address, bytes }, i) => {
    [type, at, 0x20000000, address, bytes.length, bytes.length].forEach(
      (word, k) => void view.setUint32(52 + 32 * i + 4 * k, word, true),
    );
    file.set(bytes, at);
    at += bytes.length;
  });
  return file;
}

function uf2(blocks: { address: number; bytes: number[]; flags?: number }[]): Uint8Array {
  const file = new Uint8Array(512 * blocks.length);
  const view = new DataView(file.buffer);
  blocks.forEach(({ address, bytes, flags }, i) => {
    [0x0a324655, 0x9e5d5157, flags ?? 0, address, bytes.length, i, blocks.length].forEach(
      (word, k) => void view.setUint32(512 * i + 4 * k, word, true),
    );
    file.set(bytes, 512 * i + 32);
    view.setUint32(512 * i + 508, 0x0ab16f30, true);
  });
  return file;
}

const plain = (file: Uint8Array) =>
  parseFlashImage(file, BASE).map(({ address, bytes }) => ({ address, bytes: [...bytes] }));

describe('flash images', () => {
  test('ELF: load segments at their physical addresses, empty ones left out', () => {
    const file = elf([
      { type: 1, address: BASE, bytes: [1, 2, 3] },
      { type: 0x70000001, address: 7, bytes: [9] },
      { type: 1, address: BASE + 64, bytes: [] },
      { type: 1, address: BASE + 256, bytes: [4] },
    ]);
    expect(plain(file)).toEqual([
      { address: BASE, bytes: [1, 2, 3] },
      { address: BASE + 256, bytes: [4] },
    ]);
  });

  test('UF2: each block at its address, those not for flash left out', () => {
    const file = uf2([
      { address: BASE, bytes: [1, 2] },
      { address: 5, bytes: [3], flags: 1 },
      { address: BASE + 256, bytes: [4] },
    ]);
    expect(plain(file)).toEqual([
      { address: BASE, bytes: [1, 2] },
      { address: BASE + 256, bytes: [4] },
    ]);
  });

  test('anything else is a plain binary', () => {
    expect(plain(Uint8Array.of(1, 2, 3))).toEqual([{ address: BASE, bytes: [1, 2, 3] }]);
  });

  test('damaged files are an ImageError or parts within the file', () => {
    const files = [
      elf([{ type: 1, address: BASE, bytes: [1, 2, 3] }]),
      uf2([
        { address: BASE, bytes: [1, 2] },
        { address: BASE, bytes: [3] },
      ]),
    ];
    fc.assert(
      fc.property(
        fc.constantFrom(...files),
        fc.nat(),
        fc.nat(255),
        fc.option(fc.nat(1100)),
        (file, at, value, length) => {
          const damaged = file.slice(0, length ?? file.length);
          if (damaged.length > 0) damaged[at % damaged.length] = value;
          try {
            const total = parseFlashImage(damaged, BASE).reduce((n, part) => n + part.bytes.length, 0);
            expect(total).toBeLessThanOrEqual(damaged.length);
          } catch (error) {
            expect(error).toBeInstanceOf(ImageError);
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  test('an empty file', () => {
    expect(() => parseFlashImage(new Uint8Array(), BASE)).toThrow(ImageError);
  });
});
