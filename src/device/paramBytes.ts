// SPDX-License-Identifier: Apache-2.0
// A kernel's C parameter struct as the bytes that wasm32 wants. Every member of every such struct is int32_t, float, a
// pointer, or arrays and structs of these: four bytes each, so fields simply follow each other.
import type { ConstArray, CStruct, FieldValue } from '../ops/op.js';

function words(value: FieldValue, addressOf: (array: ConstArray) => number): Int32Array | Float32Array {
  if (value === null) return Int32Array.of(0);
  if (typeof value === 'number') return Int32Array.of(value);
  if ('const' in value) return Int32Array.of(addressOf(value.const));
  if ('float' in value) return Float32Array.of(value.float);
  return 'values' in value ? Int32Array.from(value.values) : Float32Array.from(value.floats);
}

export function paramBytes(params: CStruct, addressOf: (array: ConstArray) => number): Uint8Array {
  const parts = params.fields.map(([, value]) => words(value, addressOf));
  const out = new Uint8Array(parts.reduce((n, p) => n + p.byteLength, 0));
  let at = 0;
  for (const part of parts) {
    out.set(new Uint8Array(part.buffer), at);
    at += part.byteLength;
  }
  return out;
}
