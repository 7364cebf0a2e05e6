// SPDX-License-Identifier: Apache-2.0
// Consistent Overhead Byte Stuffing (Cheshire and Baker 1999): bytes without any 00, at most 1 in 254 longer.

/** Longest block without a zero: its code byte 255 says "254 bytes and no zero after them". */
const MAX_BLOCK = 254;

export function cobsEncode(bytes: Uint8Array): Uint8Array {
  const out = new Uint8Array(bytes.length + Math.floor(bytes.length / MAX_BLOCK) + 1);
  let code = 0;
  let length = 1;
  for (let i = 0; i < bytes.length; i++) {
    if (bytes[i] !== 0) out[length++] = bytes[i];
    const full = length - code === MAX_BLOCK + 1;
    if (bytes[i] !== 0 && !(full && i + 1 < bytes.length)) continue;
    out[code] = length - code;
    code = length++;
  }
  out[code] = length - code;
  return out.subarray(0, length);
}

/** The bytes, or undefined where `encoded` is not COBS. */
export function cobsDecode(encoded: Uint8Array): Uint8Array | undefined {
  const out = new Uint8Array(encoded.length);
  let length = 0;
  let at = 0;
  while (at < encoded.length) {
    const code = encoded[at];
    const end = at + code;
    if (code === 0 || end > encoded.length) return undefined;
    for (at++; at < end; at++) {
      if (encoded[at] === 0) return undefined;
      out[length++] = encoded[at];
    }
    if (code <= MAX_BLOCK && at < encoded.length) out[length++] = 0;
  }
  return out.subarray(0, length);
}
