// SPDX-License-Identifier: Apache-2.0
// 32-bit numbers as little-endian bytes.

export const words = (...values: number[]): Uint8Array => new Uint8Array(Uint32Array.from(values).buffer);
