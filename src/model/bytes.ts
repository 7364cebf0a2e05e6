// SPDX-License-Identifier: Apache-2.0
// Little-endian file bytes <-> typed arrays, and the 16-bit float formats that files carry.
import { endianness } from 'node:os';
import { type DType, dtypeBytes, type TensorData } from './graph.js';

const views: Record<DType, (buffer: ArrayBuffer) => TensorData> = {
  float32: (b) => new Float32Array(b),
  float64: (b) => new Float64Array(b),
  int8: (b) => new Int8Array(b),
  uint8: (b) => new Uint8Array(b),
  int16: (b) => new Int16Array(b),
  uint16: (b) => new Uint16Array(b),
  int32: (b) => new Int32Array(b),
  uint32: (b) => new Uint32Array(b),
  int64: (b) => new BigInt64Array(b),
  bool: (b) => new Uint8Array(b),
};

/** Copies little-endian bytes into a typed array. `bytes.length` must be a multiple of the element size. */
export function fromLittleEndian(dtype: DType, bytes: Uint8Array): TensorData {
  const copy = new Uint8Array(bytes.length);
  copy.set(bytes);
  if (endianness() === 'BE') reverseEach(copy, dtypeBytes(dtype));
  return views[dtype](copy.buffer);
}

/** The little-endian bytes of a typed array, as a copy. */
export function toLittleEndian(data: TensorData): Uint8Array {
  const copy = new Uint8Array(data.byteLength);
  copy.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  if (endianness() === 'BE') reverseEach(copy, data.BYTES_PER_ELEMENT);
  return copy;
}

function reverseEach(bytes: Uint8Array, size: number): void {
  if (size === 1) return;
  for (let i = 0; i < bytes.length; i += size) bytes.subarray(i, i + size).reverse();
}

/** IEEE 754 binary16 to a number. */
export function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

export function halvesToFloats(bits: Uint16Array): Float32Array {
  return Float32Array.from(bits, halfToNumber);
}

/** bfloat16 is the upper half of a float32. */
export function bfloatsToFloats(bits: Uint16Array): Float32Array {
  return new Float32Array(Uint32Array.from(bits, (b) => b * 65536).buffer);
}
