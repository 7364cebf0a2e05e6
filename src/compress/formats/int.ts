// SPDX-License-Identifier: Apache-2.0
// Integers of 2, 3, 4, 6 or 8 bits, per channel or with a scale for each group of columns.
import { packBits, unpackBits } from './bits.js';
import type { IntEncoding } from './encoding.js';
import { type Format, firstMisfit, partOf } from './format.js';
import { codesOf, decodeGroups, packScales, scaleAt, scaleMisfit, unpackScales } from './groups.js';

export const intFormat: Format<IntEncoding> = {
  misfit(matrix, { bits, group }) {
    const half = 1 << (bits - 1);
    return (
      scaleMisfit(matrix, group) ??
      firstMisfit(matrix, (value, row, column) => {
        const code = value / scaleAt(matrix, group, row, column);
        if (Number.isInteger(code) && code >= -half && code < half) return undefined;
        return `${value} is no int${bits}${group ? ' times the scale of its group' : ''}`;
      })
    );
  },
  pack(matrix, { bits, group }) {
    const codes = packBits(codesOf(matrix, group), matrix.rows, matrix.columns, bits);
    return [{ name: 'codes', data: codes }, ...packScales(matrix, group)];
  },
  unpack(parts, rows, columns, { bits, group }) {
    const codes = unpackBits(partOf(parts, 'codes'), rows, columns, bits, true);
    return decodeGroups(codes, rows, columns, group, unpackScales(parts, rows, columns, group));
  },
};
