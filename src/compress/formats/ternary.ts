// SPDX-License-Identifier: Apache-2.0
// -1, 0 or 1 times the scale of the group: two bit planes (is it not zero, is it negative), or five trits to a byte
// (3^5 = 243 <= 256; 1.6 bits a weight).
import { packBits, unpackBits } from './bits.js';
import type { TernaryEncoding } from './encoding.js';
import { type Format, firstMisfit, type Part, partOf } from './format.js';
import { codesOf, decodeGroups, packScales, scaleAt, scaleMisfit, unpackScales } from './groups.js';

const tritsPerByte = 5;

/** Trit i of a byte is floor(byte / 3^i) % 3, less 1; missing ones at the end of a row are 0. */
function packTrits(codes: Int8Array, rows: number, columns: number): Uint8Array {
  const stride = Math.ceil(columns / tritsPerByte);
  return Uint8Array.from({ length: rows * stride }, (_, at) => {
    const [row, first] = [Math.floor(at / stride), (at % stride) * tritsPerByte];
    let byte = 0;
    for (let i = tritsPerByte - 1; i >= 0; i--)
      byte = 3 * byte + 1 + (first + i < columns ? codes[row * columns + first + i] : 0);
    return byte;
  });
}

function unpackTrits(bytes: ArrayLike<number>, rows: number, columns: number): Int8Array {
  const stride = Math.ceil(columns / tritsPerByte);
  return Int8Array.from({ length: rows * columns }, (_, at) => {
    const [row, column] = [Math.floor(at / columns), at % columns];
    const byte = bytes[row * stride + Math.floor(column / tritsPerByte)];
    return (Math.floor(byte / 3 ** (column % tritsPerByte)) % 3) - 1;
  });
}

function packPlanes(codes: Int8Array, rows: number, columns: number): Part[] {
  const plane = (name: string, bit: (code: number) => boolean): Part => ({
    name,
    data: packBits(
      Uint8Array.from(codes, (c) => (bit(c) ? 1 : 0)),
      rows,
      columns,
      1,
    ),
  });
  return [plane('nonzero', (c) => c !== 0), plane('negative', (c) => c < 0)];
}

function unpackPlanes(parts: readonly Part[], rows: number, columns: number): Int8Array {
  const nonzero = unpackBits(partOf(parts, 'nonzero'), rows, columns, 1, false);
  const negative = unpackBits(partOf(parts, 'negative'), rows, columns, 1, false);
  return nonzero.map((n, i) => (negative[i] ? -n : n));
}

export const ternaryFormat: Format<TernaryEncoding> = {
  misfit(matrix, { group }) {
    return (
      scaleMisfit(matrix, group) ??
      firstMisfit(matrix, (value, row, column) =>
        Math.abs(value) === scaleAt(matrix, group, row, column) || value === 0
          ? undefined
          : `${value} is neither 0 nor plus or minus the scale`,
      )
    );
  },
  pack(matrix, { packing, group }) {
    const { rows, columns } = matrix;
    const codes = codesOf(matrix, group);
    const parts: Part[] =
      packing === 'trits'
        ? [{ name: 'codes', data: packTrits(codes, rows, columns) }]
        : packPlanes(codes, rows, columns);
    return [...parts, ...packScales(matrix, group)];
  },
  unpack(parts, rows, columns, { packing, group }) {
    const codes =
      packing === 'trits' ? unpackTrits(partOf(parts, 'codes'), rows, columns) : unpackPlanes(parts, rows, columns);
    return decodeGroups(codes, rows, columns, group, unpackScales(parts, rows, columns, group));
  },
};
