// SPDX-License-Identifier: Apache-2.0
// A file of an NPU's compiler, opened: one row per format.
import { fail } from '../cli/errors.js';
import { openEthos } from './ethosu/openEthos.js';
import { openKmodel } from './k210/openKmodel.js';
import type { NpuFile } from './npuFile.js';

interface Format {
  fits(bytes: Uint8Array): boolean;
  open(bytes: Uint8Array, path: string): NpuFile;
}

const beginsWith =
  (text: string, at = 0) =>
  (bytes: Uint8Array): boolean =>
    Buffer.from(bytes.subarray(at, at + text.length)).toString('latin1') === text;

const formats: readonly Format[] = [
  { fits: beginsWith('LDMK'), open: openKmodel },
  { fits: beginsWith('TFL3', 4), open: openEthos },
];

/** Opens a `.kmodel` (version 4) or a `.tflite` that Vela compiled; anything else is `npu.broken`. */
export function openNpuFile(bytes: Uint8Array, path: string): NpuFile {
  const format = formats.find((f) => f.fits(bytes));
  // A copy: what Node reads is a Buffer, whose slice() shares memory where an array's copies.
  return format
    ? format.open(new Uint8Array(bytes), path)
    : fail('npu.broken', { path, reason: 'it is neither a .kmodel of version 4 nor a .tflite that Vela compiled' });
}
