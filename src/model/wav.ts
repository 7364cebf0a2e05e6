// SPDX-License-Identifier: Apache-2.0
// Sound files: RIFF WAVE with samples of 16 bits, one channel. Chunks are walked, not assumed; sizes are checked before use.
import { fail } from '../cli/errors.js';

export interface Sound {
  /** Samples per second. */
  rate: number;
  samples: Int16Array;
}

const [headerBytes, chunkHeaderBytes, formatBytes] = [12, 8, 16];
/** Format tags of mmreg.h. An extensible format ends in a GUID that begins with the tag of what it extends. */
const [pcm, real, extensible] = [1, 3, 0xfffe];
const [guidAt, extensibleBytes] = [24, 40];

export const isWav = (bytes: Uint8Array): boolean => Buffer.from(bytes.subarray(0, 4)).toString('latin1') === 'RIFF';

interface Format {
  kind: number;
  channels: number;
  rate: number;
  bits: number;
}

function readFormat(view: DataView): Format {
  const half = (offset: number): number => view.getUint16(offset, true);
  const tag = half(0);
  const kind = tag === extensible && view.byteLength >= extensibleBytes ? half(guidAt) : tag;
  return { kind, channels: half(2), rate: view.getUint32(4, true), bits: half(14) };
}

function checkFormat({ kind, channels, bits }: Format, path: string): void {
  const what = kind === pcm ? `${bits} bits` : kind === real ? `floats of ${bits} bits` : 'compressed';
  if (kind !== pcm || bits !== 16) fail('data.broken', { path, reason: `its samples are ${what}, not int16` });
  if (channels !== 1) fail('data.broken', { path, reason: `it has ${channels} channels, not 1` });
}

export function readWav(bytes: Uint8Array, path: string): Sound {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const tag = (at: number): string => Buffer.from(bytes.subarray(at, at + 4)).toString('latin1');
  if (!isWav(bytes) || bytes.length < headerBytes || tag(8) !== 'WAVE')
    fail('data.broken', { path, reason: 'it is no WAVE file' });
  let format: Format | undefined;
  for (let at = headerBytes; at + chunkHeaderBytes <= bytes.length; ) {
    const size = view.getUint32(at + 4, true);
    const begin = at + chunkHeaderBytes;
    const end = begin + size;
    if (tag(at) === 'fmt ' && size >= formatBytes && end <= bytes.length) {
      format = readFormat(new DataView(bytes.buffer, bytes.byteOffset + begin, size));
    } else if (tag(at) === 'data') {
      if (!format) return fail('data.broken', { path, reason: 'its samples come before their format' });
      checkFormat(format, path);
      // Recorders that were stopped leave a size beyond the end.
      const count = Math.floor((Math.min(end, bytes.length) - begin) / 2);
      return {
        rate: format.rate,
        samples: Int16Array.from({ length: count }, (_, i) => view.getInt16(begin + 2 * i, true)),
      };
    }
    // Chunks begin at even places.
    at = end + (size % 2);
  }
  return fail('data.broken', { path, reason: 'it has no samples' });
}
