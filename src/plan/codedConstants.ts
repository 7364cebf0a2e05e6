// SPDX-License-Identifier: Apache-2.0
// Constants that are stored entropy-coded: which calls have them, the coded bytes, and where they lie once decoded.
import { encodeConstants } from '../compress/code/constantsCode.js';
import type { ConstArray, KernelCall } from '../ops/op.js';

/** `stream`: decoded right before the layer runs, into scratch. `start`: decoded once, to stay. */
export const codedModes = ['stream', 'start'] as const;
export type CodedMode = (typeof codedModes)[number];

export interface CodedConstants {
  mode: CodedMode;
  bytes: Uint8Array;
  /** Where each array lies from the beginning of the decoded constants. */
  arrays: { array: ConstArray; offset: number }[];
  /** Of all decoded constants. */
  decodedBytes: number;
}

/** What 32-bit loads want of every array. */
const alignBytes = 4;

export const constantsOf = (call: KernelCall): ConstArray[] => [
  ...new Set(
    call.params.fields.flatMap(([, value]) =>
      value !== null && typeof value === 'object' && 'const' in value ? [value.const] : [],
    ),
  ),
];

const isCodable = (data: ConstArray['data']): boolean =>
  [Int8Array, Uint8Array, Int16Array, Uint16Array, Int32Array].some((type) => data instanceof type);

/** The coded constants of a call, or undefined where plain ones are as short: few, of floats, or like noise. */
export function codeConstants(call: KernelCall, mode: CodedMode): CodedConstants | undefined {
  const found = constantsOf(call);
  if (found.length === 0 || !found.every((a) => isCodable(a.data))) return undefined;
  let offset = 0;
  const arrays = found.map((array) => {
    const at = offset;
    offset += Math.ceil(array.data.byteLength / alignBytes) * alignBytes;
    return { array, offset: at };
  });
  const bytes = encodeConstants(found);
  const plainBytes = found.reduce((sum, a) => sum + a.data.byteLength, 0);
  return bytes.length < plainBytes ? { mode, bytes, arrays, decodedBytes: offset } : undefined;
}
