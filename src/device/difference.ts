// SPDX-License-Identifier: Apache-2.0
// Where two copies of a tensor differ, bit by bit.
import type { PackPort } from '../generated/pack.js';

export interface TensorDifference {
  tensor: string;
  /** Index of the element, and the same as one coordinate per dimension. */
  element: number;
  coordinates: number[];
  expected: number;
  got: number;
}

const elements: Record<PackPort['dtype'], { bytes: number; at(view: DataView, offset: number): number }> = {
  float32: { bytes: 4, at: (view, offset) => view.getFloat32(offset, true) },
  int8: { bytes: 1, at: (view, offset) => view.getInt8(offset) },
  uint8: { bytes: 1, at: (view, offset) => view.getUint8(offset) },
  bool: { bytes: 1, at: (view, offset) => view.getUint8(offset) },
  int16: { bytes: 2, at: (view, offset) => view.getInt16(offset, true) },
  int32: { bytes: 4, at: (view, offset) => view.getInt32(offset, true) },
  int64: { bytes: 8, at: (view, offset) => Number(view.getBigInt64(offset, true)) },
};

/** The first element that differs, or undefined. Equal means equal bytes: -0 is not 0, a NaN is its own bits. */
export function firstDifference(port: PackPort, expected: Uint8Array, got: Uint8Array): TensorDifference | undefined {
  const at = firstByte(expected, got);
  if (at === undefined) return undefined;
  const { bytes, at: value } = elements[port.dtype];
  const element = Math.floor(at / bytes);
  return {
    tensor: port.name,
    element,
    coordinates: coordinatesOf(element, port.shape),
    expected: value(viewOf(expected), element * bytes),
    got: value(viewOf(got), element * bytes),
  };
}

function firstByte(a: Uint8Array, b: Uint8Array): number | undefined {
  if (Buffer.compare(a, b) === 0) return undefined;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return i;
  return undefined;
}

function coordinatesOf(element: number, shape: readonly number[]): number[] {
  const coordinates: number[] = [];
  for (const size of [...shape].reverse()) {
    coordinates.unshift(element % size);
    element = Math.floor(element / size);
  }
  return coordinates;
}

const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
