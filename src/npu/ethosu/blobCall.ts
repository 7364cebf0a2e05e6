// SPDX-License-Identifier: Apache-2.0
// A blob as the C call of runtime-c/include/mote/ethosu.h: payload and constants as arrays on 16 bytes.
import type { ConstArray, KernelCall } from '../../ops/op.js';
import { roundUp } from '../../roundUp.js';
import { type BlobPort, blobAlignBytes, blobRegions, type NpuBlob } from '../npuBlob.js';

const kernel = 'mote_ethosu_run';

const words = (bytes: Uint8Array): Int32Array => new Int32Array(bytes.slice(0, bytes.length & ~3).buffer);

const array = (
  name: string,
  dtype: 'int32' | 'uint8',
  data: Int32Array | Uint8Array,
  aligned: boolean,
): ConstArray => ({
  name,
  dtype,
  data,
  shape: [data.length],
  ...(aligned ? { alignBytes: blobAlignBytes } : {}),
});

const place = ({ region, offsetBytes }: BlobPort): number | undefined =>
  region === blobRegions.scratch ? offsetBytes : undefined;

export function blobCall(blob: NpuBlob): KernelCall {
  const { payload, constants, inputs, outputs } = blob;
  const fastOffset = blob.fastScratchBytes ? roundUp(blob.scratchBytes, blobAlignBytes) : 0;
  const ports = [...inputs, ...outputs].flatMap((p) => [p.region, p.offsetBytes, p.bytes]);
  // C has no empty arrays.
  const stored = constants.length ? constants : new Uint8Array(blobAlignBytes);
  return {
    kernel,
    params: {
      type: 'mote_ethosu_call',
      fields: [
        ['payload', { const: array('payload', 'int32', words(payload), true) }],
        ['payload_bytes', payload.length],
        ['constants', { const: array('constants', 'uint8', stored, true) }],
        ['constant_bytes', stored.length],
        ['scratch_bytes', blob.scratchBytes],
        ['fast_offset', fastOffset],
        ['fast_bytes', blob.fastScratchBytes || blob.scratchBytes],
        ['inputs', inputs.length],
        ['outputs', outputs.length],
        ['ports', { const: array('ports', 'int32', Int32Array.from(ports), false) }],
      ],
    },
    inputs: inputs.map((_, i) => i),
    outputs: outputs.map((_, i) => i),
    // Never empty: the call always has its last argument.
    scratchBytes: Math.max(blobAlignBytes, fastOffset + (blob.fastScratchBytes || blob.scratchBytes)),
    pinned: { inputs: inputs.map(place), outputs: outputs.map(place) },
  };
}
