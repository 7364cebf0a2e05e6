// SPDX-License-Identifier: Apache-2.0
// Typed arrays and their little-endian bytes (every platform that Node runs on is little-endian).
import { type DType, dtypeBytes, makeData, type TensorData } from './graph.js';

export const bytesOf = (data: TensorData): Uint8Array => new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

/** A copy of the bytes as an array of this type. */
export function dataFromBytes(dtype: DType, bytes: Uint8Array): TensorData {
  const data = makeData(dtype, bytes.byteLength / dtypeBytes(dtype));
  bytesOf(data).set(bytes);
  return data;
}

/** One array after the other. */
export function concatData(dtype: DType, parts: readonly TensorData[]): TensorData {
  const data = makeData(
    dtype,
    parts.reduce((n, p) => n + p.length, 0),
  );
  const bytes = bytesOf(data);
  let at = 0;
  for (const part of parts) {
    bytes.set(bytesOf(part), at);
    at += part.byteLength;
  }
  return data;
}
