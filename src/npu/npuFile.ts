// SPDX-License-Identifier: Apache-2.0
// A file that an NPU's compiler made, whoever's: what it holds, what is wrong with it, and its answers in the functional
// model. One row per format.
import { fail } from '../cli/errors.js';
import { openEthos } from './ethosu/openEthos.js';
import { openKmodel } from './k210/openKmodel.js';

/** A hardware rule that an answer from the functional model does not show to be kept. */
export interface Finding {
  /** Operation, by its number in `operations`. */
  operation: number;
  text: string;
}

export interface NpuOperation {
  /** `conv 3x3 + max2s2`. */
  name: string;
  inputShape: readonly number[];
  outputShape: readonly number[];
  macs: number;
  parameterBytes: number;
  /** Where it reads and writes, in the NPU's own terms. */
  placement: string;
}

export interface NpuPort {
  shape: readonly number[];
  bytes: number;
}

export interface NpuFile {
  format: string;
  /** `Kendryte K210`, `Ethos-U55-128`. */
  device: string;
  inputs: readonly NpuPort[];
  outputs: readonly NpuPort[];
  operations: readonly NpuOperation[];
  /** What the functional model cannot vouch for, one phrase each. */
  notChecked: readonly string[];
  check(): Finding[];
  /** One answer. `dense`: each input is in its shape's order; else the bytes as the format holds them. */
  run(inputs: readonly Uint8Array[], dense: boolean): Uint8Array[];
}

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
