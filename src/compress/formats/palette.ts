// SPDX-License-Identifier: Apache-2.0
// Indices into a table of int8: one table, or one per row. Tables are sorted; unused entries repeat the last.
import { packBits, rowBytes, unpackBits } from './bits.js';
import type { PaletteEncoding } from './encoding.js';
import { type Format, type Misfit, partOf, type WeightMatrix } from './format.js';

const sorted = (values: Int8Array): number[] => [...new Set(values)].sort((a, b) => a - b);

/** The distinct values of each table's part of the matrix. */
function tablesOf({ rows, columns, values }: WeightMatrix, { per }: PaletteEncoding): number[][] {
  if (per === 'tensor') return [sorted(values)];
  return Array.from({ length: rows }, (_, r) => sorted(values.subarray(r * columns, (r + 1) * columns)));
}

export const paletteFormat: Format<PaletteEncoding> = {
  misfit(matrix, encoding): Misfit | undefined {
    const entries = 2 ** encoding.bits;
    const tables = tablesOf(matrix, encoding);
    const row = tables.findIndex((t) => t.length > entries);
    return row < 0
      ? undefined
      : { row, column: 0, reason: `${tables[row].length} different values do not fit a palette of ${entries}` };
  },
  pack(matrix, encoding) {
    const { rows, columns, values } = matrix;
    const entries = 2 ** encoding.bits;
    const tables = tablesOf(matrix, encoding);
    const tableOf = (row: number): number[] => tables[encoding.per === 'tensor' ? 0 : row];
    const codes = Uint8Array.from(values, (v, i) => tableOf(Math.floor(i / columns)).indexOf(v));
    const table = Int8Array.from(
      tables.flatMap((t) => Array.from({ length: entries }, (_, i) => t[Math.min(i, t.length - 1)] ?? 0)),
    );
    return [
      { name: 'codes', data: packBits(codes, rows, columns, encoding.bits) },
      { name: 'table', data: table },
    ];
  },
  unpack(parts, rows, columns, { bits, per }) {
    const codes = partOf(parts, 'codes');
    if (codes.length !== rows * rowBytes(columns, bits)) throw new Error('codes of another size');
    const table = partOf(parts, 'table');
    const indices = unpackBits(codes, rows, columns, bits, false);
    const first = (i: number): number => (per === 'tensor' ? 0 : Math.floor(i / columns) << bits);
    return { rows, columns, values: indices.map((index, i) => table[first(i) + index]) };
  },
};
