// SPDX-License-Identifier: Apache-2.0
// Rows of codes of a few bits: little-endian bit order (code i begins at bit i * bits), each row at a byte of its own.

export const rowBytes = (columns: number, bits: number): number => Math.ceil((columns * bits) / 8);

/** codes[rows][columns], only their low `bits` count. */
export function packBits(codes: ArrayLike<number>, rows: number, columns: number, bits: number): Uint8Array {
  const stride = rowBytes(columns, bits);
  const bytes = new Uint8Array(rows * stride);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const at = column * bits;
      const code = (codes[row * columns + column] & ((1 << bits) - 1)) << (at & 7);
      const byte = row * stride + (at >> 3);
      bytes[byte] |= code & 0xff;
      if ((at & 7) + bits > 8) bytes[byte + 1] |= code >> 8;
    }
  }
  return bytes;
}

/** Unsigned codes; `signed` ones are read as two's complement. */
export function unpackBits(
  bytes: ArrayLike<number>,
  rows: number,
  columns: number,
  bits: number,
  signed: boolean,
): Int8Array {
  const stride = rowBytes(columns, bits);
  const half = signed ? 1 << (bits - 1) : 1 << bits;
  const codes = new Int8Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const at = column * bits;
      const byte = row * stride + (at >> 3);
      const pair = bytes[byte] | ((bytes[byte + 1] ?? 0) << 8);
      const code = (pair >> (at & 7)) & ((1 << bits) - 1);
      codes[row * columns + column] = code >= half ? code - (1 << bits) : code;
    }
  }
  return codes;
}
