// SPDX-License-Identifier: Apache-2.0
// What a file that an NPU's compiler made offers, whoever's: its operations, what is wrong with it, and its answers in the
// functional model.

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
