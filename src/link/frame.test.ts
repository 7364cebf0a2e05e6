// SPDX-License-Identifier: Apache-2.0

import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { packageRoot } from '../packageRoot.js';
import { cobsEncode } from './cobs.js';
import { encodeFrame, FrameDecoder } from './frame.js';
import { compileWasm } from './testing/compileWasm.js';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const payload = fc.uint8Array({ minLength: 1, maxLength: 1036 });

/** The same bytes in pieces. */
function cut(bytes: Uint8Array, sizes: readonly number[]): Uint8Array[] {
  const parts: Uint8Array[] = [];
  for (let at = 0, i = 0; at < bytes.length; at += sizes[i++ % sizes.length]) {
    parts.push(bytes.subarray(at, at + sizes[i % sizes.length]));
  }
  return parts;
}

describe('frames', () => {
  test('HELLO on the wire', () => {
    // By hand from PROTOCOL.md: 01 00, then crc32(01 00) = 58c223be.
    expect(hex(encodeFrame(Uint8Array.of(1, 0)))).toBe('00' + '0201' + '05be23c258' + '00');
  });

  test('the CRC is that of IEEE 802.3', () => {
    expect(crc32(Buffer.from('123456789'))).toBe(0xcbf43926);
  });

  test('any stream of frames and noise, cut anywhere, gives the payloads', () => {
    const noise = fc.uint8Array({ maxLength: 40 });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(noise, payload), { maxLength: 5 }),
        fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1 }),
        (items, sizes) => {
          const stream = Buffer.concat(items.flatMap(([junk, bytes]) => [junk, encodeFrame(bytes)]));
          const decoder = new FrameDecoder(1056);
          expect(
            cut(stream, sizes)
              .flatMap((part) => decoder.push(part))
              .map(hex),
          ).toEqual(items.map(([, bytes]) => hex(bytes)));
        },
      ),
    );
  });

  test('a damaged frame is dropped, the next one is not', () => {
    fc.assert(
      fc.property(payload, fc.nat(), fc.integer({ min: 1, max: 255 }), (bytes, where, flip) => {
        const wire = encodeFrame(bytes);
        const at = 1 + (where % (wire.length - 2));
        wire[at] ^= flip;
        const decoder = new FrameDecoder(1056);
        expect(decoder.push(wire)).toEqual([]);
        expect(decoder.push(encodeFrame(bytes)).map(hex)).toEqual([hex(bytes)]);
      }),
    );
  });

  test('a stream without 00 takes no memory, and frames come again after it', () => {
    const decoder = new FrameDecoder(64);
    for (let i = 0; i < 100; i++) expect(decoder.push(new Uint8Array(1000).fill(1))).toEqual([]);
    expect(decoder.push(encodeFrame(Uint8Array.of(5, 6))).map(hex)).toEqual(['0506']);
  });
});

interface FrameExports {
  memory: WebAssembly.Memory;
  harness_buffer(): number;
  harness_scratch(): number;
  harness_begin(): void;
  harness_take(byte: number): number;
  harness_crc32(count: number): number;
}

describe('the firmware takes the same frames', () => {
  let c: FrameExports;
  beforeAll(async () => {
    const firmware = join(packageRoot, 'runtime-c', 'firmware');
    const harness = fileURLToPath(new URL('testing/frame_harness.c', import.meta.url));
    const { instance } = await WebAssembly.instantiate(
      new Uint8Array(await compileWasm([harness, join(firmware, 'frame.c')], [firmware])),
    );
    c = instance.exports as unknown as FrameExports;
    c.harness_begin();
  });

  const takeAll = (wire: Uint8Array): string[] => {
    const payloads: string[] = [];
    for (const byte of wire) {
      const length = c.harness_take(byte);
      if (length > 0) payloads.push(hex(new Uint8Array(c.memory.buffer, c.harness_buffer(), length)));
    }
    return payloads;
  };

  test('CRC', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2000 }), (bytes) => {
        new Uint8Array(c.memory.buffer, c.harness_scratch(), bytes.length).set(bytes);
        expect(c.harness_crc32(bytes.length) >>> 0).toBe(crc32(bytes));
      }),
    );
  });

  test('frames between noise, and damaged ones', () => {
    const item = fc.tuple(fc.uint8Array({ maxLength: 1500 }), payload, fc.option(fc.nat()));
    fc.assert(
      fc.property(fc.array(item, { maxLength: 4 }), (items) => {
        const wires = items.map(([junk, bytes, damage]) => {
          const wire = encodeFrame(bytes);
          if (damage !== null) wire[1 + (damage % (wire.length - 2))] ^= 0x41;
          return Buffer.concat([junk, wire]);
        });
        const good = items.filter(([, , damage]) => damage === null).map(([, bytes]) => hex(bytes));
        expect(wires.flatMap(takeAll)).toEqual(good);
        const decoder = new FrameDecoder(2048);
        expect(wires.flatMap((w) => decoder.push(w)).map(hex)).toEqual(good);
      }),
    );
  });

  test('a frame that is longer than its buffer is dropped, one that fills it is not', () => {
    const full = new Uint8Array(1036).fill(9);
    expect(takeAll(encodeFrame(full))).toEqual([hex(full)]);
    expect(takeAll(encodeFrame(new Uint8Array(1037).fill(9)))).toEqual([]);
    expect(takeAll(encodeFrame(new Uint8Array(5000).fill(9)))).toEqual([]);
    expect(takeAll(Uint8Array.of(...cobsEncode(Uint8Array.of(1, 2, 3, 4)), 0))).toEqual([]);
    expect(takeAll(encodeFrame(Uint8Array.of(7)))).toEqual(['07']);
  });
});
