// SPDX-License-Identifier: Apache-2.0
import { decode } from 'cborg';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MoteError } from '../cli/errors.js';
import type { SmpFlash } from '../generated/board.js';
import { xorshift32 } from '../xorshift.js';
import { readMcubootImage } from './mcubootImage.js';
import { connectSmp } from './smp.js';
import { SmpDeframer, smpFrame } from './smpFrame.js';
import { decodeSmp, encodeSmp, smpCommands } from './smpPacket.js';
import {
  makeMcubootImage,
  smpSlotBytes,
  smpSlotStart,
  VirtualSmp,
  type VirtualSmpOptions,
} from './testing/virtualSmp.js';
import { inVirtualTime } from './testing/virtualTime.js';
import { writeImage } from './writeImage.js';

const options: SmpFlash = { method: 'smp', blocks: [{ start: '0xc000', bytes: smpSlotBytes, count: 1 }] };
const next = xorshift32(9);
const signed = makeMcubootImage(Uint8Array.from({ length: 20_000 }, () => next()));

async function flash(board: VirtualSmp, bytes = signed) {
  const outcome = await inVirtualTime(600_000, async () => {
    const memory = await connectSmp({ link: board.link }, options);
    const report = await writeImage(memory, [{ address: smpSlotStart, bytes }], { board: 'virtual-mcuboot' });
    await memory.start();
    return report;
  });
  if ('error' in outcome) throw outcome.error;
  return outcome.value;
}

describe('SMP frames', () => {
  it('a packet is what the transport page says', () => {
    // By hand: OS group, echo, {"d":"hi"}: a1 61 64 62 68 69, CRC-16 of header and map behind it.
    const packet = Uint8Array.of(2, 0, 0, 6, 0, 0, 1, 0, 0xa1, 0x61, 0x64, 0x62, 0x68, 0x69);
    expect([...encodeSmp({ op: 2, group: 0, id: 0, sequence: 1, body: { d: 'hi' } })]).toEqual([...packet]);
    const text = Buffer.from(smpFrame(packet)).toString('latin1');
    expect(text.slice(0, 2)).toBe('\x06\x09');
    const body = Buffer.from(text.slice(2, -1), 'base64');
    expect(body.readUInt16BE(0)).toBe(packet.length + 2);
    expect(body.length).toBe(packet.length + 4);
  });

  it('comes back in any packet, whatever stands on the console between the lines', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1, maxLength: 700 }),
        fc.constantFrom('', 'log: boot\r\n', 'x'),
        (packet, noise) => {
          const frames = new SmpDeframer();
          const lines = Buffer.from(smpFrame(packet))
            .toString('latin1')
            .split(/(?<=\n)/);
          expect(lines.every((line) => line.length <= 127)).toBe(true);
          const found = lines.flatMap((line) =>
            (noise + line).split(/(?<=\n)/).map((l) => frames.push(Uint8Array.from(Buffer.from(l, 'latin1')))),
          );
          expect(found.at(-1)).toEqual(packet);
        },
      ),
    );
  });
});

// The requests of mcuboot's own test, boot/boot_serial/test/src/testcases/boot_serial_upload_bigger_image.c: 256 bytes,
// 32 at a time, with a length of 70888 in the first.
describe('the vectors of MCUboot', () => {
  const first = Buffer.from(`a36464617461582${'0'}${'00'.repeat(32)}636c656e1a000114e8636f666600`, 'hex');
  const later = (offset: number) =>
    Buffer.from(`a2646461746158${'20'}${'00'.repeat(32)}636f666618${offset.toString(16).padStart(2, '0')}`, 'hex');

  it('say what our words for them say', () => {
    expect(decode(first)).toEqual({ data: new Uint8Array(32), len: 70_888, off: 0 });
    expect(decode(later(32))).toEqual({ data: new Uint8Array(32), off: 32 });
    const ours = decodeSmp(
      encodeSmp({ ...smpCommands.upload, sequence: 0, body: { data: new Uint8Array(32), len: 70_888, off: 0 } }),
    );
    expect(ours?.body).toEqual(decode(first));
  });

  it('are taken by the virtual board', async () => {
    const board = new VirtualSmp();
    for (let offset = 0; offset < 256; offset += 32) {
      const map = Buffer.from(offset === 0 ? first : later(offset));
      for (let i = 0; i < 32; i++) map[8 + i] = offset + i;
      const packet = Buffer.concat([Buffer.from([2, 0, 0, map.length, 0, 1, 0, 1]), map]);
      await board.link.write(smpFrame(Uint8Array.from(packet)));
    }
    expect([...board.content(smpSlotStart, 256)]).toEqual(Array.from({ length: 256 }, (_, i) => i));
  });
});

describe('serial recovery', () => {
  it.each([
    [{}, 512],
    [{ bufferBytes: 1024 }, 1024],
    [{ saysBuffer: false }, 512],
  ] as [VirtualSmpOptions, number][])('%j: uploads, checks the hash, starts', async (given, buffer) => {
    const board = new VirtualSmp(given);
    const report = await flash(board);
    expect(report).toMatchObject({ verifiedBy: 'sha256' });
    expect(Buffer.compare(board.content(smpSlotStart, signed.length), signed)).toBe(0);
    expect(board.running).toBe(true);
    expect(board.confirmed).toBe(false);
    const parts = board.requests.filter(({ group, id }) => group === 1 && id === 1).length;
    // At least 85 % of what the buffer can hold is data.
    expect(parts).toBeLessThan(Math.ceil(signed.length / (0.85 * 0.75 * buffer)));
  });

  it('an image in the second slot is confirmed', async () => {
    const board = new VirtualSmp({ slot: 1 });
    await flash(board);
    expect(board.confirmed).toBe(true);
  });

  it('a boot loader that names no hashes proves nothing', async () => {
    expect(await flash(new VirtualSmp({ saysHash: false }))).toMatchObject({ verifiedBy: 'none' });
  });

  it('what did not take is found', async () => {
    const error = await flash(new VirtualSmp({ badCell: 5000 })).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(MoteError);
    expect((error as MoteError).message).toMatch(/MCUboot does not find the image with hash/);
  });

  it.each([
    [new Uint8Array(2000), /not signed for MCUboot/],
    [Uint8Array.from([...signed, 1, 2, 3]), /without --pad/],
  ] as [Uint8Array, RegExp][])('an image that is none is refused before anything is erased', async (bytes, words) => {
    const board = new VirtualSmp();
    await expect(flash(board, bytes)).rejects.toThrow(words);
    expect(board.record.erased).toEqual([]);
  });

  it('any bytes are an image or none', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(250), (noise, at) => {
        const bytes = signed.slice(0, 300);
        bytes.set(noise.subarray(0, Math.max(0, 300 - at)), at);
        const found = readMcubootImage(bytes);
        expect(found === undefined || found.bytes <= bytes.length).toBe(true);
      }),
    );
    expect(readMcubootImage(signed)).toMatchObject({ version: '1.2.3', bytes: signed.length });
  });
});
