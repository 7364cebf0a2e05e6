// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MoteError } from '../cli/errors.js';
import { readWav } from './wav.js';

const chunk = (tag: string, data: Uint8Array, size = data.length): Buffer => {
  const head = Buffer.alloc(8);
  head.write(tag, 'latin1');
  head.writeUInt32LE(size, 4);
  return Buffer.concat([head, data, Buffer.alloc(data.length % 2)]);
};

interface Made {
  kind?: number;
  channels?: number;
  bits?: number;
  samples?: number[];
  claimed?: number;
  /** What an extensible format extends. */
  extends_?: number;
}

function wav({ kind = 1, channels = 1, bits = 16, samples = [1, -2, 32767], claimed, extends_ }: Made = {}): Buffer {
  const format = Buffer.alloc(extends_ === undefined ? 18 : 40);
  if (extends_ !== undefined) format.writeUInt16LE(extends_, 24);
  format.writeUInt16LE(kind, 0);
  format.writeUInt16LE(channels, 2);
  format.writeUInt32LE(16_000, 4);
  format.writeUInt16LE(bits, 14);
  const data = Buffer.from(Int16Array.from(samples).buffer);
  return Buffer.concat([
    Buffer.from('RIFF\0\0\0\0WAVE', 'latin1'),
    chunk('LIST', Buffer.from('abc')),
    chunk('fmt ', format),
    chunk('data', data, claimed),
  ]);
}

describe('readWav', () => {
  it('reads samples behind other chunks', () => {
    expect(readWav(wav(), 'x.wav')).toEqual({ rate: 16_000, samples: Int16Array.of(1, -2, 32767) });
  });

  it('takes what is there of a file whose size was never written', () => {
    expect(readWav(wav({ claimed: 0xffffffff }), 'x.wav').samples).toHaveLength(3);
  });

  it('reads an extensible format, as recorders for more than two channels write it', () => {
    expect(readWav(wav({ kind: 0xfffe, extends_: 1 }), 'x.wav').samples).toHaveLength(3);
  });

  it.each([
    [{ bits: 24 }, 'its samples are 24 bits'],
    [{ kind: 3, bits: 32 }, 'floats of 32 bits'],
    [{ kind: 0xfffe, extends_: 3, bits: 32 }, 'floats of 32 bits'],
    [{ kind: 6, bits: 8 }, 'compressed'],
    [{ kind: 0xfffe }, 'compressed'],
    [{ channels: 2 }, '2 channels'],
  ])('refuses %j', (made, reason) => {
    expect(() => readWav(wav(made), 'x.wav')).toThrow(reason);
  });

  it('ends with one sentence for any damage', () => {
    fc.assert(
      fc.property(fc.nat(80), fc.integer({ min: 0, max: 255 }), fc.nat(80), (at, value, end) => {
        const bytes = wav().subarray(0, end);
        if (at < bytes.length) bytes[at] = value;
        try {
          return readWav(bytes, 'x.wav').samples.length <= 3;
        } catch (error) {
          return error instanceof MoteError;
        }
      }),
    );
  });
});
